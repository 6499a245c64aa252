"""Support sets on disk: a folder of part maps that a person can see, open and edit.

`<folder>/<category>/<anything>_part.png`, k for each category, beside `supports.json` with the names of the parts:

    {"part_names": {"robot": ["head", "body", "arm"]}, "provenance": {"how": "drawn by hand"}}

A map may have any size and hold either ids (greyscale or palette PNG: 0 = no part, 1 = first part, ...) or the colours
of `ipose.data.palette` (RGB PNG, without antialiasing). Maps that are not 64 x 64 are cropped and resized as
objects of scenes are. A category that `supports.json` does not name has the part names of the data set, else the
paper's, else "part 1" and so on.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ipose.data.faults import SHOWN_IN_ERRORS, Fault, counted, fault_lines
from ipose.data.file_lists import folders_in, is_free, list_files, names_in
from ipose.data.palette import BACKGROUNDS, PART_COLORS
from ipose.data.part_names import PART_NAMES
from ipose.data.part_pairs import to_object_frame
from ipose.data.png import is_colour_image, read_index, read_photo, write_index
from ipose.errors import DataError, IposeError, SupportError
from ipose.label_spec import LabelSpec
from ipose.part_annotations import PART_CHANNELS, SupportSet
from ipose.whole_files import read_json, replace_folder, write_text_whole

SUPPORTS_FILE = "supports.json"
_ENDING = "_part.png"


def save_supports(supports: SupportSet, folder: str | Path, *, provenance: Mapping[str, object] | None = None) -> None:
    """Write `<folder>/<category>/<number>_part.png` (palette PNGs) and `supports.json`.

    Args:
        folder: made where it is not there; maps that it holds already are an error.
        provenance: where the maps come from, for people; anything that JSON can hold.
    Raises:
        SupportError: the folder holds supports already, or a category's name cannot be a folder's.
    """
    folder = Path(folder)
    refuse_supports(folder)
    for category in supports.categories:
        check_category_name(category, folder)
    names = {category: list(parts) for category, parts in supports.part_names.items()}
    content = {"part_names": names, "provenance": dict(provenance or {})}

    def write(place: Path) -> None:
        for category, maps in supports.part_maps.items():
            for number, part_map in enumerate(maps, start=1):
                write_index(place / category / f"{number:02d}_part.png", part_map, colors=PART_COLORS)
        write_text_whole(place / SUPPORTS_FILE, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

    if is_free(folder):  # whole or not at all
        replace_folder(folder, write)
    else:
        write(folder)


def refuse_supports(folder: Path) -> None:
    """Raise SupportError where a folder holds supports already; return for any other, also for none."""
    if (folder / SUPPORTS_FILE).exists() or _files(folder):
        mend = "Save to a new folder, or remove them first."
        raise SupportError("there are supports already", file=folder, mend=mend)


def check_category_name(category: str, folder: str | Path) -> None:
    """Whether supports of this category can be saved.

    Raises:
        SupportError: a blank name, or one that is a path or hidden.
    """
    if not category.strip() or Path(category).name != category or category.startswith("."):
        what, expected = "category name that cannot be a folder name", "a name such as sheep"
        raise SupportError(what, file=folder, found=repr(category), expected=expected)


def load_supports(folder: str | Path, names: Mapping[str, tuple[str, ...]] | None = None) -> SupportSet:
    """Read a support folder.

    Args:
        names: part names by category, where supports.json has none: a data set's.
    Raises:
        SupportError: the folder or a map is at fault; the first ten faults are listed.
    """
    supports, faults = read_supports(folder, names)
    if supports is None:
        lines = fault_lines(faults, SHOWN_IN_ERRORS, before="  ")
        raise SupportError(f"{counted(len(faults), 'fault')} in the supports of {folder}:\n" + "\n".join(lines) + "\n")
    return supports


def read_supports(
    folder: str | Path, names: Mapping[str, tuple[str, ...]] | None = None
) -> tuple[SupportSet | None, list[Fault]]:
    """A support folder, and all that is wrong with it: None with faults, or the supports without any.

    `names`: as for `load_supports`.
    """
    folder = Path(folder)
    if not folder.is_dir():
        return None, [Fault(str(folder), "no such folder", expected="a support folder", mend="Check the path.")]
    table, faults = _read_json(folder)
    named, more = _part_names(table, folder / SUPPORTS_FILE)
    faults += more
    files = _files(folder)
    faults += _layout_faults(folder, files, named)
    maps: dict[str, list[torch.Tensor]] = {category: [] for category in files}
    for category, paths in files.items():
        for path in paths:
            try:
                maps[category].append(_read_map(path))
            except IposeError as error:
                faults.append(Fault.of(error, path))
    named = {**(names or {}), **named}
    names = {category: named.get(category) or _default_names(category, maps[category]) for category in files}
    for category, paths in files.items():
        if len(maps[category]) == len(paths):
            faults += _part_faults(category, paths, maps[category], names[category])
    if faults:
        return None, faults
    return SupportSet(names, {category: torch.stack(tensors) for category, tensors in maps.items()}), []


def _read_json(folder: Path) -> tuple[dict[str, Any], list[Fault]]:
    path = folder / SUPPORTS_FILE
    if not path.is_file():
        return {}, []
    try:
        table = read_json(path)
    except (OSError, ValueError) as error:
        return {}, [Fault(str(path), "not a JSON file", str(error), mend="Fix the line, or remove the file.")]
    if not isinstance(table, dict):
        return {}, [Fault(str(path), "not a JSON object", type(table).__name__, '{"part_names": {...}}')]
    return table, []


def _part_names(table: dict[str, Any], path: Path) -> tuple[dict[str, tuple[str, ...]], list[Fault]]:
    names = table.get("part_names", {})
    fitting = isinstance(names, dict) and all(
        isinstance(parts, list) and 0 < len(parts) < PART_CHANNELS and all(isinstance(part, str) for part in parts)
        for parts in names.values()
    )
    if not fitting:
        expected = f'{{"category": ["first part", ...]}}, one to {PART_CHANNELS - 1} parts each'
        return {}, [Fault(str(path), "[part_names] not part names by category", str(names)[:80], expected)]
    return {category: tuple(parts) for category, parts in names.items()}, []


def _files(folder: Path) -> dict[str, list[Path]]:
    """The maps of each category that has some."""
    found = {place.name: list_files(place, (_ENDING,)) for place in folders_in(folder)}
    return {category: paths for category, paths in found.items() if paths}


def _layout_faults(
    folder: Path, files: Mapping[str, list[Path]], named: Mapping[str, tuple[str, ...]]
) -> Iterator[Fault]:
    if not files:
        expected = f"<category>/*{_ENDING}"
        yield Fault(str(folder), "no supports", names_in(folder), expected, _way_to_supports(folder))
    for category in sorted(set(named) - set(files)):
        expected, mend = f"{category}/*{_ENDING}", f"Draw them, or remove {category!r} from {SUPPORTS_FILE}."
        yield Fault(str(folder / category), "category without part maps", expected=expected, mend=mend)
    if len({len(paths) for paths in files.values()}) > 1:
        counts = Counter(len(paths) for paths in files.values())
        usual = max(counts, key=lambda count: (counts[count], count))
        for category, paths in files.items():
            if len(paths) != usual:
                what, expected = "every category needs the same number of supports", f"{usual}, as most have"
                yield Fault(str(folder / category), what, str(len(paths)), expected, "Add or remove part maps.")


def _way_to_supports(folder: Path) -> str:
    for inside in (folder / "model" / "supports", folder / "supports"):
        if inside.is_dir():
            return f"Name {inside}."
    if (folder / "support_shape").is_dir():
        return f"ipose data build-parts {folder} OUT writes this tree's supports to OUT/supports/."
    return "Draw a few part maps of a category there."


def _default_names(category: str, maps: list[torch.Tensor]) -> tuple[str, ...]:
    highest = max((int(part_map.max()) for part_map in maps), default=0)
    return PART_NAMES.get(category) or tuple(f"part {number}" for number in range(1, highest + 1))


def _part_faults(category: str, paths: list[Path], maps: list[torch.Tensor], names: tuple[str, ...]) -> Iterator[Fault]:
    for path, part_map in zip(paths, maps, strict=True):
        if int(part_map.max()) > len(names):
            found, expected = str(int(part_map.max())), f"0..{len(names)} ({', '.join(names)})"
            what, mend = f"part id that category {category!r} does not have", f"Name the part in {SUPPORTS_FILE}, or "
            yield Fault(str(path), what, found, expected, mend + "repaint it.")


def _read_map(path: Path) -> torch.Tensor:
    """uint8 (64, 64) part ids of one support map, whether it holds ids or the palette's colours."""
    ids = _ids_of_colours(read_photo(path, upright=False), path) if is_colour_image(path) else read_index(path)
    if ids.max() >= PART_CHANNELS:
        expected = f"0 (no part) to {PART_CHANNELS - 1}"
        mend = "Paint ids, not brightnesses: part 1 has grey value 1; or use the palette's colours in RGB."
        raise DataError("part id outside 0..8", file=path, found=int(ids.max()), expected=expected, mend=mend)
    part_map = torch.from_numpy(ids.astype(np.uint8))
    if not part_map.any():
        raise SupportError("support without a part", file=path, found="an empty map", mend="Paint the parts.")
    return to_object_frame(part_map > 0, part_map)[1]


