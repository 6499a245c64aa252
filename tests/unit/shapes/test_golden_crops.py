"""Object crops equal the release's, pixel for pixel; everything comes from the golden files and their metadata."""

import pytest
import torch

from ipose.shapes.crop_geometry import crop_geometry
from ipose.shapes.object_crops import crop_object_shapes
from ipose.shapes.object_pastes import pasted_shape_owner


@pytest.fixture(params=["scene_parts", "scene_parts_borders"])
def scene(request, golden_file):
    """Tensors, config, and the objects of one file: (image index, row of crop_params) each."""
    golden = golden_file(request.param)
    rows = golden["in.crop_params"]
    image_index = torch.arange(len(rows)).repeat_interleave(rows.shape[1])
    return golden.tensors, golden.config, image_index, rows.flatten(0, 1)


def instance_ids(instance, image_index, numbers):
    """The id of each object in its instance map: the whole number (Cityscapes form), else the id alone."""
    whole = [(instance[i] == number).any().item() for i, number in zip(image_index, numbers, strict=True)]
    return torch.where(torch.tensor(whole), numbers, numbers % 1000)


def geometry_of(rows, config):
    size = config["image_height"], config["image_width"]
    return crop_geometry(rows[:, 1:5], rows[:, 5:7], size, stretch="release")


def test_crops_equal_the_releases_pixel_for_pixel(scene, device):
    tensors, config, image_index, rows = scene
    instance = tensors["in.instance"][:, 0]
    ids = instance_ids(instance, image_index, rows[:, 0])
    no_class = torch.zeros_like(instance), torch.zeros_like(ids)  # the files hold no label map
    inputs = (no_class[0], instance, no_class[1], ids, image_index)
    shapes = crop_object_shapes(
        *(tensor.to(device) for tensor in inputs), geometry_of(rows, config).to(device), crop_size=config["object_size"]
    )
    expected = tensors["out.object_shapes"].to(device)
    assert shapes.any()
    assert torch.equal(shapes, expected)


def test_pastes_write_the_pixels_that_the_release_writes(scene, device):
    tensors, config, image_index, rows = scene
    shapes, written = tensors["out.object_shapes"], tensors["out.part_logits"].abs().sum(1) > 0
    owner = pasted_shape_owner(
        shapes.to(device), image_index.to(device), geometry_of(rows, config).to(device), len(written)
    )
    assert torch.equal(owner >= 0, written.to(device))
