"""The doctor for photographs without labels: any folder of them, or a published set that GANSeg is measured on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.data.faults import Fault, counted, counted_faults, note_lines, or_fault
from ipose.data.file_lists import PHOTO_ENDINGS, folders_in, list_files
from ipose.data.parallel import in_parallel
from ipose.data.photo_files import ADVISED, MISSING, label_map_fault
from ipose.data.photo_folder import find_photographs
from ipose.data.photo_layouts import PHOTO_LAYOUTS, PhotoLayout, Splits, photo_layout
from ipose.data.png import photo_notes, read_photo
from ipose.data.published.layouts import lies_in_photographs, published_layout, splits_of, way_to_data_set
from ipose.data.specs import DATASET_FILE
from ipose.errors import IposeError
from ipose.images import size_in_words

SMALL = 32
"""The smallest images that GANSeg makes: a photograph with a smaller side is enlarged, and never sharp."""

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


JUDGED_AT = 128
"""Side in pixels of the images that masks and landmarks are read for: the size at which they judge."""

MOST_BEYOND = 0.01
"""Share of the edge that a landmark may lie beyond it: people point beside the last pixel."""

DATA_SETS_IN_WORDS = (
    "a scene folder, Cityscapes (leftImg8bit/, gtFine/), ADE20K (images/, annotations/), a folder of photographs, "
    + " or ".join([", ".join(layout.name for layout in PHOTO_LAYOUTS[:-1]), PHOTO_LAYOUTS[-1].name])
)
"""What `ipose doctor` reads."""


def is_photo_set(root: Path) -> bool:
    """Whether a folder holds photographs alone: a published set (whole or not), or any images that are no scenes.

    The photographs' own folder of a data set with label maps does, too; `examine_photographs` says what lies beside.
    """
    if not root.is_dir():
        return False
    if photo_layout(root) is not None or _incomplete_layout(root) is not None:
        return True
    scenes = splits_of(root) or published_layout(root) or (root / DATASET_FILE).is_file()
    if scenes or (way_to_data_set(root) and not lies_in_photographs(root)):
        return False
    return bool(list_files(root, PHOTO_ENDINGS))


def examine_photographs(root: str | Path) -> PhotoDiagnosis:
    """Read every photograph, mask and list, and report every fault."""
    root = Path(root)
    layout = photo_layout(root) or _incomplete_layout(root)
    kind = layout.name if layout else "photographs"
    faults = list(_missing_files(root, layout) if layout else _sets_inside(root))
    try:
        splits = layout.splits(root) if layout else {split: find_photographs(root, split) for split in ("train", "val")}
        splits = {split: paths for split, paths in splits.items() if paths or layout}
    except IposeError as error:
        _add_new(faults, [Fault.of(error, root)])
        return PhotoDiagnosis(str(root), kind, tuple(faults))
    sizes, notes = dict[Path, tuple[int, int]](), defaultdict[str, list[str]](list)
    for split, paths in splits.items():
        read = in_parallel(or_fault(partial(_size_and_notes, upright=layout is None)), paths, f"reading {split}")
        for path, found in zip(paths, read, strict=True):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                sizes[path], said_of_it = found
                for note in said_of_it:
                    notes[note].append(path.name)
    said = ""
    if layout is None:
        maps = label_map_fault(root, [path for paths in splits.values() for path in paths])
        faults += [maps] if maps else []
    else:
        faults += _wrong_counts(root, layout, splits)
        readable = {split: [path for path in paths if path in sizes] for split, paths in splits.items()}
        said, wrong = _check_landmarks(root, layout, readable)
        _add_new(faults, wrong)
        faults += _mask_faults(root, layout, splits)
    counts = {split: len(paths) for split, paths in splits.items()}
    beside = way_to_data_set(root) if lies_in_photographs(root) else None
    own = layout.own_splits(root) if layout is not None else ""
    return PhotoDiagnosis(str(root), kind, tuple(faults), counts, sizes, own, notes, said, beside or "")


def _add_new(faults: list[Fault], more: list[Fault]) -> None:
    """Add faults of files that have none yet: a file that is missing, say, cannot be read either."""
    known = {fault.file for fault in faults}
    for fault in more:
        if fault.file not in known:
            known.add(fault.file)
            faults.append(fault)


def _incomplete_layout(root: Path) -> PhotoLayout | None:
    """A published set that lacks what it is known by: one of its marks is there, and something more of it."""
    for layout in PHOTO_LAYOUTS:
        marks, rest = ([name for name in names if (root / name).exists()] for names in (layout.marks, layout.needs))
        if len(marks) == 1 and rest:
            return layout
    return None


def _missing_files(root: Path, layout: PhotoLayout) -> Iterator[Fault]:
    mend = "Get it from where the data set is published, and put it there."
    for name in (*layout.marks, *layout.needs):
        if not (root / name).exists():
            yield Fault(str(root / name), f"missing from {layout.name}", mend=mend)


def _sets_inside(root: Path) -> Iterator[Fault]:
    """A published set one level down: its photographs, masks and all would be taken for photographs."""
    for folder in folders_in(root):
        if (layout := photo_layout(folder)) is not None:
            yield Fault(str(root), f"holds {layout.name} in a folder of its own", mend=f"Name {folder}.")


def _size_and_notes(path: Path, *, upright: bool) -> tuple[tuple[int, int], tuple[str, ...]]:
    """The size of a photograph, and its notes (`photo_notes`)."""
    height, width, _ = read_photo(path, upright=upright).shape
    return (height, width), photo_notes(path, upright=upright)


def _wrong_counts(root: Path, layout: PhotoLayout, splits: Splits) -> Iterator[Fault]:
    mend = "Get the data set again, or do not compare numbers on it with published ones."
    listed = layout.listed(root) if layout.listed is not None else {}
    for split, count in layout.published_lists.items():
        if (found := len(set(listed.get(split, ())))) != count:
            message = f"the list of split {split!r} of {layout.name} has another count than the published one"
            yield Fault(str(root), message, str(found), str(count), "Get the lists again.")
    for split, count in layout.published.items():
        if (found := len(set(splits.get(split, ())))) != count:
            message = f"split {split!r} of {layout.name} has another count than the published one"
            yield Fault(str(root), message, str(found), str(count), mend)


def _mask_faults(root: Path, layout: PhotoLayout, splits: Splits) -> list[Fault]:
    """Every mask can be read. Where the folder of masks is missing, that has been told."""
    foreground, folder = layout.foreground, root / layout.needs[-1]
    if foreground is None or not folder.is_dir():
        return []

    def covered(photo: Path) -> bool:
        return bool(foreground(root, photo, JUDGED_AT).any())

    paths = [path for split in layout.masked for path in splits.get(split, ())]
    found = list(in_parallel(or_fault(covered, lambda _: folder), paths, "reading masks"))
    faults = [one for one in found if isinstance(one, Fault)]
    if found and not faults and not any(found):
        mend = "Save masks as this set does: 255 = foreground." if layout.name == "Taichi" else "Get the masks again."
        faults = [Fault(str(folder), "no mask has a single pixel of foreground", mend=mend)]
    return faults


def _check_landmarks(root: Path, layout: PhotoLayout, splits: Splits) -> tuple[str, list[Fault]]:
    """What there is of landmarks, in a sentence ("" for nothing), and what is wrong with them."""
    if layout.landmarks is None:
        return "", []
    if not layout.has_landmarks(root):
        return f"No landmarks: {layout.landmark_file} is missing, so that only the foreground can be judged.", []
    faults, found = list[Fault](), list[Tensor]()
    for split in (layout.fitted_on, "test"):
        try:
            if splits.get(split):
                found.append(layout.landmarks(root, splits[split], JUDGED_AT))
        except IposeError as error:
            faults.append(Fault.of(error, root))
    if faults or not found:
        return "", faults
    points = torch.cat(found)
    visible = (points != MISSING).all(-1)
    share = float(visible.float().mean())
    said = f"landmarks: {points.shape[1]} in {len(points)} photographs, {share:.0%} of them visible"
    file = str(root / layout.landmark_file)
    return said, list(_beyond_the_edge(file, points / JUDGED_AT, visible)) if layout.landmarks_in_image else []


def _beyond_the_edge(file: str, points: Float[Tensor, "n l 2"], visible: Tensor) -> Iterator[Fault]:
    """Landmarks beside their photograph, as where x and y are swapped, or another size is meant; and none at all."""
    if not visible.any():
        yield Fault(file, "not one landmark is visible", mend="Get the list again.")
    beyond = visible & ((points < -MOST_BEYOND) | (points > 1 + MOST_BEYOND)).any(-1)
    if beyond.any():
        found = f"{int(beyond.sum())} of {int(visible.sum())}"
        mend = "Get the list again, or the photographs at their original size."
        yield Fault(file, "visible landmarks beside their photograph", found, "none", mend)
