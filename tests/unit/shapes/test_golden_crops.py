"""Object crops equal the release's, pixel for pixel; everything comes from the golden files and their metadata."""

import pytest
import torch

from helpers.golden_scenes import golden_batch, golden_rows
from ipose.shapes.crop_geometry import crop_geometry
from ipose.shapes.object_crops import crop_object_shapes
from ipose.shapes.object_pastes import pasted_shape_owner


@pytest.fixture(params=["scene_parts", "scene_parts_borders"])
def golden(request, golden_file):
    return golden_file(request.param)


def geometry_of(golden, device):
    _, rows = golden_rows(golden)
    size = golden["in.instance"].shape[-2:]
    return crop_geometry(rows[:, 1:5], rows[:, 5:7], (size[0], size[1]), stretch="release").to(device)


def test_crops_equal_the_releases_pixel_for_pixel(golden, device):
    batch = golden_batch(golden).to(device)
    ids = torch.tensor([item.instance_id for item in batch.objects], device=device)
    maps = (batch.label, batch.instance, torch.zeros_like(ids), ids, batch.image_index)
    shapes = crop_object_shapes(*maps, geometry_of(golden, device), crop_size=golden.config["object_size"])
    assert shapes.any()
    assert torch.equal(shapes.cpu(), golden["out.object_shapes"])


def test_pastes_write_the_pixels_that_the_release_writes(golden, device):
    index, _ = golden_rows(golden)
    shapes, written = golden["out.object_shapes"], golden["out.part_logits"].abs().sum(1) > 0
    owner = pasted_shape_owner(shapes.to(device), index.to(device), geometry_of(golden, device), len(written))
    assert torch.equal(owner.cpu() >= 0, written)
