"""`ipose segment`: part maps of photographs."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as F
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from ipose.data.file_lists import PHOTO_ENDINGS, files_by_name, list_files
from ipose.data.photo_files import refuse_other_folder
from ipose.data.photo_folder import check_photographs
from ipose.data.png import read_photo, write_index
from ipose.errors import DataError
from ipose.evaluation.card_folder import described, write_run_cards
from ipose.images import image_float
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet, enlarge
from ipose.reports.points_sheet import part_color, part_legend, parts_over
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter, load_part_segmenter
from ipose.systems.part_segmenter.part_maps import check_truth, file_cards
from ipose.whole_files import save_whole

log = logging.getLogger(__name__)

SHEET_COLUMNS, SHEET_IMAGES = 6, 24


def photographs_to_segment(inputs: Path, out: Path | None = None) -> dict[str, Path]:
    """The photographs to segment, by name: one file, or all images of a folder and of the folders within it.

    Args:
        inputs: the file or the folder.
        out: the folder to write to; what is in it is no input.

    Raises:
        DataError: no image, the folder of a run or of supports, or two images whose part maps would have the same name.
    """
    if inputs.is_file():
        return {inputs.stem: inputs}
    refuse_other_folder(inputs)
    found = files_by_name(inputs, PHOTO_ENDINGS, "photographs", skip=out)
    if not found:
        what = "no photographs in this folder" if inputs.is_dir() else "no such file or folder"
        raise DataError(what, file=inputs, expected=f"files ending in {', '.join(PHOTO_ENDINGS)}")
    return found


def segment_photo(segmenter: TrainedSegmenter, path: Path) -> Tensor:
    """The part map of a photograph at its own size, uint8 (h, w): 0 = background, 1..K = parts."""
    return segment_image(segmenter, torch.from_numpy(read_photo(path)).permute(2, 0, 1))


@torch.no_grad()
def segment_image(segmenter: TrainedSegmenter, image: UInt8[Tensor, "3 h w"]) -> UInt8[Tensor, "h w"]:
    """The part map of an image at its own size: 0 = background, 1..K = parts.

    The image is resized to the network's training size. The logits are resized back to the image's size.
    """
    device, side = next(segmenter.network.parameters()).device, segmenter.image_size
    picture = Image.fromarray(image.permute(1, 2, 0).cpu().numpy()).resize((side, side), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(side, side, 3)
    small = image_float(pixels.permute(2, 0, 1)[None].to(device))
    size = (image.shape[1], image.shape[2])
    logits = F.interpolate(segmenter.network(small), size=size, mode="bilinear", align_corners=False)
    return logits[0].argmax(0).to(torch.uint8).cpu()


def segment_files(segmenter: TrainedSegmenter, inputs: Path, out: Path) -> Iterator[Path]:
    """Write `<name>_part.png` for each photograph, at its size, and `sheet.png` with some of them.

    Args:
        segmenter: a trained segmenter.
        inputs: a photograph, or a folder of them.
        out: folder to write.
    Yields:
        the path of each file after it is written.
    Raises:
        DataError: no photographs, or some that cannot be read. All of these are listed, and nothing is written.
    """
    paths, shown = photographs_to_segment(inputs, out), list[Tile]()
    if out.resolve() == inputs.resolve():
        mend = "Name another one: part maps among the photographs would be taken for photographs."
        raise DataError("the folder to write is that of the photographs", file=out, mend=mend)
    check_photographs(list(paths.values()))
    _tell_older_maps(paths, out)
    out.mkdir(parents=True, exist_ok=True)
    parts = len(segmenter.part_names)
    for name, path in paths.items():
        part = segment_photo(segmenter, path)
        written = out / f"{name}_part.png"
        write_index(written, part, colors=tuple(part_color(k) for k in range(parts + 1)))
        yield written
        if len(shown) < SHEET_IMAGES:
            shown.append(Tile(enlarge(parts_over(Image.fromarray(read_photo(path)), part)), name))
    rows = [TileRow(shown[i : i + SHEET_COLUMNS]) for i in range(0, len(shown), SHEET_COLUMNS)]
    rows[-1] = TileRow(rows[-1].tiles, "", part_legend(parts, segmenter.part_names))
    title = f"{len(shown)} of {len(paths)} photographs" if len(shown) < len(paths) else ""
    save_whole(contact_sheet(rows, title), out / "sheet.png")
    yield out / "sheet.png"


def _tell_older_maps(names: Iterable[str], out: Path) -> None:
    """Say what an earlier call left in the folder: these maps are of other photographs, and stay."""
    own = {f"{name}_part.png" for name in names}
    if older := [path.name for path in list_files(out, ("_part.png",), depth=1, tell=False) if path.name not in own]:
        more = ", ..." if len(older) > 1 else ""
        log.warning("%s: %d part maps of other photographs stay there (%s%s)", out, len(older), older[0], more)


def segment_and_judge(
    model: Path, images: Path, out: Path, *, truth: Path | None = None, device: str = "cpu"
) -> Iterator[str]:
    """Write part maps of photographs, and eval cards if there are true maps.

    Args:
        model: run or model folder of a part segmenter.
        images: a photograph, or a folder of them.
        out: folder to write, with eval cards in its `cards/`.
        truth: folder of true maps. None = no eval cards.
        device: of the segmenter.
    Yields:
        lines to print: the files, then the cards.
    Raises:
        RunError: no part segmenter in `model`.
        DataError: no photographs, some that cannot be read, or one without a true map. Nothing is written.
    """
    if truth is not None:
        check_truth(photographs_to_segment(images, out), truth)
    segmenter = load_part_segmenter(model)
    segmenter.network.to(device)
    *maps, sheet = segment_files(segmenter, images, out)
    yield from map(str, (*maps, sheet))
    if truth is not None:
        cards = file_cards(segmenter, maps, truth, model=model, images=images)
        yield from map(described, write_run_cards(cards, out / "cards"))
