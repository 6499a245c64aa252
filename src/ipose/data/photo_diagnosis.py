"""What the doctor found in photographs without labels, and how it says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ipose.data.faults import Fault, counted, counted_faults, note_lines
from ipose.images import size_in_words

SMALL = 32
"""The smallest images that GANSeg makes: a photograph with a smaller side is enlarged, and never sharp."""

ADVISED = 5_000
"""Photographs that the paper asks for (GANSeg sec. 5)."""

BATCH = 64
"""Images of a batch in the paper's run, and in the preset for folders: a training needs one batch at least."""


@dataclass(frozen=True)
class PhotoDiagnosis:
    """What the doctor found in photographs.

    Args:
        kind: the published set's name, or "photographs".
        sizes: (height, width) of every photograph that could be read.
        splits: where the splits are from, if they are not the published ones; else "".
        notes: names of photographs by what reading does to them (`ipose.data.png.photo_notes`).
        landmarks: a sentence on the set's landmarks; "" for a set that never has any.
        beside: how to have the label maps beside these photographs read; "" where there are none.
    """

    root: str
    kind: str
    faults: tuple[Fault, ...]
    photographs: dict[str, int] = field(default_factory=dict)
    sizes: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    splits: str = ""
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    landmarks: str = ""
    beside: str = ""

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def table(self) -> str:
        """How many photographs each split has, how large they are, and what training makes of that."""
        lines = [f"{self.kind}: " + (", ".join(f"{n} in {split}" for split, n in self.photographs.items()) or "none")]
        lines += [self.splits] if self.splits else []
        lines += self._sizes() if self.sizes else []
        lines += note_lines(self.notes)
        lines += [self.landmarks] if self.landmarks else []
        if 0 < self.photographs.get("train", 0) < ADVISED:
            lines.append(
                f"The paper asks for more than {ADVISED:,} photographs to train on; with fewer, parts may fail. "
                f"ipose train ganseg needs one batch at least (--batch-size: {BATCH} with --preset folder)."
            )
        if self.beside:
            lines.append(f"These are the photographs alone. For the label maps beside them: {self.beside}")
        return "\n".join(lines)

    def summary(self) -> str:
        """One line."""
        count = counted(sum(self.photographs.values()), "photograph")
        return f"{self.root}: {counted_faults(self.faults) if self.faults else f'no faults in {count}'}"

    def _sizes(self) -> list[str]:
        heights, widths = zip(*self.sizes.values(), strict=True)
        said = f"heights {min(heights)} to {max(heights)}, widths {min(widths)} to {max(widths)} pixels"
        lines = [said if heights == widths else f"{said}; training squeezes them to a square"]
        small = [f"{path.name}: {size_in_words(*size)}" for path, size in self.sizes.items() if min(size) < SMALL]
        more = f" and {len(small) - 3} more" if len(small) > 3 else ""
        if small:
            lines.append(
                f"{counted(len(small), 'photograph')} with a side below {SMALL} pixels ({', '.join(small[:3])}{more}): "
                "training enlarges them; get them in full size, or remove them."
            )
        return lines
