"""The doctor for photographs without labels: any folder of them, or a published set that GANSeg is measured on."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ipose.data.faults import Fault
from ipose.data.landmark_checks import check_landmarks
from ipose.data.parallel import in_parallel
from ipose.data.photo_diagnosis import PhotoDiagnosis
from ipose.data.photo_files import label_map_fault
from ipose.data.photo_folder import find_photographs, images_below
from ipose.data.photo_layouts import LAYOUTS, PhotoLayout, Splits, photo_layout
from ipose.data.png import read_photo
from ipose.data.published.layouts import near_miss, published_layout, splits_of, within_photographs
from ipose.data.specs import DATASET_FILE
from ipose.errors import IposeError

MASK_SIZE = 128
"""Masks are read at the size at which they judge."""

DATA_SETS_IN_WORDS = (
    "a scene folder, Cityscapes (leftImg8bit/, gtFine/), ADE20K (images/, annotations/), a folder of photographs, "
    + " or ".join([", ".join(layout.name for layout in LAYOUTS[:-1]), LAYOUTS[-1].name])
)
"""What `ipose doctor` reads, in words."""


def is_photo_set(root: Path) -> bool:
    """Whether a folder holds photographs alone: a published set (whole or not), or any images that are no scenes.

    The photographs' own folder of a data set with label maps does, too; `examine_photographs` says what lies beside.
    """
    if not root.is_dir():
        return False
    if photo_layout(root) is not None or _nearly(root) is not None:
        return True
    scenes = splits_of(root) or published_layout(root) or (root / DATASET_FILE).is_file()
    if scenes or (near_miss(root) and not within_photographs(root)):
        return False
    return any(images_below(root))


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
    faults, sizes = list(missing), dict[Path, tuple[int, int]]()
    for split, paths in splits.items():
        read = in_parallel(_size_or_fault, paths, f"reading {split}", progress=progress, workers=workers)
        for path, found in zip(paths, read, strict=True):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                sizes[path] = found
    said = ""
    if layout is None:
        maps = label_map_fault(root, [path for paths in splits.values() for path in paths])
        faults += [maps] if maps else []
    else:
        faults += _counts(root, layout, splits)
        said, wrong = check_landmarks(root, layout, splits, MASK_SIZE)
        faults += [fault for fault in wrong if not _told(fault, missing)]
        faults += _masks(root, layout, splits, progress, workers)
    counts = {split: len(paths) for split, paths in splits.items()}
    beside = near_miss(root) if within_photographs(root) else None
    return PhotoDiagnosis(str(root), kind, tuple(faults), counts, sizes, landmarks=said, beside=beside or "")


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


def _size_or_fault(path: Path) -> tuple[int, int] | Fault:
    try:
        height, width, _ = read_photo(path).shape
    except IposeError as error:
        return Fault.of(error, path)
    return height, width


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
