"""Class ids of one code as those of another, and an account of what is lost on the way."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64
from numpy import ndarray

from ipose.data.label_codes.codes import COLOR, DROPPED, SAME, LabelCode, counterparts
from ipose.data.label_codes.maps import read_label_map, shown_class, write_label_map
from ipose.errors import DataError


@dataclass(frozen=True)
class Loss:
    """A class that converting back does not restore.

    Args:
        name: of the class.
        becomes: the class that stands in its place.
        why: in words.
    """

    name: str
    becomes: str
    why: str


Losses = Counter[Loss]
"""Pixels by loss."""


class Conversion:
    """From one code to another.

    Args:
        source: code of the maps to read.
        target: code of the maps to write.
    """

    def __init__(self, source: LabelCode, target: LabelCode) -> None:
        self.source, self.target = source, target
        self.parts = counterparts(source.spec, target.spec)
        self.shown = shown_class(target.spec) if target.form == COLOR else np.arange(target.spec.num_classes)

    def __call__(self, classes: Int64[ndarray, "h w"], path: Path) -> tuple[Int64[ndarray, "h w"], Losses]:
        """Class ids of the target, with the pixels of each class that is lost.

        Args:
            classes: of the source.
            path: of the map, for messages.
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
