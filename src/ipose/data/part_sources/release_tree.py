"""Part pairs and supports from the authors' release: part trees whose categories are numbers.

`<root>/<number>/{train,val}/<name>_label.png` (0 and 255) with `<name>_part.png` (part ids) beside it, and
`<root>/support_shape/<k>/<number>/*_part.png`. `CATEGORY_NAMES` has the numbers, `SHARED_SUPPORTS` says which of them
read the supports of another one. Numbers of one name (15, 24 and 25 are human) come together under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from ipose.data.faults import Fault, raise_faults
from ipose.data.file_lists import folders_in, list_files
from ipose.data.part_sources.part_tree import PART_ENDING, find_pairs, read_named_pair
from ipose.data.part_sources.source import PartSource, SourceItem, names_or_numbers
from ipose.errors import DataError, IposeError
from ipose.part_annotations import PartPair, SupportSet

RELEASE = "release"
SUPPORT_FOLDER = "support_shape"


@dataclass(frozen=True)
class ReleaseReader:
    """Reads one pair; its name begins with the category's number, so that numbers of one name cannot clash."""

    root: Path

    def read(self, item: SourceItem) -> list[PartPair]:
        """See `ItemReader`."""
        number, _, file = item.name.split("/")
        category = CATEGORY_NAMES[int(number)]
        name = f"{number}_{file.removesuffix(PART_ENDING)}"
        return [read_named_pair(self.root / item.name, category, names_or_numbers(category), name)]


def open_release(root: Path) -> PartSource:
    """The pairs and the support sets of the release's tree."""
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
    for folder in folders_in(root / SUPPORT_FOLDER):
        if folder.name.isdecimal():
            found[int(folder.name)] = _support_set(folder, int(folder.name))
    return {k: supports for k, supports in found.items() if supports.categories}


def _support_set(folder: Path, k: int) -> SupportSet:
    maps: dict[str, torch.Tensor] = {}
    faults: list[Fault] = []
    for number, category in CATEGORY_NAMES.items():
        lender = _lender(folder, number)
        if category in maps or lender is None:
            continue
        files = list_files(lender, (PART_ENDING,))
        if len(files) != k:
            faults.append(Fault(str(lender), "wrong number of supports", str(len(files)), f"{k}, as its folder says"))
            continue
        try:
            pairs = [read_named_pair(file, category, _names_in_files(category), file.name) for file in files]
            part_maps = torch.stack([pair.part_map for pair in pairs])
            maps[category] = part_maps.clamp(max=1) if category in ONE_PART else part_maps
        except IposeError as error:
            faults.append(Fault.of(error, lender))
    raise_faults(list(dict.fromkeys(faults)), f"supports {folder}")
    return SupportSet({name: ONE_PART.get(name) or _names_in_files(name) for name in maps}, maps)


def _lender(folder: Path, number: int) -> Path | None:
    """The folder of the supports that serve a category. None = the tree has none."""
    direct = support_category(number)
    places = (folder / str(each) for each in (direct, support_category(direct)))
    return next((place for place in places if place.is_dir()), None)


def _names_in_files(category: str) -> tuple[str, ...]:
    return TWO_PART_SLOT.get(category) or names_or_numbers(category)


_PASCAL = (
    "aeroplane bicycle bird boat bottle bus car cat chair cow table dog horse motorbike human pottedplant sheep sofa "
    "train tvmonitor"
)
_CITYSCAPES = {24: "human", 25: "human", 26: "car", 27: "truck", 28: "bus", 31: "train", 32: "motorbike", 33: "bicycle"}
_OTHERS = {35: "car", 36: "washer", 37: "stop sign", 38: "microwave", 39: "van", 40: "zebra"}

CATEGORY_NAMES: Mapping[int, str] = {**dict(enumerate(_PASCAL.split(), start=1)), **_CITYSCAPES, **_OTHERS}
"""Name by number. 25 is Cityscapes' rider, whose parts are a human's. 38 and 39 are named by nothing but the classes
that use them: COCO-Stuff's and ADE20K's microwave, ADE20K's van. 35 is named by its supports alone."""

SHARED_SUPPORTS: Mapping[int, int] = {6: 28, 7: 26, 15: 24, 25: 24, 31: 19, 32: 14, 33: 2, 35: 26, 39: 7, 40: 13}
"""Numbers that read the supports of another number. 39, the van, reads those in the folder of 7, Pascal's car (the
synthesis network's table; PartNet's own training says 26, and never uses it). Without such a folder it reads 26's."""

ONE_PART: Mapping[str, tuple[str, ...]] = {"washer": ("washer",)}
"""Categories whose support maps are merged to one part before they are used: the washer's door and machine body (2 and
3) become 1."""

TWO_PART_SLOT: Mapping[str, tuple[str, ...]] = {"microwave": ("part 1", "part 2")}
"""The slot of number 38 has two parts. Neither the paper nor the release names them."""


def support_category(number: int) -> int:
    """The number whose supports serve category `number` in the release: its own, unless it shares another's.

    Raises:
        DataError: no such category.
    Example:
        >>> support_category(39), support_category(24)
        (7, 24)
    """
    if number not in CATEGORY_NAMES:
        what, mend = "no such part category in the release", "Rename the folder to the number of its category."
        raise DataError(what, found=number, expected=", ".join(map(str, CATEGORY_NAMES)), mend=mend)
    return SHARED_SUPPORTS.get(number, number)
