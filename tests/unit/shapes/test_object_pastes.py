"""Object pastes: part features and logits back in the image plane."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ShapeMismatchError
from ipose.shapes.object_pastes import NOBODY, own_pixel_owner, paste_objects, pasted_shape_owner
from ipose.testing.claims import law
from ipose.testing.object_crops_contract import (
    ObjectPastesContract,
    literal_paste,
    literal_shapes,
    one_object,
    some_features,
)
from ipose.testing.shape_strategies import object_scenes


def paste(features, shapes, scene, mode):
    owner = pasted_shape_owner(shapes, scene.image_index, scene.geometry, scene.label.shape[0])
    return paste_objects(features, owner, scene.geometry, mode=mode)


def owner_by_pixels(scene):
    ids = scene.class_ids, scene.instance_ids, scene.image_index
    return own_pixel_owner(scene.label, scene.instance, *ids, scene.geometry)


class TestPaste(ObjectPastesContract):
    paste = staticmethod(paste)

    @pytest.mark.parametrize("mode", ["bilinear", "nearest"])
    def test_float32_stays_within_1e_5_of_float64(self, device, mode):
        scene = one_object((6, 17, 8, 14), (24, 24), (640, 427)).to(device)
        features, shapes = some_features(scene, 0), torch.ones(1, 1, 16, 16, device=device)
        double, single = (paste(x, shapes, scene, mode) for x in (features, features.float()))
        torch.testing.assert_close(single.double(), double, rtol=0, atol=1e-5)

    def test_low_precision_features_keep_their_dtype(self, device):
        scene = one_object((6, 17, 8, 14), (24, 24)).to(device)
        features, shapes = some_features(scene, 0), torch.ones(1, 1, 16, 16, device=device)
        out = paste(features.bfloat16(), shapes, scene, "bilinear")
        assert out.dtype == torch.bfloat16
        torch.testing.assert_close(out.double(), paste(features, shapes, scene, "bilinear"), rtol=0, atol=0.05)

    def test_low_precision_features_are_placed_as_exactly_as_others(self, device):
        """Given stripes over 300 pixels: bfloat16 has 8 bits, so that the places of columns above 256 fall together."""
        scene = one_object((2, 301, 2, 301), (304, 304)).to(device)
        stripes = (torch.arange(16, device=device) % 2).expand(1, 1, 16, 16).bfloat16()
        shapes = torch.ones(1, 1, 16, 16, device=device)
        low, high = (paste(features, shapes, scene, "bilinear") for features in (stripes, stripes.float()))
        torch.testing.assert_close(low.float(), high, rtol=0, atol=0.02)

    def test_features_of_other_objects_are_refused(self, device):
        scene = one_object((6, 17, 8, 14), (24, 24)).to(device)
        owner = torch.zeros(1, 24, 24, dtype=torch.int64, device=device)
        with pytest.raises(ShapeMismatchError, match="found 2 objects"):
            paste_objects(torch.zeros(2, 3, 16, 16, device=device), owner, scene.geometry, mode="nearest")


class TestReference(ObjectPastesContract):
    """Claims of ObjectPastesContract: matches the literal steps; has the gradient of the literal steps; a constant
    stays that constant; a batch equals its images one by one; order matters only where objects overlap; a later object
    overwrites an earlier one; no objects paste to zeros; a crop of a paste is what was pasted.
    """

    paste = staticmethod(literal_paste)


class TestOwner:
    """Owner maps say which object writes each pixel."""

    @pytest.mark.parametrize(("coverage", "written"), [(0.4, False), (0.5, False), (0.6, True), (1.0, True)])
    def test_a_pixel_that_is_covered_by_more_than_half_is_written(self, coverage, written):
        scene = one_object((6, 17, 8, 14), (24, 24))
        shapes = torch.full((1, 1, 16, 16), coverage)
        owner = pasted_shape_owner(shapes, scene.image_index, scene.geometry, 1)
        assert bool((owner == 0).any()) == written

    @law(scene=object_scenes())
    def test_own_pixels_are_exactly_the_objects_pixels_inside_its_crop(self, device, scene):
        scene = scene.to(device)
        owner, geometry = owner_by_pixels(scene), scene.geometry
        expected = torch.full_like(scene.label, NOBODY)
        for i in range(len(scene)):
            image, box = scene.image_index[i], torch.zeros(scene.image_size, dtype=torch.bool, device=device)
            (top, left), (height, width) = geometry.start[i].tolist(), geometry.size[i].tolist()
            box[top : top + height, left : left + width] = True
            own = (scene.label[image] == scene.class_ids[i]) & (scene.instance[image] == scene.instance_ids[i])
            expected[image][own & box] = i
        assert torch.equal(owner, expected)

    def test_neighbours_of_one_class_own_their_sides(self, device):
        """Two instances of a class share a border; the context of each box reaches into the other."""
        left = one_object((4, 8, 4, 8), (13, 13))
        both = replace(left.select(torch.tensor([0, 0])), instance_ids=torch.tensor([1, 2]))
        both.boxes[1, 2:] += 4
        both.label[:, 4:9, 4:13], both.instance[:, 4:9, 8:13] = 1, 2
        expected = torch.full((1, 13, 13), NOBODY, device=device)
        expected[:, 4:9, 4:8], expected[:, 4:9, 8:13] = 0, 1
        assert torch.equal(owner_by_pixels(both.to(device)), expected)

    def test_by_shape_covers_the_pasted_shape_not_the_own_pixels(self, device):
        """An object that 8 frame pixels cannot draw exactly: the release's rule writes another edge than its own."""
        scene = one_object((3, 24, 5, 21), (32, 32)).to(device)
        shapes = literal_shapes(scene, 8)
        by_shape = pasted_shape_owner(shapes, scene.image_index, scene.geometry, 1)
        assert torch.equal(by_shape >= 0, literal_paste(shapes, shapes, scene, "nearest")[:, 0] > 0)
        assert not torch.equal(by_shape, owner_by_pixels(scene))

    def test_own_pixels_paste_where_the_object_is(self, device):
        scene = one_object((3, 24, 5, 21), (32, 32)).to(device)
        out = paste_objects(
            torch.ones(1, 2, 8, 8, device=device), owner_by_pixels(scene), scene.geometry, mode="bilinear"
        )
        torch.testing.assert_close(out, scene.label[:, None].expand(-1, 2, -1, -1).float())
