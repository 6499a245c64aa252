"""The image regions that the style loss compares: whole images, or crops of objects, at the same places of fake and
real."""

from collections.abc import Collection
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.losses.precision import full_precision
from ipose.shapes.crop_geometry import CONTEXT_PX, geometry_of_objects
from ipose.shapes.object_crops import crop_images
from ipose.types import SceneBatch

MAX_OBJECTS = 10
"""Most objects in a step, over the whole batch (the release)."""


class StyleCrops(NamedTuple):
    """Regions of fakes and real images, in pairs. Gradients flow into the fakes."""

    fake: Float[Tensor, "n 3 h w"]
    real: Float[Tensor, "n 3 h w"]


def style_crops(
    fake: Float[Tensor, "b 3 h w"],
    real: Float[Tensor, "b 3 h w"],
    batch: SceneBatch,
    rule: Literal["release", "objects"],
    generator: torch.Generator,
    *,
    also: Collection[int] = (),
) -> StyleCrops | None:
    """Draw the regions for this step.

    Crops have the photograph's aspect, are zero-padded to squares, and are 128x128 large.

    Source: iPOSE sec. 3.3 crops objects. Here, "objects" takes any objects, with context, bilinear. "release" takes the
    whole images with probability 1/2. Otherwise it takes up to 10 random objects of the batch with a part category: the
    box without context, nearest.

    Args:
        fake: in [-1, 1].
        real: the photographs.
        batch: with the objects.
        rule: "objects" or "release".
        generator: on the CPU.
        also: for "release": class ids whose objects are shown without a part category, too.
    Returns:
        the regions. None = there are no objects to compare, and the loss is 0.
    """
    if rule == "release" and torch.rand((), generator=generator) < 0.5:
        return StyleCrops(fake, real)
    eligible = [
        i
        for i, item in enumerate(batch.objects)
        if rule == "objects" or item.part_category is not None or item.class_id in also
    ]
    if not eligible:
        return None
    order = torch.randperm(len(eligible), generator=generator)[:MAX_OBJECTS].tolist()
    chosen = [eligible[i] for i in order]
    objects, index = [batch.objects[i] for i in chosen], batch.image_index[chosen]
    bare = rule == "release"
    geometry = geometry_of_objects(objects, batch.size, context_px=0 if bare else CONTEXT_PX).to(fake.device)
    mode: Literal["nearest", "bilinear"] = "nearest" if bare else "bilinear"
    with full_precision(fake, real) as (fake, real):
        return StyleCrops(*(crop_images(images, index, geometry, mode=mode) for images in (fake, real)))
