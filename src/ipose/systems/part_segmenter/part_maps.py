"""`ipose segment --truth`: part maps judged by true maps, with foreground IoU and with parts matched to labels."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ipose.data.png import read_index
from ipose.errors import DataError
from ipose.evaluation.card_folder import code_facts, described, weights_of, write_run_cards
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_pairs import Fingerprint
from ipose.evaluation.landmarks import foreground_iou
from ipose.evaluation.part_matching import PartMatching, match_parts, overlap_counts
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter, load_part_segmenter
from ipose.systems.part_segmenter.segment import find_images, segment_files


@dataclass(frozen=True, eq=False)
class Judgement:
    """Scores of a segmenter's part maps beside true maps.

    Args:
        images: number of photographs.
        foreground_iou: IoU of the pixels that are not background, the mean over the photographs.
        everything: the same, if every pixel were foreground.
        matching: found parts matched to labels. None = the truth has only foreground and background.
        data: hash of the true maps.
    """

    images: int
    foreground_iou: float
    everything: float
    matching: PartMatching | None
    data: str


def segment_and_judge(
    model: Path, images: Path, out: Path, *, truth: Path | None = None, device: str = "cpu"
) -> Iterator[str]:
    """Write part maps of photographs, and eval cards if there are true maps. Yields lines to print.

    Args:
        model: run or model folder of a part segmenter.
        images: a photograph, or a folder of them.
        out: folder to write to.
        truth: folder of true maps. None = no eval cards.
        device: of the segmenter.
    Raises:
        RunError: no part segmenter in `model`.
        DataError: no photographs, some that cannot be read, or some without a true map.
    """
    if truth is not None:
        check_truth(find_images(images), truth)
    segmenter = load_part_segmenter(model)
    segmenter.network.to(device)
    written = list(segment_files(segmenter, images, out))
    yield from map(str, written)
    if truth is not None:
        cards = judgement_cards(judge(segmenter, written[:-1], truth), segmenter, model, images, truth)
        yield from map(described, write_run_cards(cards, out / "cards"))


def check_truth(images: Sequence[Path], truth: Path) -> None:
    """Check that each photograph has a true map, before any is segmented.

    Raises:
        DataError: no such folder, or a photograph without a true map.
    """
    if not truth.is_dir():
        raise DataError("no such folder of true maps", file=truth, mend="Check the path of --truth.")
    for path in images:
        _truth_file(path, truth)


def judge(segmenter: TrainedSegmenter, maps: Sequence[Path], truth: Path) -> Judgement:
    """Compare written part maps with the true maps of the same names.

    Args:
        segmenter: the segmenter that made the maps.
        maps: part maps that `segment_files` wrote.
        truth: folder of index PNGs, `<name>.png` or `<name>_part.png`: 0 = background, then labels (or 1 = foreground).
    Raises:
        DataError: a photograph without a true map, or a true map of another size.
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
    """Eval cards of a judgement.

    Args:
        found: result of `judge`.
        segmenter: the judged segmenter.
        folder: its run or model folder.
        images: the photographs.
        truth: folder of the true maps.
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
    return score_cards(found, segmenter.part_names, common)


def score_cards(
    found: Judgement, part_names: Sequence[str], facts: Mapping[str, Any], label_names: Sequence[str] = ()
) -> list[EvalCard]:
    """Eval cards of a judgement: foreground IoU and, where there are labels, IoU of labels with their matched parts.

    Args:
        found: the scores.
        part_names: of the segmenter's parts.
        facts: fields that all cards share.
        label_names: of labels 1, 2, ... Labels without a name are numbered.
    """
    common: dict[str, Any] = {"counts": {"photographs": found.images}, "data": found.data, **facts}
    notes = ("each photograph by itself, then the mean; background is what has id 0",)
    beside = {"everything foreground": found.everything}
    cards = [EvalCard(metric="Foreground IoU", value=found.foreground_iou, notes=notes, baselines=beside, **common)]
    if found.matching is not None:
        count = found.matching.iou.shape[1]
        labels = [*label_names, *(f"label {i}" for i in range(len(label_names) + 1, count + 1))]
        matched = found.matching.table(part_names, labels)
        pairs = tuple(f"{part} stands for {label} (IoU {iou:.3f})" for part, label, iou in matched)
        value = found.matching.matched_iou
        cards.append(EvalCard(metric="IoU of labels with their matched parts", value=value, notes=pairs, **common))
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
        found, expected = f"{true.shape[0]}x{true.shape[1]}", f"{size[0]}x{size[1]}"
        raise DataError("a true map of another size than its photograph", file=file, found=found, expected=expected)
    return true
