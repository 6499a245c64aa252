"""Part pairs from any part tree: `<category>/<split>/<name>_part.png`, optionally `<name>_label.png`, of any size.

A `parts.json` beside the categories ({"part_names": {"robot": ["head", "body"]}}) names the parts of categories that
the paper's table lacks; without it they are called "part 1" to "part 8".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.data.faults import Fault, raise_faults
from ipose.data.file_lists import key_of, list_files, names_in
from ipose.data.part_manifest import tree_part_names
from ipose.data.part_pairs import read_pair
from ipose.data.part_sources.source import PartSource, SourceItem, names_or_numbers
from ipose.errors import DataError
from ipose.part_annotations import PartPair

PART_TREE = "part-tree"


@dataclass(frozen=True)
class PartTreeReader:
    """Reads one pair.

    Args:
        root: of the tree.
        part_names: by category.
    """

    root: Path
    part_names: Mapping[str, tuple[str, ...]]

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        category = item.name.split("/")[0]
        stem = Path(item.name).name.removesuffix(PART_ENDING)
        return [read_named_pair(self.root / item.name, category, self.part_names[category], stem)]


def open_part_tree(root: Path) -> PartSource:
    """The pairs of a part tree.

    Raises:
        DataError: no pairs, shapes without part maps, or a `parts.json` that is damaged.
    """
    items = find_pairs(root)
    named = tree_part_names(root)
    categories = sorted({item.name.split("/")[0] for item in items})
    names = {category: named.get(category) or names_or_numbers(category) for category in categories}
    return PartSource(PART_TREE, root, names, tuple(items), PartTreeReader(root, names))


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
    faults = [_without_partner(root, stem, LABEL_ENDING, PART_ENDING) for stem in sorted(shapes.keys() - parts)]
    if shapes_required:
        faults += [_without_partner(root, stem, PART_ENDING, LABEL_ENDING) for stem in sorted(parts.keys() - shapes)]
    raise_faults(faults, f"part tree {root}")
    if not parts:
        expected = "<category>/{train,val}/<name>_part.png"
        raise DataError("no part pairs", file=root, found=names_in(root), expected=expected, mend="Check the path.")
    return [SourceItem(parts[stem], stem.split("/")[1]) for stem in sorted(parts)]


def _stems(root: Path, ending: str) -> dict[str, str]:
    """Paths below `root` by what a part map and its shape share."""
    found = list_files(root, (ending,), depth=3, beside=(PART_ENDING, LABEL_ENDING))
    return {key_of(path, root, ending): path.relative_to(root).as_posix() for path in found}


def _without_partner(root: Path, stem: str, ending: str, partner: str) -> Fault:
    name = Path(stem + partner).name
    file, mend = str(root / (stem + ending)), "Add it, or remove this one."
    return Fault(file, f"without {name}", expected="both side by side", mend=mend)


def read_named_pair(path: Path, category: str, part_names: Sequence[str], name: str) -> PartPair:
    """One pair of files as a pair of `category`.

    Raises:
        DataError: files that are no index PNGs, differ in size, or hold a part that the category does not have.
    """
    pair = read_pair(path)
    highest = int(pair.part_map.max())
    if highest > len(part_names):
        what, expected = f"part id that category {category!r} does not have", f"0..{len(part_names)}"
        expected += f" ({', '.join(part_names)})"
        mend = "Merge or renumber the parts, or name more of them in parts.json."
        raise DataError(what, file=path, found=highest, expected=expected, mend=mend)
    return PartPair(category, pair.shape, pair.part_map, name)
