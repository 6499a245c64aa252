"""`ipose segment`: parts of photographs that nobody annotated; judged where there is truth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from ipose.data.photo_checks import refuse_other_folder
from ipose.data.photo_folder import SUFFIXES, check_photographs, is_image
from ipose.data.png import read_index, read_photo, write_index
from ipose.errors import DataError
from ipose.evaluation.contact_sheet import Tile, TileRow, contact_sheet, enlarge
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.ganseg_sheet import part_color, part_legend, parts_over
from ipose.evaluation.landmarks import foreground_iou
from ipose.evaluation.part_matching import PartMatching, match_parts, overlap_counts
from ipose.ganseg.saved_segmenter import TrainedSegmenter
from ipose.workflows.card_facts import code_facts, weights_of
from ipose.workflows.image_pairs import Fingerprint

SHEET_COLUMNS, SHEET_IMAGES = 6, 24


@dataclass(frozen=True, eq=False)
class Judgement:
    """A segmenter's part maps beside true ones.

    Args:
        images: judged.
        foreground_iou: of what is not background.
        matching: found parts beside labelled ones; None where the truth is foreground alone.
        data: hash of the truth.
    """

    images: int
    foreground_iou: float
    matching: PartMatching | None
    data: str


def find_images(inputs: Path) -> list[Path]:
    """One image, or all of a folder but hidden ones. Raises DataError: none, or the folder of a run or of supports."""
    if inputs.is_file():
        return [inputs]
    refuse_other_folder(inputs)
    found = sorted(path for path in inputs.glob("*") if is_image(path)) if inputs.is_dir() else []
    if not found:
        what = "no photographs in this folder" if inputs.is_dir() else "no such file or folder"
        raise DataError(what, file=inputs, expected=f"files ending in {', '.join(SUFFIXES)}")
    return found


def segment_photo(segmenter: TrainedSegmenter, path: Path) -> Tensor:
    """The part map of a photograph at its own size, uint8 (h, w): 0 = background, 1..K = parts."""
    return segment_image(segmenter, torch.from_numpy(read_photo(path)).permute(2, 0, 1))


@torch.no_grad()
def segment_image(segmenter: TrainedSegmenter, image: UInt8[Tensor, "3 h w"]) -> UInt8[Tensor, "h w"]:
    """The part map of an image at its own size: 0 = background, 1..K = parts.

    The network sees the image at the square size that it was trained at; its logits come back to the image's.
    """
    device, side = next(segmenter.network.parameters()).device, segmenter.image_size
    picture = Image.fromarray(image.permute(1, 2, 0).cpu().numpy()).resize((side, side), Image.Resampling.BILINEAR)
    seen = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(side, side, 3)
    small = seen.permute(2, 0, 1)[None].to(device).float() / 127.5 - 1
    size = (image.shape[1], image.shape[2])
    logits = F.interpolate(segmenter.network(small), size=size, mode="bilinear", align_corners=False)
    return logits[0].argmax(0).to(torch.uint8).cpu()


def segment_files(segmenter: TrainedSegmenter, inputs: Path, out: Path) -> Iterator[Path]:
    """`<name>_part.png` for each photograph, at its size, and `sheet.png` with some of them.

    Args:
        segmenter: trained.
        inputs: a photograph, or a folder of them.
        out: folder to write.
    Yields:
        each file as it is written.
    Raises:
        DataError: no photographs, or some that cannot be read: all of them are listed, and nothing is written.
    """
    paths, shown = find_images(inputs), list[Tile]()
    check_photographs(paths)
    out.mkdir(parents=True, exist_ok=True)
    parts = len(segmenter.part_names)
    for path in paths:
        part = segment_photo(segmenter, path)
        written = out / f"{path.stem}_part.png"
        write_index(written, part, colors=tuple(part_color(k) for k in range(parts + 1)))
        yield written
        if len(shown) < SHEET_IMAGES:
            shown.append(Tile(enlarge(parts_over(Image.fromarray(read_photo(path)), part)), path.stem))
    rows = [TileRow(shown[i : i + SHEET_COLUMNS]) for i in range(0, len(shown), SHEET_COLUMNS)]
    rows[-1] = TileRow(rows[-1].tiles, "", part_legend(parts, segmenter.part_names))
    title = f"{len(shown)} of {len(paths)} photographs" if len(shown) < len(paths) else ""
    contact_sheet(rows, title).save(out / "sheet.png")
    yield out / "sheet.png"


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
    ious, counts, parts, labels = list[float](), list[tuple[Tensor, Tensor]](), len(segmenter.part_names), 0
    looked = Fingerprint()
    for path in maps:
        found = torch.from_numpy(read_index(path))
        true = _truth_of(path, truth, (found.shape[0], found.shape[1]))
        ious.append(foreground_iou(found[None], true[None]))
        counts.append((found, true))
        looked.add(path.name, true)
        labels = max(labels, int(true.max()))
    if labels < 2:
        return Judgement(len(ious), sum(ious) / len(ious), None, looked.hex())
    summed = torch.stack([overlap_counts(f[None], t[None], parts, labels) for f, t in counts]).sum(0)
    return Judgement(len(ious), sum(ious) / len(ious), match_parts(summed), looked.hex())


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
    cards = [EvalCard(metric="Foreground IoU", value=found.foreground_iou, notes=notes, **common)]
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
