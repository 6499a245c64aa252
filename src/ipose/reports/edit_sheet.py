"""The sheet of an edit: image and parts before and after, and the difference."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw
from torch import Tensor

from ipose.data.palette import INK
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet, enlarge, font
from ipose.reports.figures import instance_picture, label_picture, part_picture, photo
from ipose.reports.sheets import GREYS, class_legend, part_legend
from ipose.types import Scene

SIDE_PX = 192
"""Longer side of a tile, about."""


@dataclass(frozen=True, eq=False)
class Painted:
    """A scene with its generated image. `image`: in [-1, 1]. `parts`: the inferred part of each pixel."""

    scene: Scene
    image: Float[Tensor, "3 h w"]
    parts: UInt8[Tensor, "h w"]
    supports: SupportSet


def edit_sheet(before: Painted, after: Painted, spec: LabelSpec, title: str = "") -> Image.Image:
    """One row of maps and parts, one row of images, and the legend. Objects have the numbers that edits use."""
    furthest = float((after.image - before.image).abs().amax()) / 2
    moved = not torch.equal(before.scene.label, after.scene.label)
    images = [
        Tile(photo(before.image), "before"),
        Tile(photo(after.image), "after"),
        Tile(difference_picture(before.image, after.image), f"difference; white = {100 * furthest:.0f} %"),
    ]
    parts = [_parts_tile(before, spec, "parts before"), _parts_tile(after, spec, "parts after")]
    maps = [Tile(numbered_objects(before.scene, spec), "objects by number")]
    if moved:
        maps += [
            Tile(label_picture(item.scene.label, spec), name)
            for item, name in ((before, "map before"), (after, "map after"))
        ]
    else:
        maps.append(Tile(label_picture(before.scene.label, spec), "label map"))
    lines = [TileRow(images, heading=before.scene.name), TileRow([*maps, *parts])]
    lines.append(TileRow((), heading="classes", legend=class_legend([before.scene, after.scene], spec)))
    shown = [(item, painted.supports) for painted in (after, before) for item in painted.scene.objects]
    for category, supports in {str(item.part_category): supports for item, supports in reversed(shown)}.items():
        if category in supports.part_names:
            names = supports.part_names[category]
            lines.append(TileRow((), heading=f"parts of {category}", legend=part_legend(names)))
    lines.append(TileRow((), heading="grey, in parts", legend=GREYS))
    return contact_sheet(lines, title, side=SIDE_PX)


def difference_picture(before: Float[Tensor, "3 h w"], after: Float[Tensor, "3 h w"]) -> Image.Image:
    """Difference of two images, mean over the colours. Black = equal, white = the largest difference in the picture."""
    difference = (after - before).abs().mean(0)
    scaled = difference / difference.max().clamp(min=1e-12)
    return Image.fromarray((255 * scaled).round().to(torch.uint8).numpy()).convert("RGB")


def numbered_objects(scene: Scene, spec: LabelSpec) -> Image.Image:
    """The enlarged instance picture, with each object's number (its index in `scene.objects`) at its middle."""
    small = instance_picture(scene.label, scene.instance, spec)
    picture = enlarge(small, SIDE_PX)
    pen, factor = ImageDraw.Draw(picture), picture.width / small.width
    for number, item in enumerate(scene.objects):
        own = (scene.label == item.class_id) & (scene.instance == item.instance_id)
        rows, cols = np.nonzero(own.numpy())
        middle = (factor * (np.median(cols) + 0.5), factor * (np.median(rows) + 0.5))
        pen.text(middle, str(number), fill="white", font=font(15), anchor="mm", stroke_width=2, stroke_fill=INK)
    return picture


def _parts_tile(painted: Painted, spec: LabelSpec, caption: str) -> Tile:
    things = torch.tensor([item.thing for item in spec.classes])[painted.scene.label]
    return Tile(part_picture(painted.parts, things), caption)
