"""Part pairs from any part tree: `<category>/<split>/<name>_part.png`, optionally `<name>_label.png`, of any size.

A `parts.json` beside the categories ({"part_names": {"robot": ["head", "body"]}}) names the parts of categories that
the paper's table lacks; without it they are called "part 1" to "part 8".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ipose.data.part_manifest import tree_part_names
from ipose.data.part_sources.source import PartSource, SourceItem, names_or_numbers
from ipose.data.part_sources.tree_files import PART_ENDING, find_pairs, read_named_pair
from ipose.types import PartPair

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