def _ids_of_colours(colours: NDArray[np.uint8], path: Path) -> NDArray[np.int32]:
    ids = np.full(colours.shape[:2], -1, dtype=np.int32)
    for number, colour in [*enumerate(PART_COLORS), *((0, background) for background in BACKGROUNDS)]:
        ids[(colours == np.array(colour, dtype=np.uint8)).all(-1)] = number
    strange = ids < 0
    if strange.any():
        row, col = map(int, np.argwhere(strange)[0])
        first = tuple(map(int, colours[row, col]))
        palette = ", ".join(f"{number} = {colour}" for number, colour in enumerate(PART_COLORS))
        found = f"{int(strange.sum())} pixels, the first {first} at row {row}, column {col}"
        expected = palette + " (black and white: no part)"
        mend = "Draw with these colours and without antialiasing, or save ids as a greyscale PNG."
        raise DataError("colours that are not the palette's", file=path, found=found, expected=expected, mend=mend)
    return ids


def unused_drawings(spec: LabelSpec, drawn: Sequence[str]) -> str:
    """A sentence, if objects of no class have the parts of a drawn category; else ""."""
    unused = [name for name in drawn if name not in spec.part_categories]
    if not unused:
        return ""
    return (
        f"No class has the part category {', '.join(unused)}, so that these drawings are not read. Name their folder "
        f'as the class, or write part_category = "{unused[0]}" into the class in dataset.toml.'
    )
