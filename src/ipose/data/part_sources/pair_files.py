"""Writing a part pair into a part tree: whole files only, and never over other ones."""

import re
from pathlib import Path

import torch
from jaxtyping import UInt8
from torch import Tensor

from ipose.data.part_palette import PART_COLORS
from ipose.data.png import write_index
from ipose.errors import DataError
from ipose.types import PartPair


def add_pair(pair: PartPair, root: Path, split: str) -> None:
    """Write `<root>/<category>/<split>/<name>_part.png`, and `_label.png` where the parts do not cover the shape.

    The part map comes last and is renamed into place: where it is, the pair is whole. The same pair may be written
    again, to the same bytes.

    Raises:
        DataError: there is another pair of this name; it stays as it is.
    """
    folder = root / pair.category / split
    folder.mkdir(parents=True, exist_ok=True)
    stem = re.sub(r"[^\w.-]+", "_", pair.name) or "object"
    if not torch.equal(pair.shape, pair.part_map > 0):
        _write(folder, f"{stem}_label", pair.shape.to(torch.uint8) * 255)
    _write(folder, f"{stem}_part", pair.part_map, PART_COLORS)


def _write(
    folder: Path, name: str, ids: UInt8[Tensor, "s s"], colors: tuple[tuple[int, int, int], ...] | None = None
) -> None:
    beside, target = folder / f".{name}.new.png", folder / f"{name}.png"
    write_index(beside, ids, colors=colors)
    if target.exists() and target.read_bytes() != beside.read_bytes():
        beside.unlink()
        raise DataError(
            "there is another file of this name", file=target, mend="Build into a new folder; this one stays as it is."
        )
    beside.replace(target)
