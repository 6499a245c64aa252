"""A label map as class ids, from a file of any code and into one. What is no class is named, counted and placed.

`Conversion` brings the class ids of one code to another, with an account of what is lost on the way.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8
from numpy import ndarray
from numpy.typing import NDArray
from PIL import Image

from ipose.data.label_codes.codes import CLASSES, COLOR, DROPPED, SAME, LabelCode, counterparts
from ipose.data.png import is_colour_image, read_index, read_photo
from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.whole_files import save_whole

SHOWN = 5
"""How many strange colours or ids a message lists."""


def read_label_map(path: Path, code: LabelCode) -> Int64[ndarray, "h w"]:
    """The class ids of a label map."""
    if code.form == COLOR:
        return classes_of_colors(_read_colors(path, code), code.spec, path)
    if is_colour_image(path):
        expected = f"the ids of {str(code)!r}"
        mend = f"Say --from {code.text.removesuffix(':classes')}:color if these are the colours of its classes."
        raise DataError("colours where ids are expected", file=path, expected=expected, mend=mend)
    ids = read_index(path)
    table = np.full(256, -1, dtype=np.int64)
    table[code_ids(code)] = np.arange(code.spec.num_classes)
    classes = table[ids]
    if (classes < 0).any():
        raise _unknown_values("ids", path, code.spec, ids, classes < 0, "{0}")
    return classes


def code_ids(code: LabelCode) -> list[int]:
    """What stands for class 0, 1, ... in an index PNG of this code."""
    return list(range(code.spec.num_classes)) if code.form == CLASSES else [c.file_id for c in code.spec.classes]


def classes_of_colors(pixels: UInt8[ndarray, "h w 3"], spec: LabelSpec, path: Path) -> Int64[ndarray, "h w"]:
    """The class of each pixel's colour: the first one of the spec where several share it."""
    colors = _packed(np.array([item.color for item in spec.classes], dtype=np.uint8))
    known, first = np.unique(colors, return_index=True)
    packed = _packed(pixels)
    place = np.searchsorted(known, packed).clip(max=len(known) - 1)
    strange = known[place] != packed
    if strange.any():
        raise _unknown_values("colours", path, spec, packed, strange, "#{0:06x} ({1}, {2}, {3})")
    classes: NDArray[np.int64] = first[place].astype(np.int64)
    return classes


def shown_class(spec: LabelSpec) -> NDArray[np.int64]:
    """By class, the class that its colour is read back as: itself, or an earlier one of the same colour; (c,)."""
    colors = [item.color for item in spec.classes]
    return np.array([colors.index(color) for color in colors], dtype=np.int64)


def write_label_map(path: Path, classes: Int64[ndarray, "h w"], code: LabelCode) -> None:
    """Write class ids: RGB for colours, 8-bit greyscale for ids. The file is there whole, or not at all."""
    values = [item.color for item in code.spec.classes] if code.form == COLOR else code_ids(code)
    image = Image.fromarray(np.array(values, dtype=np.uint8)[classes])
    save_whole(image, path)


def _read_colors(path: Path, code: LabelCode) -> NDArray[np.uint8]:
    pixels = read_photo(path, upright=False)  # says what is wrong with a file that is no image
    with Image.open(path) as image:
        kind, mode = image.format, image.mode
        opaque = "A" not in mode or int(np.asarray(image.getchannel("A")).min()) == 255
    if kind != "PNG":
        found, expected = f"a {kind} image, whose colours are not exact", f"the colours of {code.spec.name!r}"
        raise DataError("not a PNG", file=path, found=found, expected=expected, mend="Export the map as PNG.")
    if mode not in ("RGB", "RGBA", "P"):
        what, expected = "ids where colours are expected", f"the colours of {str(code)!r}"
        mend = f"Say --from {code.text.removesuffix(':color')} if these are its ids."
        raise DataError(what, file=path, found=f"mode {mode}", expected=expected, mend=mend)
    if not opaque:
        mend = "Flatten the picture on the colour of a class."
        raise DataError("transparent pixels in a label map", file=path, expected="opaque colours", mend=mend)
    return pixels


