"""Annotated parts of single objects: the pairs that PartNet learns from, and the supports that it reads parts in.

Axes: `k` supports, `s` side of the square object frame.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ipose.errors import ShapeMismatchError, SupportError
from ipose.tensor_check import check_tensor

PART_CHANNELS = 9
"""Q: channel 0 is everything that is no part, 1..8 are parts (iPOSE suppl. B)."""

CROP_SIZE = 64
"""S: side of the square object frame in pixels (iPOSE sec. 3.1)."""


@dataclass(frozen=True, eq=False)
class PartPair:
    """What PartNet learns from: an object shape with its part map.

    Args:
        category: name of the part category.
        shape: bool (S, S), the silhouette.
        part_map: uint8 (S, S), 0 = no part, 1..8 = parts.
        name: where it came from, for messages and sheets.
    """

    category: str
    shape: Tensor
    part_map: Tensor
    name: str = ""

    def __post_init__(self) -> None:
        check_tensor("shape", self.shape, torch.bool, 2)
        check_tensor("part_map", self.part_map, torch.uint8, 2)
        if self.shape.shape != self.part_map.shape:
            raise ShapeMismatchError(
                f"shape and part map of {self.name or self.category!r} differ in size",
                found=tuple(self.part_map.shape),
                expected=tuple(self.shape.shape),
            )
        if int(self.part_map.max()) >= PART_CHANNELS:
            raise ShapeMismatchError(
                f"part id in {self.name or self.category!r}", found=int(self.part_map.max()), expected="0..8"
            )


@dataclass(frozen=True, eq=False)
class SupportSet:
    """The k annotated part maps of every part category: all that PartNet knows of a category's parts.

    Args:
        part_names: per category, the names of parts 1, 2, ...
        part_maps: per category, uint8 (k, S, S); the same k for all.
    """

    part_names: Mapping[str, tuple[str, ...]]
    part_maps: Mapping[str, Tensor]

    def __post_init__(self) -> None:
        if set(self.part_names) != set(self.part_maps):
            raise SupportError(
                "categories with part names and with part maps differ",
                found=sorted(self.part_maps),
                expected=sorted(self.part_names),
            )
        for category, maps in self.part_maps.items():
            check_tensor(f"supports of {category}", maps, torch.uint8, 3)
            if int(maps.max()) > len(self.part_names[category]) or int(maps.max()) >= PART_CHANNELS:
                raise SupportError(
                    f"part id in the supports of {category!r}",
                    found=int(maps.max()),
                    expected=f"0..{min(len(self.part_names[category]), PART_CHANNELS - 1)}",
                    mend="Name the part in supports.json, or repaint the map.",
                )
        if len({tuple(maps.shape) for maps in self.part_maps.values()}) > 1:
            raise SupportError(
                "every category needs the same number of supports of one size",
                found={category: tuple(maps.shape) for category, maps in self.part_maps.items()},
            )

    @property
    def categories(self) -> tuple[str, ...]:
        """Part categories that there are supports of."""
        return tuple(self.part_maps)

    @property
    def k(self) -> int:
        """Supports per category."""
        return next(iter(self.part_maps.values())).shape[0] if self.part_maps else 0

    def of(self, categories: Sequence[str]) -> Tensor:
        """Supports of each object's category: uint8 (N, k, S, S). Raises SupportError for a category that has none."""
        missing = [name for name in dict.fromkeys(categories) if name not in self.part_maps]
        if missing:
            raise SupportError(
                f"no supports for part category {', '.join(map(repr, missing))}",
                found=", ".join(self.categories) or "an empty support set",
                mend=f"Draw them (ipose supports check DIR) in a folder named {missing[0]}, "
                "or build them from part pairs (ipose supports build).",
            )
        if not categories:
            return torch.zeros(0, max(self.k, 1), CROP_SIZE, CROP_SIZE, dtype=torch.uint8)
        return torch.stack([self.part_maps[category] for category in categories])
