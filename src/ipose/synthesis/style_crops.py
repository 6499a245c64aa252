"""The image regions that the style loss compares: whole images, or crops of objects, at the same places of fake and
real."""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.losses.precision import full_precision
from ipose.shapes.crop_geometry import geometry_of_objects
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
) -> StyleCrops | None:
    """Draw the regions for this step.

    Source: iPOSE sec. 3.3 crops objects ("objects"). The release compares the whole images with probability 1/2.
    Otherwise it compares up to 10 random objects of the batch, with the photograph's aspect, zero-padded to squares,
    128x128.

    Args:
        fake: in [-1, 1].
        real: the photographs.
        batch: with the objects.
        rule: "objects" or "release". For a batch without objects, "release" gives the whole images and "objects" None.
        generator: on the CPU.
    """
    whole_by_chance = bool(torch.rand((), generator=generator) < 0.5)
    if rule == "release" and (whole_by_chance or not batch.objects):
        return StyleCrops(fake, real)
    if not batch.objects:
        return None
    chosen = torch.randperm(len(batch.objects), generator=generator)[:MAX_OBJECTS]
    geometry = geometry_of_objects([batch.objects[i] for i in chosen.tolist()], batch.size).to(fake.device)
    index = batch.image_index[chosen.to(batch.image_index.device)]
    with full_precision(fake, real) as (fake, real):
        return StyleCrops(crop_images(fake, index, geometry), crop_images(real, index, geometry))
