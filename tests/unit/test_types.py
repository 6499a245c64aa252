"""Scenes and batches check themselves when they are made."""

from dataclasses import replace

import pytest
import torch

from ipose import types
from ipose.errors import ShapeMismatchError
from ipose.testing.tiny_scenes import make_scene
from ipose.types import SceneBatch


class TestScene:
    """Maps of one size and of the right dtypes."""

    def test_maps_of_two_sizes_are_refused(self):
        with pytest.raises(ShapeMismatchError, match="differ in size"):
            replace(make_scene(0), instance=torch.zeros(8, 8, dtype=torch.int32))

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("label", torch.zeros(32, 48, dtype=torch.int32)),
            ("instance", torch.zeros(32, 48, dtype=torch.int64)),
            ("image", torch.zeros(3, 32, 48)),
            ("image", torch.zeros(32, 48, dtype=torch.uint8)),
            ("part", torch.zeros(32, 48, dtype=torch.int64)),
        ],
    )
    def test_another_dtype_or_number_of_axes_is_refused_by_name(self, field, value):
        with pytest.raises(ShapeMismatchError, match=rf"\[{field}\] tensor breaks its contract"):
            replace(make_scene(0), **{field: value})

    def test_photograph_and_parts_are_optional(self):
        scene = replace(make_scene(0), image=None, part=None)
        assert scene.size == (32, 48)


class TestSceneBatch:
    """Scenes stacked; objects in one flat list."""

    def test_objects_know_their_image(self):
        scenes = [make_scene(0), replace(make_scene(1), objects=()), make_scene(2)]
        batch = SceneBatch.from_scenes(scenes)
        counts = torch.bincount(batch.image_index, minlength=3).tolist()
        assert counts == [len(scene.objects) for scene in scenes]
        assert batch.objects == scenes[0].objects + scenes[2].objects

    def test_images_go_from_bytes_to_minus_one_to_one(self):
        scene = make_scene(0)
        scene.image[0, 0, :2] = torch.tensor([0, 255], dtype=torch.uint8)
        image = SceneBatch.from_scenes([scene]).image
        assert image[0, 0, 0, :2].tolist() == [-1, 1]

    def test_one_scene_without_a_photograph_leaves_the_batch_without(self):
        batch = SceneBatch.from_scenes([make_scene(0), replace(make_scene(1), image=None, part=None)])
        assert (batch.image, batch.part) == (None, None)

    def test_no_objects_at_all_is_fine(self):
        batch = SceneBatch.from_scenes([replace(make_scene(0), objects=())])
        assert (len(batch.objects), batch.image_index.shape, batch.image_index.dtype) == (0, (0,), torch.int64)

    def test_objects_without_their_image_are_refused(self):
        batch = SceneBatch.from_scenes([make_scene(0)])
        with pytest.raises(ShapeMismatchError, match="every object needs its image"):
            replace(batch, image_index=batch.image_index[:-1])


def test_every_noun_can_be_imported_from_here():
    assert all(hasattr(types, name) for name in types.__all__)
    assert {"LabelSpec", "SupportSet", "PartPair", "Objective", "Scene"} <= set(types.__all__)
