"""Names that a person gives to the parts of a segmenter. Names can merge parts and drop them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import UInt8
from torch import Tensor

from ipose.errors import ConfigError
from ipose.part_annotations import PART_CHANNELS

NO_PART = "-"
"""The name for a part that becomes background."""

MOST = PART_CHANNELS - 1


@dataclass(frozen=True)
class PartNaming:
    """Which part of the supports each found part becomes.

    Args:
        ids: for the found parts 1..K in order, the part id in the supports. 0 = background.
    """

    ids: tuple[int, ...]
    names: tuple[str, ...]

    def apply(self, found: UInt8[Tensor, "h w"]) -> UInt8[Tensor, "h w"]:
        """Turn a map of found parts (0 = background) into a map of the supports' parts."""
        renamed: Tensor = torch.tensor([0, *self.ids], dtype=torch.uint8)[found.long()]
        return renamed


def name_parts(found: Sequence[str], given: Sequence[str] | None = None) -> PartNaming:
    """The naming for a list of names. Equal names make one part, and "-" makes background.

    Raises:
        ConfigError: another number of names than parts, no part left, or more than a part map can hold (8).
    Example:
        >>> name_parts(["part 1", "part 2", "part 3"], ["leg", "-", "leg"])
        PartNaming(ids=(1, 0, 1), names=('leg',))
    """
    names = list(found if given is None else given)
    if len(names) != len(found):
        raise ConfigError(
            "every part that the segmenter finds needs one name",
            field="names",
            found=f"{len(names)} names",
            expected=f"{len(found)}, for {', '.join(found)}",
            mend=f"Give a name twice to make two parts one, and {NO_PART!r} to a part that is background.",
        )
    kept = list(dict.fromkeys(name for name in names if name != NO_PART))
    if not 1 <= len(kept) <= MOST:
        message = "supports cannot have so many parts" if kept else "no part is left"
        mend = "Name the parts with --names, and give some the same name: they become one."
        count, expected = f"{len(kept)} different parts", f"1 to {MOST}"
        raise ConfigError(message, field="names", found=count, expected=expected, mend=mend)
    ids = [0 if name == NO_PART else kept.index(name) + 1 for name in names]
    return PartNaming(tuple(ids), tuple(kept))
