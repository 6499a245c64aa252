"""The files of part trees: `<folder>/<split>/<name>_part.png`, with or without `<name>_label.png` beside it."""

from collections.abc import Sequence
from pathlib import Path

from ipose.data.faults import Fault, raise_faults
from ipose.data.part_pairs import read_pair
from ipose.data.part_sources.source import SourceItem
from ipose.errors import DataError
from ipose.types import PartPair

PART_ENDING, LABEL_ENDING = "_part.png", "_label.png"


def find_pairs(root: Path, *, shapes_required: bool = False) -> list[SourceItem]:
    """An item for every part map, by folder, split and name.

    Args:
        root: of the tree.
        shapes_required: whether a part map without a shape beside it is a fault.
    Raises:
        DataError: lists the shapes without part maps (and the part maps without shapes); or there is no part map.
    """
    parts = _stems(root, PART_ENDING)
    shapes = _stems(root, LABEL_ENDING)
    faults = [_alone(root, stem, LABEL_ENDING, PART_ENDING) for stem in sorted(shapes - parts)]
    if shapes_required:
        faults += [_alone(root, stem, PART_ENDING, LABEL_ENDING) for stem in sorted(parts - shapes)]
    raise_faults(faults, f"part tree {root}")
    if not parts:
        there = ", ".join(sorted(path.name for path in root.iterdir())[:8]) or "an empty folder"
        raise DataError(
            "no part pairs", file=root, found=there, expected="<category>/{train,val}/<name>_part.png",
            mend="Check the path.",
        )  # fmt: skip
    return [SourceItem(stem + PART_ENDING, stem.split("/")[1]) for stem in sorted(parts)]


def _stems(root: Path, ending: str) -> set[str]:
    files = root.glob(f"*/*/*{ending}")
    paths = (path.relative_to(root).as_posix() for path in files)
    return {path.removesuffix(ending) for path in paths if not any(part.startswith(".") for part in path.split("/"))}


def _alone(root: Path, stem: str, ending: str, partner: str) -> Fault:
    name = Path(stem + partner).name
    return Fault(str(root / (stem + ending)), f"without {name}", expected="both side by side",
                 mend="Add it, or remove this one.")  # fmt: skip


def read_named_pair(path: Path, category: str, part_names: Sequence[str], name: str) -> PartPair:
    """One pair of files as a pair of `category`.

    Raises:
        DataError: files that are no index PNGs, differ in size, or hold a part that the category does not have.
    """
    pair = read_pair(path)
    highest = int(pair.part_map.max())
    if highest > len(part_names):
        raise DataError(
            f"part id that category {category!r} does not have", file=path, found=highest,
            expected=f"0..{len(part_names)} ({', '.join(part_names)})",
            mend="Merge or renumber the parts, or name more of them in parts.json.",
        )  # fmt: skip
    return PartPair(category, pair.shape, pair.part_map, name)
