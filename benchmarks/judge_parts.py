"""Does a generator of PartWorld paint classes and parts? A segmenter of parts, trained on drawn scenes, judges it.

    ipose train segmenter --parts --height 96 --width 96 --objects 1 2 --object-scale 0.6 0.95 --precision bf16 \\
        --max-minutes 60 --schedule-by-clock --out judge
    python benchmarks/judge_parts.py judge judge partworld runs/other/model    # models, by name or folder
    python benchmarks/judge_parts.py picture partworld out.png                 # a map of twelve categories, two seeds

Scenes of the validation split are judged: the drawings themselves, and the images of two seeds.
"""

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ipose import IPose
from ipose.evaluation.segmenters import Segmenter, load_segmenter
from ipose.images import image_uint8
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.reports.figures import label_picture, part_picture, photo
from ipose.types import Scene

SIDE, COUNT = 96, 200


def world() -> PartWorld:
    """Validation scenes, drawn as those that the bundled model was trained on: one or two large objects."""
    size, scale = (SIDE, SIDE), (0.6, 0.95)
    return PartWorld(PartWorldConfig(split="val", count=COUNT, size=size, objects=(1, 2), object_scale=scale))


def recognised(segmenter: Segmenter, image: Tensor, scene: Scene) -> Tensor:
    """Of the objects' pixels: number, found as their class; of their parts' pixels: number, found as their part."""
    found, found_part = segmenter.regions(image_uint8(image))
    assert scene.part is not None
    assert found_part is not None  # a segmenter of parts
    objects, right = scene.instance > 0, found == scene.label
    parts = objects & (scene.part > 0)
    counts = objects.sum(), (right & objects).sum(), parts.sum(), (right & parts & (found_part == scene.part)).sum()
    return torch.stack(counts).double()


def colours(image: Tensor, scene: Scene) -> Iterator[tuple[int, Tensor]]:
    """Class and part as one number, and mean colour, of each part of each object."""
    assert scene.part is not None
    region = scene.label * 9 + scene.part
    for number in scene.instance.unique().tolist():
        for part in region[scene.instance == number].unique().tolist() if number else ():
            yield part, image[:, (scene.instance == number) & (region == part)].mean(1)


def judge(segmenter: Segmenter, models: list[str]) -> None:
    """A row for the drawings and for each model."""
    scenes = list(world())
    drawn = [scene.image.float() / 127.5 - 1 for scene in scenes if scene.image is not None]
    paints = defaultdict(list)
    for image, scene in zip(drawn, scenes, strict=True):
        for region, colour in colours(image, scene):
            paints[region].append(colour)
    others = torch.cat([torch.pdist(torch.stack(found), p=1) / 3 for found in paints.values() if len(found) > 1]).mean()
    print("| images | objects' pixels found as their class | parts' pixels found as their part | two of one map |")
    print("|---|---|---|---|")
    row("drawings", segmenter, drawn, scenes, float(others))
    for name in models:
        model, images = IPose.from_pretrained(name), []
        for seed in (0, 1):
            images.append([model(scene, seed=seed).image for scene in scenes])
        apart = [
            (a - b).abs().mean()
            for first, second, scene in zip(*images, scenes, strict=True)
            for (_, a), (_, b) in zip(colours(first, scene), colours(second, scene), strict=True)
        ]
        row(name, segmenter, images[0] + images[1], scenes + scenes, float(torch.stack(apart).mean()))


def row(name: str, segmenter: Segmenter, images: list[Tensor], scenes: list[Scene], apart: float) -> None:
    """Shares of pixels, and how far the mean colours of a part lie apart in two seeds (drawings: in two paints)."""
    pairs = zip(images, scenes, strict=True)
    counts = torch.stack([recognised(segmenter, image, scene) for image, scene in pairs]).sum(0)
    print(f"| {name} | {counts[1] / counts[0]:.1%} | {counts[3] / counts[2]:.1%} | {apart:.3f} |", flush=True)


PICTURED = ("stop sign", "tvmonitor", "bicycle", "bus", "cat", "horse", "car", "washer", "aeroplane", "bird")
PICTURED += ("motorbike", "sheep")


def picture(name: str, file: Path) -> None:
    """Label map, inferred parts and the images of two seeds, three scenes beside each other."""
    model, step = IPose.from_pretrained(name), SIDE + 4
    sheet = Image.new("RGB", (3 * 4 * step + 20, len(PICTURED) // 3 * step), "white")
    for number, category in enumerate(PICTURED):
        place = {"size": (SIDE, SIDE), "objects": (1, 1), "object_scale": (0.75, 0.95)}
        settings = PartWorldConfig(split="val", count=1, categories=(category,), **place)
        scene = PartWorld(settings)[0]
        first, second = model(scene, seed=1), model(scene, seed=3)
        parts = part_picture(first.parts, scene.instance > 0)
        tiles = [label_picture(scene.label, model.spec), parts, photo(first.image), photo(second.image)]
        for column, tile in enumerate(tiles):
            sheet.paste(tile.convert("RGB"), ((number % 3 * 4 + column) * step + number % 3 * 10, number // 3 * step))
    sheet.quantize(256).save(file, optimize=True)


if __name__ == "__main__":
    if sys.argv[1] == "picture":
        picture(sys.argv[2], Path(sys.argv[3]))
    else:
        judge(load_segmenter(Path(sys.argv[2]), PARTWORLD), sys.argv[3:])
