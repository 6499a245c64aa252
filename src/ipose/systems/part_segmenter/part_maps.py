"""Part maps judged by true maps: foreground IoU, parts matched to labels, and eval cards of both."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Integer
from torch import Tensor

from ipose.data.file_lists import named_file
from ipose.data.png import read_index
from ipose.errors import DataError
from ipose.evaluation.card_folder import card_facts, weights_of
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_pairs import Fingerprint
from ipose.evaluation.landmarks import foreground_iou
from ipose.evaluation.part_matching import match_parts, overlap_counts
from ipose.model_folder import open_model
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter


class PartMapTally:
    """Collects part maps beside true maps, one image after the other. `parts`: number of parts that can be found."""

    def __init__(self, parts: int) -> None:
        self.parts, self.labels = parts, 0
        self._ious, self._everything, self._counts = list[float](), list[float](), list[Tensor]()
        self._hash = Fingerprint()

    def add(
        self,
        name: str,
        found: Integer[Tensor, "h w"],
        foreground: Integer[Tensor, "h w"],
        labels: Integer[Tensor, "h w"] | None,
        truth: Sequence[Tensor],
    ) -> None:
        """Add one image. In all maps 0 is the background. `labels`: true parts, None = there are none. `truth`: tensors
        to hash.
        """
        self._ious.append(foreground_iou(found[None], foreground[None]))
        self._everything.append(foreground_iou(torch.ones_like(foreground[None]), foreground[None]))
        for pixels in truth:
            self._hash.add(name, pixels)
        if labels is not None:
            most = max(1, int(labels.max()))
            self._counts.append(overlap_counts(found[None], labels[None], self.parts, most))
            self.labels = max(self.labels, most)

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self._ious)

    def cards(
        self, part_names: Sequence[str], facts: Mapping[str, Any], label_names: Sequence[str] = (), *, match: bool
    ) -> list[EvalCard]:
        """Eval cards: foreground IoU (the mean over the images) and IoU of labels with their matched parts. Labels 1,
        2, ... without a name are numbered. `match` labels only where they mean the same in all images.
        """
        common: dict[str, Any] = {"counts": {"photographs": self.images}, "data": self._hash.hex(), **facts}
        notes = ("each photograph by itself, then the mean; background is what has id 0",)
        beside = {"everything foreground": fmean(self._everything)}
        cards = [EvalCard(metric="Foreground IoU", value=fmean(self._ious), notes=notes, baselines=beside, **common)]
        if match:
            padded = [F.pad(counts, (0, 1 + self.labels - counts.shape[1])) for counts in self._counts]
            matching = match_parts(torch.stack(padded).sum(0))
            count = matching.iou.shape[1]
            labels = [*label_names, *(f"label {i}" for i in range(len(label_names) + 1, count + 1))]
            matched = matching.table(part_names, labels)
            pairs = tuple(f"{part} stands for {label} (IoU {iou:.3f})" for part, label, iou in matched)
            metric, one = "IoU of labels with their matched parts", {"one part for the foreground": matching.one_part}
            cards.append(EvalCard(metric=metric, value=matching.matched_iou, notes=pairs, baselines=one, **common))
        return cards


def how_segmented(segmenter: TrainedSegmenter) -> dict[str, str]:
    """Protocol and resizing of `segment_image`, for eval cards."""
    side, crops = segmenter.image_size, segmenter.crops
    seen = "photographs" if crops is None else f"objects (margin {crops.margin:g}, ground {crops.ground})"
    resize = f"{seen} to {side}x{side} (bilinear, antialiased), logits back (bilinear)"
    return {"protocol": "photographs", "resize": resize}


def tally_of_files(segmenter: TrainedSegmenter, maps: Sequence[Path], truth: Path) -> PartMapTally:
    """Written part maps beside the true maps of the same names.

    Args:
        truth: folder of index PNGs, `<name>.png` or `<name>_part.png`: 0 = background, then labels (or 1 = foreground).
    Raises:
        DataError: a photograph without a true map, or a true map of another size.
    """
    tally = PartMapTally(len(segmenter.part_names))
    for path in maps:
        found = torch.from_numpy(read_index(path))
        true = _truth_of(path, truth, (found.shape[0], found.shape[1]))
        tally.add(path.name, found, true, true, [true])
    return tally


def file_cards(
    segmenter: TrainedSegmenter, maps: Sequence[Path], truth: Path, *, model: Path, images: Path
) -> list[EvalCard]:
    """Eval cards of `tally_of_files`, of a run or model folder `model` on photographs `images`."""
    facts = {**how_segmented(segmenter), **card_facts(images, truth, weights_of(open_model(model).path))}
    tally = tally_of_files(segmenter, maps, truth)
    return tally.cards(segmenter.part_names, facts, match=tally.labels > 1)


def check_truth(names: Iterable[str], truth: Path) -> None:
    """Check that each photograph has a true map, before any is segmented.

    Raises:
        DataError: no such folder, or a photograph without a true map.
    """
    if not truth.is_dir():
        raise DataError("no such folder of true maps", file=truth, mend="Check the path of --truth.")
    for name in names:
        _truth_file(name, truth)


def _truth_file(name: str, truth: Path) -> Path:
    if (file := named_file(truth, f"{name}.png", f"{name}_part.png")) is not None:
        return file
    raise DataError("no true map for a photograph", file=truth, expected=f"{name}.png or {name}_part.png")


def _truth_of(path: Path, truth: Path, size: tuple[int, int]) -> Tensor:
    file = _truth_file(path.stem.removesuffix("_part"), truth)
    true = torch.from_numpy(read_index(file, bits=16))
    if tuple(true.shape) != size:
        found, expected = f"{true.shape[0]}x{true.shape[1]}", f"{size[0]}x{size[1]}"
        raise DataError("a true map of another size than its photograph", file=file, found=found, expected=expected)
    return true
