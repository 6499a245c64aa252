"""Part pairs and supports from the authors' release: part trees whose categories are numbers.

`<root>/<number>/{train,val}/<name>_label.png` (0 and 255) with `<name>_part.png` (part ids) beside it, and
`<root>/support_shape/<k>/<number>/*_part.png`. The numbers and who shares whose supports:
`ipose.data.published.release_categories`. Numbers of one name (15, 24 and 25 are human) come together under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ipose.data.faults import Fault, raise_faults
from ipose.data.part_sources.source import PartSource, SourceItem, names_or_numbers
from ipose.data.part_sources.tree_files import PART_ENDING, find_pairs, read_named_pair
from ipose.data.published.release_categories import CATEGORY_NAMES, support_category
from ipose.errors import IposeError
from ipose.types import PartPair, SupportSet

RELEASE = "release"
SUPPORTS = "support_shape"


@dataclass(frozen=True)
class ReleaseReader:
    """Reads one pair; its name begins with the category's number, so that numbers of one name cannot clash.

    Args:
        root: of the release's tree.
    """

    root: Path

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        number, _, file = item.name.split("/")
        category = CATEGORY_NAMES[int(number)]
        name = f"{number}_{file.removesuffix(PART_ENDING)}"
        return [read_named_pair(self.root / item.name, category, names_or_numbers(category), name)]


def open_release(root: Path) -> PartSource:
    """The pairs and the support sets of the release's tree.

    Raises:
        DataError: a folder that is no category's number; a shape or part map without the other; a support at fault.
    """
    items = find_pairs(root, shapes_required=True)
    numbers = sorted({item.name.split("/")[0] for item in items})
    strange = [number for number in numbers if not number.isdecimal() or int(number) not in CATEGORY_NAMES]
    expected = f"a category's number ({', '.join(map(str, CATEGORY_NAMES))})"
    raise_faults(
        [Fault(str(root / name), "no category of the release", name, expected, "Rename it.") for name in strange],
        f"release tree {root}",
    )
    supports = release_supports(root)
    categories = {CATEGORY_NAMES[int(number)] for number in numbers}.union(*(x.categories for x in supports.values()))
    names = {category: names_or_numbers(category) for category in sorted(categories)}
    return PartSource(RELEASE, root, names, tuple(items), ReleaseReader(root), supports=supports)


def release_supports(root: Path) -> dict[int, SupportSet]:
    """The release's support sets, by number of supports; every category gets those that serve it.

    Raises:
        DataError: a map that is no index PNG or holds a part that its category lacks; other than k maps.
    """
    found = {}
    for folder in sorted(root.glob(f"{SUPPORTS}/*")):
        if folder.is_dir() and folder.name.isdecimal():
            found[int(folder.name)] = _support_set(folder, int(folder.name))
    return {k: supports for k, supports in found.items() if supports.categories}


def _support_set(folder: Path, k: int) -> SupportSet:
    maps: dict[str, torch.Tensor] = {}
    faults: list[Fault] = []
    for number, category in CATEGORY_NAMES.items():
        lender = folder / str(support_category(number))
        if category in maps or not lender.is_dir():
            continue
        files = sorted(lender.glob(f"*{PART_ENDING}"))
        if len(files) != k:
            faults.append(Fault(str(lender), "wrong number of supports", str(len(files)), f"{k}, as its folder says"))
            continue
        names: Mapping[str, tuple[str, ...]] = {category: names_or_numbers(category)}
        try:
            pairs = [read_named_pair(file, category, names[category], file.name) for file in files]
            maps[category] = torch.stack([pair.part_map for pair in pairs])
        except IposeError as error:
            faults.append(Fault.of(error, lender))
    raise_faults(list(dict.fromkeys(faults)), f"supports {folder}")
    return SupportSet({category: names_or_numbers(category) for category in maps}, maps)
