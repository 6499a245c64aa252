"""Part maps of photographs beside true ones: foreground IoU, parts matched to labels, and eval cards of both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ipose.data.png import read_index
from ipose.errors import DataError
from ipose.evaluation.card_folder import code_facts, weights_of
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_pairs import Fingerprint
from ipose.evaluation.landmarks import foreground_iou
from ipose.evaluation.part_matching import PartMatching, match_parts, overlap_counts
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter


@dataclass(frozen=True, eq=False)
class Judgement:
    """A segmenter's part maps beside true ones.

    Args:
        images: judged.
        foreground_iou: of what is not background.
        everything: the same, if everything were foreground.
        matching: found parts beside labelled ones; None where the truth is foreground alone.
        data: hash of the truth.
    """

    images: int
    foreground_iou: float
    everything: float
    matching: PartMatching | None
    data: str


def check_truth(images: Sequence[Path], truth: Path) -> None:
    """Whether each photograph has a true map; asked before any is segmented.

    Raises:
        DataError: no such folder, or a photograph without a map in it.
    """
    if not truth.is_dir():
        raise DataError("no such folder of true maps", file=truth, mend="Check the path of --truth.")
    for path in images:
        _truth_file(path, truth)


def judge(segmenter: TrainedSegmenter, maps: Sequence[Path], truth: Path) -> Judgement:
    """Part maps that were written beside true ones of the same names: foreground IoU, and parts matched to labels.

    Args:
        segmenter: that wrote them.
        maps: files that `segment_files` wrote.
        truth: folder of index PNGs, `<name>.png` or `<name>_part.png`: 0 = background, then labels (or 1 = foreground).
    Raises:
        DataError: a photograph without a map in `truth`, or one of another size.
    """
    ious, whole, counts = list[float](), list[float](), list[tuple[Tensor, Tensor]]()
    parts, labels, looked = len(segmenter.part_names), 0, Fingerprint()
    for path in maps:
        found = torch.from_numpy(read_index(path))
        true = _truth_of(path, truth, (found.shape[0], found.shape[1]))
        ious.append(foreground_iou(found[None], true[None]))
        whole.append(foreground_iou(torch.ones_like(found[None]), true[None]))
        counts.append((found, true))
        looked.add(path.name, true)
        labels = max(labels, int(true.max()))
    if labels < 2:
        return Judgement(len(ious), sum(ious) / len(ious), sum(whole) / len(whole), None, looked.hex())
    summed = torch.stack([overlap_counts(f[None], t[None], parts, labels) for f, t in counts]).sum(0)
    return Judgement(len(ious), sum(ious) / len(ious), sum(whole) / len(whole), match_parts(summed), looked.hex())


def judgement_cards(
    found: Judgement, segmenter: TrainedSegmenter, folder: Path, images: Path, truth: Path
) -> list[EvalCard]:
    """The numbers with all that they depend on.

    Args:
        found: of `judge`.
        segmenter: that was judged.
        folder: its model folder, or its run.
        images: that it segmented; `truth` what it was judged by.
    """
    side = segmenter.image_size
    place = folder if (folder / "config.json").is_file() else folder / "model"
    common: dict[str, Any] = {
        "protocol": "photographs",
        "resize": f"photographs to {side}x{side} (bilinear, antialiased), logits back (bilinear)",
        "model": weights_of(place),
        "images": str(images),
        "real": str(truth),
        **code_facts(),
    }
    return verdict_cards(found, segmenter.part_names, common)


def verdict_cards(
    found: Judgement, part_names: Sequence[str], facts: Mapping[str, Any], label_names: Sequence[str] = ()
) -> list[EvalCard]:
    """The cards of a judgement; `facts`: what they have in common. Labels without a name have a number."""
    common: dict[str, Any] = {"counts": {"photographs": found.images}, "data": found.data, **facts}
    notes = ("each photograph by itself, then the mean; background is what has id 0",)
    beside = {"everything foreground": found.everything}
    cards = [EvalCard(metric="Foreground IoU", value=found.foreground_iou, notes=notes, baselines=beside, **common)]
    if found.matching is not None:
        count = found.matching.iou.shape[1]
        labels = [*label_names, *(f"label {i}" for i in range(len(label_names) + 1, count + 1))]
        matched = found.matching.table(part_names, labels)
        said = tuple(f"{part} stands for {label} (IoU {iou:.3f})" for part, label, iou in matched)
        value = found.matching.matched_iou
        cards.append(EvalCard(metric="IoU of labels with their matched parts", value=value, notes=said, **common))
    return cards


def _truth_file(path: Path, truth: Path) -> Path:
    name = path.stem.removesuffix("_part")
    file = next((truth / f"{name}{end}.png" for end in ("", "_part") if (truth / f"{name}{end}.png").is_file()), None)
    if file is None:
        raise DataError("no true map for a photograph", file=truth, expected=f"{name}.png or {name}_part.png")
    return file


def _truth_of(path: Path, truth: Path, size: tuple[int, int]) -> Tensor:
    file = _truth_file(path, truth)
    true = torch.from_numpy(read_index(file, bits=16))
    if tuple(true.shape) != size:
        raise DataError(
            "a true map of another size than its photograph",
            file=file,
            found=f"{true.shape[0]}x{true.shape[1]}",
            expected=f"{size[0]}x{size[1]}",
        )
    return true
