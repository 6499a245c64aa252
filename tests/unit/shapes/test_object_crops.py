"""Object crops: silhouettes, maps and images in the square object frame."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from ipose.reference import object_crops as reference
from ipose.shapes.object_crops import crop_images, crop_maps, crop_object_shapes
from ipose.testing.claims import law
from ipose.testing.object_crops_contract import ObjectCropsContract, empty_scene, literal_shapes, one_object, places
from ipose.testing.shape_strategies import object_scenes


def crop(scene, side):
    ids = scene.class_ids, scene.instance_ids, scene.image_index
    return crop_object_shapes(scene.label, scene.instance, *ids, scene.geometry, crop_size=side)


def some_images(scene, device):
    images = torch.randn(2, 3, *scene.image_size, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return images.to(device)


class TestObjectShapes(ObjectCropsContract):
    """Claims of ObjectCropsContract: matches the literal steps; a batch equals its objects one by one; shows nothing of
    other objects; moves with its object; no objects make no crops; a box that ends odd at the border grows to the other
    side; a squashed landscape object gets its width back.
    """

    crop = staticmethod(crop)


class TestReference(ObjectCropsContract):
    crop = staticmethod(literal_shapes)


class TestMaps:
    """crop_maps crops any map of ids, and marks the padding."""

    @law(scene=object_scenes(min_objects=1))
    def test_the_padding_gets_the_outside_id_and_nothing_else_does(self, device, scene):
        scene = scene.to(device)
        crops = crop_maps(scene.label, scene.image_index, scene.geometry, outside=-1)
        for number, where in enumerate(places(scene)):
            ones = torch.ones(1, *scene.image_size, device=device)
            assert torch.equal(crops[number] == -1, reference.crop(ones, where, 64)[0] == 0)

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.bool])
    def test_keeps_the_dtype_of_the_map(self, device, dtype):
        maps = torch.ones(1, 12, 12, dtype=dtype, device=device)
        scene = one_object((2, 9, 2, 7), (12, 12)).to(device)
        crops = crop_maps(maps, scene.image_index, scene.geometry, outside=0)
        assert crops.dtype == dtype
        assert set(crops.unique().tolist()) == {0, 1}


class TestImages:
    """crop_images shows an object's surroundings with the photograph's aspect, for the style loss."""

    @law(
        scene=object_scenes(min_objects=1), mode=st.sampled_from(["bilinear", "nearest"]), side=st.sampled_from([7, 32])
    )
    def test_matches_the_literal_steps(self, device, scene, mode, side):
        scene = scene.to(device)
        images = some_images(scene, device)
        crops = crop_images(images, scene.image_index, scene.geometry, crop_size=side, mode=mode)
        for number, where in enumerate(places(scene)):
            expected = reference.crop(images[scene.image_index[number]], where, side, mode)
            torch.testing.assert_close(crops[number], expected, rtol=0, atol=1e-12)

    @pytest.mark.parametrize("mode", ["bilinear", "nearest"])
    def test_gradient_reaches_the_box_in_the_image_and_nothing_else(self, device, mode):
        scene = one_object((6, 10, 8, 14), (24, 24)).to(device)
        images = torch.randn(1, 3, 24, 24, generator=torch.Generator().manual_seed(0)).to(device).requires_grad_()
        crop_images(images, scene.image_index, scene.geometry, mode=mode).square().sum().backward()
        touched = images.grad.abs().sum((0, 1)) > 0
        box = F.pad(torch.ones(8, 10, dtype=torch.bool, device=device), (6, 8, 4, 12))
        assert torch.equal(touched, box)

    def test_crops_are_bilinear_and_128_pixels_a_side_unless_told_otherwise(self, device):
        scene = one_object((6, 10, 8, 14), (24, 24)).to(device)
        given = some_images(scene, device), scene.image_index, scene.geometry
        assert torch.equal(crop_images(*given), crop_images(*given, crop_size=128, mode="bilinear"))

    def test_nearest_shows_the_pixels_that_crop_maps_picks(self, device):
        scene = one_object((6, 10, 8, 14), (24, 24), (640, 427)).to(device)
        numbers = torch.arange(1, 24 * 24 + 1, device=device).view(1, 24, 24)
        as_image = crop_images(
            numbers[:, None].float(), scene.image_index, scene.geometry, crop_size=64, mode="nearest"
        )
        assert torch.equal(as_image[:, 0].long(), crop_maps(numbers, scene.image_index, scene.geometry, outside=0))

    @pytest.mark.parametrize("mode", ["bilinear", "nearest"])
    def test_no_objects_make_no_crops(self, device, mode):
        scene = empty_scene().to(device)
        images = torch.zeros(2, 3, *scene.image_size, device=device)
        assert crop_images(images, scene.image_index, scene.geometry, mode=mode).shape == (0, 3, 128, 128)
