"""What takes the place of predicted parts: true part maps, position descriptors, nothing."""

from dataclasses import replace

import pytest
import torch

from ipose.data.augment import flip_scene
from ipose.errors import DataError
from ipose.partnet import parts_without_partnet as stand_ins
from ipose.partnet.parts_without_partnet import PositionParts, no_parts, object_numbers, parts_function, true_parts
from ipose.reference.position_descriptor import position_descriptor as literal_descriptor
from ipose.shapes.position_descriptor import position_descriptor
from ipose.testing.tiny_scenes import BOX, make_scene
from ipose.types import Box, SceneBatch, SceneObject


@pytest.fixture(scope="module")
def batch() -> SceneBatch:
    return SceneBatch.from_scenes([make_scene(0), make_scene(1)])


class TestTrueParts:
    """true_parts: the scene's own part map, one-hot; the mask is any part."""

    def test_is_the_part_map_one_hot(self, batch):
        parts = true_parts(batch)
        assert parts.features.shape == (2, 9, 32, 48)
        assert torch.equal(parts.part_map, batch.part)
        assert torch.equal(parts.features.sum(1), torch.ones(2, 32, 48))
        assert torch.equal(parts.features, parts.logits)

    def test_the_mask_is_any_part(self, batch):
        assert torch.equal(true_parts(batch).mask[:, 0], (batch.part > 0).float())

    def test_a_scene_without_a_part_map_is_named(self):
        scenes = [make_scene(0), replace(make_scene(1), part=None)]
        with pytest.raises(DataError, match=r"scene001: .*part maps.*--parts"):
            true_parts(SceneBatch.from_scenes(scenes))


