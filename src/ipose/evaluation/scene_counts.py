"""What a segmenter finds in each image, in pixels: mIoU of classes and of parts, and how sure a difference is.

Counts are kept for each scene. So two models on the same scenes can be compared by a paired bootstrap.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from jaxtyping import Float64, Int64
from safetensors.torch import load_file
from torch import Tensor

from ipose.data.parallel import progress_bar
from ipose.errors import ConfigError
from ipose.evaluation.image_pairs import SceneMaps, size_of
from ipose.evaluation.image_sets import Pictured
from ipose.evaluation.segmenters import Segmenter
from ipose.evaluation.semantic_metrics import semantic_confusion
from ipose.part_annotations import PART_CHANNELS
from ipose.types import Scene
from ipose.whole_files import save_tensors

RESAMPLINGS = 1000
COVERED = 0.95
"""Share of the resamplings that an interval covers."""


class SceneCounts(NamedTuple):
    """Numbers of pixels in each scene, for each of k classes (or regions). Pixels that do not count are in none.

    Args:
        right: of the class, and found as it.
        true: of the class.
        found: found as the class.
    """

    right: Int64[Tensor, "n k"]
    true: Int64[Tensor, "n k"]
    found: Int64[Tensor, "n k"]

    def iou(self, times: Float64[Tensor, "m n"] | None = None) -> Float64[Tensor, "m k"]:
        """Intersection over union of the whole set; NaN for a class that is neither true nor found.

        Args:
            times: how often each scene counts, in m drawings of scenes. None = once each.
        """
        times = torch.ones(1, len(self.true), dtype=torch.float64) if times is None else times
        right, true, found = (times @ counts.double() for counts in self)
        return right / (true + found - right)

    @property
    def miou(self) -> float:
        """Mean IoU of the classes that are true or found somewhere."""
        return float(self.iou().nanmean())

    @property
    def accuracy(self) -> float:
        """Share of right pixels. NaN without pixels."""
        return float(self.right.sum().double() / self.true.sum())


def class_counts(
    found: Int64[Tensor, "h w"], scene: Scene, num_classes: int, ignored: Sequence[int] = ()
) -> Int64[Tensor, "3 k"]:
    """Right, true and found pixels of each class. Pixels of an ignored true class do not count."""
    counts = _counts(found, scene.label, num_classes, ignored)
    counts[:, list(ignored)] = 0
    return counts


def part_counts(
    classes: Int64[Tensor, "h w"], parts: Int64[Tensor, "h w"], scene: Scene, num_classes: int
) -> Int64[Tensor, "3 k"] | None:
    """Right, true and found pixels of each (class, part), among the pixels that have a part. None without a part map.

    A pixel is right if class and part are. So a cat's head that is found as a dog's head is wrong.
    """
    if scene.part is None:
        return None
    has_part = scene.part > 0
    true = scene.label[has_part] * PART_CHANNELS + scene.part[has_part].long()
    found = classes[has_part] * PART_CHANNELS + parts[has_part]
    counts = _counts(found[None], true[None], num_classes * PART_CHANNELS)
    counts[:, ::PART_CHANNELS] = 0  # found without a part: wrong, but no part
    return counts


def _counts(found: Tensor, true: Tensor, count: int, ignored: Sequence[int] = ()) -> Int64[Tensor, "3 k"]:
    confusion = semantic_confusion([(found, true)], count)
    confusion[list(ignored)] = 0
    return torch.stack([confusion.diagonal(), confusion.sum(1), confusion.sum(0)])


def stacked(counts: Iterable[Int64[Tensor, "3 k"]]) -> SceneCounts:
    """The counts of scenes, one after the other."""
    return SceneCounts(*torch.stack(list(counts), 1))


def count_scenes(segmenter: Segmenter, images: Sequence[Pictured], maps: SceneMaps) -> dict[str, SceneCounts]:
    """Counts of classes ("miou"), and of parts ("part_miou") if the segmenter tells them apart and all scenes have part
    maps.

    Args:
        images: one for each scene.
    """
    spec, classes, parts = maps.spec, list[Tensor](), list[Tensor | None]()
    for image in progress_bar(images, "segmenting"):
        pixels = image.pixels()
        scene = maps.scene(image.scene, size_of(pixels))
        found, part = segmenter.regions(pixels)
        classes.append(class_counts(found, scene, spec.num_classes, segmenter.ignored(spec)))
        parts.append(None if part is None else part_counts(found, part, scene, spec.num_classes))
    known = [counts for counts in parts if counts is not None]
    return {"miou": stacked(classes)} | ({"part_miou": stacked(known)} if len(known) == len(parts) else {})


def write_counts(counts: Mapping[str, SceneCounts], file: Path) -> None:
    """Write counts, by name."""
    tensors = {f"{name}.{what}": rows for name, of in counts.items() for what, rows in of._asdict().items()}
    save_tensors({name: rows.to(torch.int32).contiguous() for name, rows in tensors.items()}, file)


def read_counts(file: Path) -> dict[str, SceneCounts]:
    """Counts of a file, by name; {} if there is none."""
    tensors = {name: rows.long() for name, rows in load_file(file).items()} if file.is_file() else {}
    names = {name.split(".")[0] for name in tensors}
    return {name: SceneCounts(*(tensors[f"{name}.{what}"] for what in SceneCounts._fields)) for name in names}


def paired_bootstrap(
    row: Sequence[SceneCounts], reference: Sequence[SceneCounts], seed: int = 0
) -> tuple[float, float]:
    """Interval of mIoU of a row minus mIoU of its reference, in 0..1, that covers `COVERED` of the resamplings.

    Each resampling draws as many scenes as there are, with repetition: the same ones for both. What is left is the
    chance of the scenes; that of the training is between the seeds.

    Args:
        row: counts of the same scenes, for each training seed. mIoU is their mean.
        reference: likewise.
        seed: of the drawings.
    Raises:
        ConfigError: other scenes in one of them.
    """
    sizes = {len(counts.true) for counts in (*row, *reference)}
    if len(sizes) != 1:
        raise ConfigError("a paired bootstrap needs the same scenes", found=sorted(sizes), expected="one number")
    (n,) = sizes
    drawn = torch.randint(n, (RESAMPLINGS, n), generator=torch.Generator().manual_seed(seed))
    times = torch.zeros(RESAMPLINGS, n, dtype=torch.float64)
    times.scatter_add_(1, drawn, torch.ones_like(times))
    ours, others = (
        torch.stack([counts.iou(times).nanmean(1) for counts in trained]).mean(0) for trained in (row, reference)
    )
    low, high = (ours - others).quantile(torch.tensor([(1 - COVERED) / 2, (1 + COVERED) / 2], dtype=torch.float64))
    return float(low), float(high)