def _packed(colors: NDArray[np.uint8]) -> NDArray[np.int32]:
    """One number a colour: (..., 3) to (...)."""
    wide = colors.astype(np.int32)
    return wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]


def _unknown_values(
    what: str, path: Path, spec: LabelSpec, values: NDArray[Any], strange: NDArray[np.bool_], form: str
) -> DataError:
    """What was found, most pixels first, the count and the first place of each. `form`: of a value and its bytes."""
    found, first, counts = np.unique(values[strange], return_index=True, return_counts=True)
    rows, cols = np.nonzero(strange)
    order = np.argsort(-counts, kind="stable")
    listed = []
    for i in order[:SHOWN]:
        value, place = int(found[i]), f"first at row {rows[first[i]]}, column {cols[first[i]]}"
        name = form.format(value, value >> 16, value >> 8 & 255, value & 255)
        listed.append(f"{name}: {counts[i]} pixels, {place}")
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    mend = "Repaint them (without soft edges), name the code that fits, or add the class in a dataset.toml."
    return DataError(f"{what} that no class of {spec.name!r} has", file=path, found="; ".join(listed) + more, mend=mend)


@dataclass(frozen=True)
class Loss:
    """A class that converting back does not restore."""

    name: str
    becomes: str
    why: str


Losses = Counter[Loss]
"""Pixels by loss."""


class Conversion:
    """From one code to another."""

    def __init__(self, source: LabelCode, target: LabelCode) -> None:
        self.source, self.target = source, target
        self.parts = counterparts(source.spec, target.spec)
        self.shown = shown_class(target.spec) if target.form == COLOR else np.arange(target.spec.num_classes)

    def __call__(self, classes: Int64[ndarray, "h w"], path: Path) -> tuple[Int64[ndarray, "h w"], Losses]:
        """Class ids of the target, with the pixels of each class that is lost.

        Raises:
            DataError: pixels for which the target has no class and no unknown one.
        """
        counts = np.bincount(classes.reshape(-1), minlength=len(self.parts))
        present = [int(i) for i in np.flatnonzero(counts)]
        lost = [i for i in present if self.parts[i].class_id is None]
        if lost:
            raise self._no_class_for(path, {self._name(i): int(counts[i]) for i in lost})
        table = np.array([-1 if part.class_id is None else part.class_id for part in self.parts], dtype=np.int64)
        losses = Counter({loss: int(counts[i]) for i in present if (loss := self.loss(i)) is not None})
        return table[classes], losses

    def convert_file(self, path: Path, out: Path) -> Losses:
        """Read, convert and write one map. Nothing is written where something is wrong. Raises as its steps do."""
        classes, losses = self(read_label_map(path, self.source), path)
        write_label_map(out, classes, self.target)
        return losses

    def loss(self, class_id: int) -> Loss | None:
        """What is lost of a class of the source; None where converting back restores it."""
        part, target = self.parts[class_id], self.target.spec
        if part.class_id is None:
            return None
        shown = target.classes[int(self.shown[part.class_id])].name
        if part.kind == SAME and self.shown[part.class_id] == part.class_id:
            return None
        if part.kind == SAME:
            why = "a class of the same colour"
        elif part.kind == DROPPED:
            why = "no class of that meaning"
        else:
            why = "a wider class"
        return Loss(self._name(class_id), shown, why)

    def _name(self, class_id: int) -> str:
        return self.source.spec.classes[class_id].name

    def _no_class_for(self, path: Path, pixels: dict[str, int]) -> DataError:
        what = f"pixels that {self.target.spec.name!r} has no class for, and no unknown class either"
        found = ", ".join(f"{name} ({count} pixels)" for name, count in pixels.items())
        return DataError(what, file=path, found=found, mend="Convert to a spec with an unknown class, or repaint them.")


def sum_losses(losses: Iterable[Losses]) -> tuple[Losses, Counter[Loss]]:
    """Pixels, and maps, by loss over many maps."""
    pixels: Losses = Counter()
    maps: Counter[Loss] = Counter()
    for one in losses:
        pixels.update(one)
        maps.update(dict.fromkeys(one, 1))
    return pixels, maps
