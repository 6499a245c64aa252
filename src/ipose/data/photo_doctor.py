"""The doctor for photographs without labels: any folder of them, or a published set that GANSeg is measured on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.index_cache import in_parallel
from ipose.data.landmark_checks import check_landmarks
from ipose.data.photo_folder import SUFFIXES, find_photographs
from ipose.data.photo_layouts import LAYOUTS, PhotoLayout, Splits, photo_layout
from ipose.data.png import read_photo
from ipose.data.published.layouts import near_miss, published_layout, splits_of
from ipose.data.specs import DATASET_FILE
from ipose.errors import IposeError

LEAST_SIDE = 32
"""The smallest side that a photograph may have: the smallest images that GANSeg makes."""

MASK_SIZE = 128
"""Masks are read at the size at which they judge."""

ADVISED = 5_000
"""Photographs that the paper asks for (GANSeg sec. 5)."""


@dataclass(frozen=True)
class PhotoDiagnosis:
    """What the doctor found in photographs.

    Args:
        root: of the data set.
        kind: the published set's name, or "photographs".
        faults: everything that is wrong.
        photographs: number of them by split.
        sizes: (height, width) of every photograph that could be read.
        landmarks: what is to say of the set's landmarks; "" for a set that never has any.
    """

    root: str
    kind: str
    faults: tuple[Fault, ...]
    photographs: dict[str, int] = field(default_factory=dict)
    sizes: tuple[tuple[int, int], ...] = ()
    landmarks: str = ""

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    def table(self) -> str:
        """How many photographs each split has, and how large they are."""
        lines = [f"{self.kind}: " + (", ".join(f"{n} in {split}" for split, n in self.photographs.items()) or "none")]
        if self.sizes:
            low, high = (tuple(map(pick, zip(*self.sizes, strict=True))) for pick in (min, max))
            lines.append(f"heights {low[0]} to {high[0]}, widths {low[1]} to {high[1]} pixels")
        lines += [self.landmarks] if self.landmarks else []
        if 0 < self.photographs.get("train", 0) < ADVISED:
            lines.append(
                f"The paper asks for more than {ADVISED:,} photographs to train on; with fewer, parts may fail."
            )
        return "\n".join(lines)

    def summary(self) -> str:
        """One line."""
        if self.ok:
            return f"{self.root}: no faults in {sum(self.photographs.values())} photographs"
        files = len({fault.file for fault in self.faults})
        return f"{self.root}: {len(self.faults)} faults in {files} files"


def is_photo_set(root: Path) -> bool:
    """Whether a folder holds photographs alone: a published set (whole or not), or any images that are no scenes."""
    if not root.is_dir():
        return False
    if photo_layout(root) is not None or _nearly(root) is not None:
        return True
    scenes = splits_of(root) or published_layout(root) or near_miss(root) or (root / DATASET_FILE).is_file()
    return not scenes and any(path.suffix.lower() in SUFFIXES for path in root.rglob("*"))


def examine_photographs(root: str | Path, *, progress: bool = True, workers: int | None = None) -> PhotoDiagnosis:
    """Read every photograph, mask and list, and report every fault.

    Args:
        root: a folder of photographs, or Flowers-102, CUB-200-2011, CelebA in the wild or Taichi as downloaded.
        progress: show a bar.
        workers: threads; None = one a CPU core.
    """
    root = Path(root)
    layout = photo_layout(root) or _nearly(root)
    kind = layout.name if layout else "photographs"
    missing = _missing_files(root, layout) if layout else list(_inside(root))
    try:
        splits = layout.splits(root) if layout else _plain_splits(root)
    except IposeError as error:
        fault = Fault.of(error, root)
        return PhotoDiagnosis(str(root), kind, (*missing, *([] if _told(fault, missing) else [fault])))
    faults, sizes = list(missing), list[tuple[int, int]]()
    for split, paths in splits.items():
        for found in in_parallel(_examine, paths, f"reading {split}", progress=progress, workers=workers):
            faults += found if isinstance(found, list) else []
            sizes += [found] if isinstance(found, tuple) else []
    said = ""
    if layout is not None:
        faults += _counts(root, layout, splits)
        said, wrong = check_landmarks(root, layout, splits, MASK_SIZE)
        faults += [fault for fault in wrong if not _told(fault, missing)]
        faults += _masks(root, layout, splits, progress, workers)
    return PhotoDiagnosis(
        str(root), kind, tuple(faults), {s: len(p) for s, p in splits.items()}, tuple(sizes), landmarks=said
    )


def _nearly(root: Path) -> PhotoLayout | None:
    """A published set that lacks what it is known by: one of its marks is there, and something more of it."""
    for layout in LAYOUTS:
        marks = [name for name in layout.marks if (root / name).exists()]
        rest = [name for name in layout.needs if (root / name).exists()]
        if len(marks) == 1 and rest:
            return layout
    return None


def _missing_files(root: Path, layout: PhotoLayout) -> list[Fault]:
    return [
        Fault(
            str(root / name),
            f"missing from {layout.name}",
            mend="Get it from where the data set is published, and put it there.",
        )
        for name in (*layout.marks, *layout.needs)
        if not (root / name).exists()
    ]


def _told(fault: Fault, missing: Sequence[Fault]) -> bool:
    return any(fault.file == known.file for known in missing)


def _inside(root: Path) -> Iterator[Fault]:
    """A published set one level down: its photographs, masks and all would be taken for photographs."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if (layout := photo_layout(folder)) is not None:
            yield Fault(str(root), f"holds {layout.name} in a folder of its own", mend=f"Name {folder}.")


def _plain_splits(root: Path) -> Splits:
    found = {split: find_photographs(root, split) for split in ("train", "val")}
    return {split: paths for split, paths in found.items() if paths}


def _examine(path: Path) -> tuple[int, int] | list[Fault]:
    """The size of a photograph, or its faults."""
    try:
        height, width, _ = read_photo(path).shape
    except IposeError as error:
        return [Fault.of(error, path)]
    if min(height, width) >= LEAST_SIDE:
        return height, width
    expected = f"{LEAST_SIDE} pixels or more on each side"
    return [Fault(str(path), "too small", f"{height}x{width}", expected, "Get it in its full size, or remove it.")]


def _counts(root: Path, layout: PhotoLayout, splits: Splits) -> list[Fault]:
    return [
        Fault(
            str(root),
            f"split {split!r} of {layout.name} has another count than the published one",
            str(len(splits.get(split, ()))),
            str(count),
            "Get the data set again, or do not compare numbers on it with published ones.",
        )
        for split, count in layout.published.items()
        if len(splits.get(split, ())) != count
    ]


def _masks(root: Path, layout: PhotoLayout, splits: Splits, progress: bool, workers: int | None) -> list[Fault]:
    """Every mask can be read; a folder that is not there at all has been told of."""
    foreground, folder = layout.foreground, root / layout.needs[-1]
    if foreground is None or not folder.is_dir():
        return []

    def covered(photo: Path) -> bool | Fault:
        try:
            return bool(foreground(root, photo, MASK_SIZE).any())
        except IposeError as error:
            return Fault.of(error, folder)

    paths = [path for split in layout.masked for path in splits.get(split, ())]
    found = list(in_parallel(covered, paths, "reading masks", progress=progress, workers=workers))
    faults = [one for one in found if isinstance(one, Fault)]
    if found and not faults and not any(found):
        mend = "Save masks as this set does: 255 = foreground." if layout.name == "Taichi" else "Get the masks again."
        faults = [Fault(str(folder), "no mask has a single pixel of foreground", mend=mend)]
    return faults