class TestPositionParts:
    """PositionParts: SAFM's descriptor of every object, with parts or without; 0 elsewhere."""

    def test_is_each_objects_own_descriptor(self, batch):
        parts = PositionParts()(batch)
        assert parts.features.shape == (2, 72, 32, 48)
        for item, image in zip(batch.objects, batch.image_index.tolist(), strict=True):
            own = (batch.label[image] == item.class_id) & (batch.instance[image] == item.instance_id)
            alone = position_descriptor(own.int())
            torch.testing.assert_close(parts.features[image][:, own], alone[:, own])

    def test_agrees_with_the_literal_one(self):
        batch = SceneBatch.from_scenes([make_scene(3)])
        expected = literal_descriptor(object_numbers(batch)[0])
        assert ((PositionParts()(batch).features[0] - expected).abs() > 1e-5).float().mean() < 0.001

    def test_objects_without_part_category_count_too(self, batch):
        parts, box = PositionParts()(batch), batch.label == BOX
        assert box.any()
        assert parts.mask[:, 0][box].all()
        assert parts.features.sum(1)[box].allclose(torch.tensor(1.0))

    def test_nothing_is_written_where_no_object_is(self, batch):
        parts = PositionParts()(batch)
        nobody = object_numbers(batch) == 0
        assert not parts.features.sum(1)[nobody].any()
        assert torch.equal(parts.mask[:, 0] == 0, nobody)

    def test_an_object_is_where_label_and_instance_id_are_its_own(self):
        """Given all objects with one instance id: their classes alone tell them apart."""
        scene = make_scene(0)
        objects = tuple(replace(item, instance_id=1) for item in scene.objects)
        one = replace(scene, instance=scene.instance.clamp(max=1), objects=objects)
        numbers = object_numbers(SceneBatch.from_scenes([one]))[0]
        for number, item in enumerate(objects, start=1):
            assert torch.equal(numbers == number, one.label == item.class_id)

    def test_or_where_the_instance_id_alone_is_whatever_the_label_says(self):
        """Given an object of instance 1 with a hole of another label, and one of instance 2 beside it."""
        instance, label = torch.zeros(1, 8, 12, dtype=torch.int32), torch.ones(1, 8, 12, dtype=torch.int64)
        instance[:, 1:7, 1:7], instance[:, 1:7, 8:11] = 1, 2
        label[instance > 0], label[:, 3:5, 3:5] = BOX, 1
        objects = (SceneObject(BOX, 1, None, Box(1, 6, 1, 6)), SceneObject(BOX, 2, None, Box(1, 6, 8, 10)))
        batch = SceneBatch(("a",), None, label, instance, objects, torch.zeros(2, dtype=torch.int64))
        by_label = torch.where(label == BOX, instance, 0)
        assert torch.equal(object_numbers(batch, "instance"), instance)
        assert torch.equal(object_numbers(batch), by_label)
        for rule, own in (("instance", instance), ("label_and_instance", by_label)):
            found = parts_function("position_descriptor", rule)(batch)
            assert torch.equal(found.features[0], position_descriptor(own[0]))
            assert torch.equal(found.mask[0, 0] == 1, own[0] > 0)

    def test_shows_no_parts(self, batch):
        parts = PositionParts()(batch)
        assert parts.logits.shape == (2, 9, 32, 48)
        assert not parts.part_map.any()

    def test_a_scene_without_objects_is_0(self):
        parts = PositionParts()(SceneBatch.from_scenes([replace(make_scene(0), objects=())]))
        assert not parts.features.any()
        assert not parts.mask.any()

    def test_an_outline_that_comes_again_is_not_computed_again(self, batch, monkeypatch):
        asked = []
        monkeypatch.setattr(stand_ins, "position_descriptor", lambda ids: asked.append(1) or position_descriptor(ids))
        parts = PositionParts()
        first, again = parts(batch), parts(SceneBatch.from_scenes([make_scene(1), make_scene(0)]))
        assert len(asked) == 2
        assert torch.equal(again.features, first.features.flip(0))

    def test_a_mirrored_scene_of_the_same_name_is_another_one(self):
        parts, scene = PositionParts(), make_scene(0)
        parts(SceneBatch.from_scenes([scene]))
        mirrored = SceneBatch.from_scenes([flip_scene(scene)])
        assert torch.equal(parts(mirrored).features, PositionParts()(mirrored).features)

    def test_outlines_of_the_same_bytes_but_another_width_are_others(self):
        """Given an object in the first 24 pixels of 8 x 12 and of 12 x 8: two rows, and three."""
        parts = PositionParts()
        for size in ((8, 12), (12, 8)):
            inside = (torch.arange(96) < 24).view(size)
            item = SceneObject(BOX, 1, None, Box(0, 1, 0, 7), (1, 1))
            scene = replace(make_scene(0, size=(32, 48)), image=None, part=None, objects=(item,))
            scene = replace(scene, label=inside * BOX, instance=inside.int())
            found = parts(SceneBatch.from_scenes([scene])).features[0]
            assert torch.equal(found, position_descriptor(inside.int()))

    def test_memory_is_bounded_and_the_oldest_goes_first(self, batch, monkeypatch):
        asked = []
        monkeypatch.setattr(stand_ins, "position_descriptor", lambda ids: asked.append(1) or position_descriptor(ids))
        one = SceneBatch.from_scenes([make_scene(0)])
        enough = 72 * 4 * int((object_numbers(one) > 0).sum())
        parts = PositionParts(cache_bytes=enough)
        for _ in range(2):
            parts(one)
        assert len(asked) == 1
        parts(SceneBatch.from_scenes([make_scene(1)]))
        assert parts._bytes <= enough
        parts(one)
        assert len(asked) == 3


def test_no_parts_are_0_and_weigh_nothing(batch):
    parts = no_parts(batch, 288)
    assert (parts.features.shape, parts.mask.shape) == ((2, 288, 32, 48), (2, 1, 32, 48))
    assert not parts.part_map.any()
    assert parts.features.untyped_storage().nbytes() == 4


def test_each_kind_has_its_stand_in_and_predicted_parts_have_none():
    assert parts_function("true") is true_parts
    assert isinstance(parts_function("position_descriptor"), PositionParts)
    assert parts_function("predicted") is None
