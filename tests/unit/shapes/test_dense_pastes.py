"""Pastes whose sizes depend on no data are the pastes of `object_pastes`."""

import torch

from ipose.shapes.crop_geometry import even_box
from ipose.shapes.dense_pastes import box_pixels, even_boxes, last_writer, paste_densely, pasted_shapes
from ipose.shapes.object_pastes import own_pixel_owner, pasted_shape_owner
from ipose.testing.claims import law
from ipose.testing.object_crops_contract import SIDE, ObjectPastesContract, literal_shapes
from ipose.testing.shape_strategies import object_scenes


def paste(features, shapes, scene, mode):
    written = pasted_shapes(shapes, scene.geometry)
    owner = last_writer(written, scene.image_index, scene.label.shape[0])
    return paste_densely(features, owner, scene.geometry, mode=mode)


class TestDensePaste(ObjectPastesContract):
    """Claims of ObjectPastesContract: matches the literal steps; has the gradient of the literal steps; a constant
    stays that constant; a batch equals its images one by one; order matters only where objects overlap; a later object
    overwrites an earlier one; no objects paste to zeros; a crop of a paste is what was pasted.
    """

    paste = staticmethod(paste)


@law(scene=object_scenes(min_objects=1))
def test_owners_are_those_of_the_fast_form(scene):
    shapes, images = literal_shapes(scene, SIDE).float(), len(scene.label)
    by_shape = last_writer(pasted_shapes(shapes, scene.geometry), scene.image_index, images)
    assert torch.equal(by_shape, pasted_shape_owner(shapes, scene.image_index, scene.geometry, images))
    own = (scene.label[scene.image_index] == scene.class_ids[:, None, None]) & (
        scene.instance[scene.image_index] == scene.instance_ids[:, None, None]
    )
    ids = scene.class_ids, scene.instance_ids, scene.image_index, scene.geometry
    by_pixel = last_writer(own & box_pixels(scene.geometry), scene.image_index, images)
    assert torch.equal(by_pixel, own_pixel_owner(scene.label, scene.instance, *ids))


@law(scene=object_scenes(min_objects=1))
def test_boxes_are_those_of_the_object_index(scene):
    masks = (scene.instance == 1) | (scene.label == 2)
    for mask, box in zip(masks, even_boxes(masks).tolist(), strict=True):
        rows, cols = mask.any(1).nonzero().flatten().tolist(), mask.any(0).nonzero().flatten().tolist()
        if rows:
            expected = even_box(rows[0], rows[-1], cols[0], cols[-1], tuple(mask.shape))
            small = box[1] - box[0] < 2 or box[3] - box[2] < 2
            assert small if expected is None else tuple(expected) == tuple(box)
