"""`ipose segment`: part maps of photographs; and `ipose evaluate` of a part segmenter, by what is known of them."""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, UInt8
from PIL import Image
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import CropRule, DataConfig, PhotoConfig
from ipose.data.file_lists import PHOTO_ENDINGS, files_by_name, list_files
from ipose.data.object_photos import object_crop
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.photo_files import refuse_other_folder
from ipose.data.photo_folder import check_photographs
from ipose.data.photo_layouts import photo_layout
from ipose.data.png import read_photo, write_index
from ipose.data.published.layouts import published_layout, splits_of
from ipose.errors import DataError, IposeError, RunError
from ipose.evaluation.card_folder import card_facts, described, model_facts, write_run_cards
from ipose.evaluation.judges import EvaluateOptions
from ipose.images import image_float
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet, enlarge
from ipose.reports.points_sheet import part_color, part_legend, parts_over
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter, load_part_segmenter
from ipose.systems.judging import Judged
from ipose.systems.part_segmenter.part_maps import PartMapTally, check_truth, file_cards, how_segmented
from ipose.systems.part_segmenter.photo_cards import published_cards
from ipose.training.run import Run
from ipose.types import Scene
from ipose.whole_files import save_whole

log = logging.getLogger(__name__)

SHEET_COLUMNS, SHEET_IMAGES = 6, 24


def photographs_to_segment(inputs: Path, out: Path | None = None) -> dict[str, Path]:
    """The photographs to segment, by name: one file, or all images of a folder and of the folders within it. What is in
    `out` is no input.

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

    Raises:
        DataError: no photographs, or some that cannot be read. All of these are listed, and nothing is written.
    """
    paths, shown = photographs_to_segment(inputs, out), list[Tile]()
    if out.resolve() == inputs.resolve():
        mend = "Name another one: part maps among the photographs would be taken for photographs."
        raise DataError("the folder to write is that of the photographs", file=out, mend=mend)
    check_photographs(list(paths.values()))
    if segmenter.crops is not None:
        log.warning("this segmenter knows objects that are cut out of their photographs: name such images")
    _tell_older_maps(paths, out)
    out.mkdir(parents=True, exist_ok=True)
    parts = len(segmenter.part_names)
    for name, path in paths.items():
        pixels = read_photo(path)
        part = segment_image(segmenter, torch.from_numpy(pixels).permute(2, 0, 1))
        written = out / f"{name}_part.png"
        write_index(written, part, colors=tuple(part_color(k) for k in range(parts + 1)))
        yield written
        if len(shown) < SHEET_IMAGES:
            shown.append(Tile(enlarge(parts_over(Image.fromarray(pixels), part)), name))
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
    """Write part maps of photographs, and eval cards if there are true maps. Yields lines to print.

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


def own_data(run: Run) -> DataConfig:
    """The photographs that the segmenter's generator was trained on."""
    pairs = Path(run.config.get("pairs", run.folder))
    try:
        photographs = config_from_plain(PhotoConfig, Run.open(pairs).config["data"])
    except (IposeError, KeyError, TypeError) as error:
        message = "the run of the generator, which names the photographs, is not here"
        raise RunError(message, file=pairs, mend="Name photographs to judge on with --data.") from error
    return photographs.scenes_config()


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Eval cards of everything that the data can judge, and a sentence for each thing that they cannot.

    Published photographs give landmark errors (CelebA, CUB, Taichi) and foreground IoU (CUB, Flowers,
    Taichi). Scenes give the IoU of things with the foreground, and parts matched to true parts.
    """
    data = data or own_data(run)
    root = Path(data.data)
    if not data.is_partworld and not root.is_dir():
        raise DataError("no such folder of photographs", file=root, mend="Check the path.")
    segmenter = load_part_segmenter(run.folder)
    segmenter.network.to(options.device)
    facts = card_facts(run.folder, data.data, model_facts(run))
    layout = None if data.is_partworld else photo_layout(root)
    if layout is not None:
        return Judged(*published_cards(segmenter, layout, root, facts, options.limit, options.batch_size))
    if not data.is_partworld and not (splits_of(root) or published_layout(root)):
        raise DataError(
            "photographs without a truth to judge by",
            file=root,
            expected="Flowers-102, CUB-200-2011, CelebA, Taichi, or a scene folder",
            mend="Name one with --data, or judge by your own true maps: ipose segment PHOTOGRAPHS --model RUN --truth "
            "MAPS.",
        )
    return _judge_scenes(segmenter, data, {**facts, **how_segmented(segmenter)}, options.limit)


def _judge_scenes(segmenter: TrainedSegmenter, data: DataConfig, facts: dict[str, Any], limit: int | None) -> Judged:
    """Judge validation scenes. Things are the foreground. Parts are matched if all are of one category.

    Of a segmenter of crops, each object is an image by itself, and its own pixels are the foreground.
    """
    dataset, scenes = open_spec(data), open_scenes(data, "val")
    things = torch.tensor([item.thing for item in dataset.labels.classes])
    tally, categories = PartMapTally(len(segmenter.part_names)), set[str]()
    for i in range(min(len(scenes), limit or len(scenes))):
        scene = scenes[i]
        if scene.image is None:
            raise DataError("a scene without a photograph", file=data.data, found=scene.name, mend="Add *_img/.")
        if scene.image is None:
            raise DataError("a scene without a photograph", file=data.data, found=scene.name, mend="Add *_img/.")
        for name, image, foreground, part in images_to_judge(scene, things[scene.label], segmenter.crops):
            truth = [pixels for pixels in (image, foreground, part) if pixels is not None]
            tally.add(name, segment_image(segmenter, image), foreground.long(), part, truth)
        categories |= {item.part_category for item in scene.objects if item.part_category is not None}
    if not tally.images:
        raise DataError("no validation scenes to judge on", file=data.data, mend="Name other data with --data.")
    match, left_out = tally.labels > 0 and len(categories) == 1, ""
    if tally.labels == 0:
        left_out = "No matching of parts: the scenes have no part maps."
    elif not match:
        count = len(categories)
        left_out = f"No matching of parts: they are of {count} categories, whose part ids differ in meaning."
    names = dataset.part_names.get(next(iter(categories)), ()) if match else ()
    cards = tally.cards(segmenter.part_names, facts, names, match=match)
    return Judged(cards, (left_out,) if left_out else ())


def images_to_judge(
    scene: Scene, foreground: Bool[Tensor, "h w"], crops: CropRule | None
) -> Iterator[tuple[str, Tensor, Tensor, Tensor | None]]:
    """Name, pixels, foreground and true parts: of a scene with a photograph, or of each of its objects alone."""
    assert scene.image is not None
    if crops is None:
        yield scene.name, scene.image, foreground, scene.part
        return
    for item in scene.objects:
        cut, window, own = object_crop(scene, item, crops)
        maps = [own.to(torch.uint8)] if scene.part is None else [own.to(torch.uint8), own * scene.part]
        seen = window.cut_map(torch.stack(maps))
        yield f"{scene.name}-{item.instance_id}", cut, seen[0] > 0, None if scene.part is None else seen[1]
