"""The nouns check themselves at the door."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ShapeMismatchError, SpecError, SupportError
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import LabelClass, Objective, PartPair, Scene, SceneBatch, SupportSet


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


class TestPartPair:
    """A shape and its part map."""

    def test_part_ids_and_sizes_are_checked(self):
        shape, part = torch.ones(64, 64, dtype=torch.bool), torch.ones(64, 64, dtype=torch.uint8)
        assert PartPair("car", shape, part).category == "car"
        with pytest.raises(ShapeMismatchError, match=r"found 9, expected 0\.\.8"):
            PartPair("car", shape, part * 9)
        with pytest.raises(ShapeMismatchError, match="differ in size"):
            PartPair("car", shape[:32], part)


class TestSupportSet:
    """k part maps for each category, with part names."""

    def maps(self, highest: int = 2, k: int = 2) -> torch.Tensor:
        maps = torch.zeros(k, 64, 64, dtype=torch.uint8)
        maps[:, 8:40, 8:40] = highest
        return maps

    def test_supports_of_objects_come_in_their_order(self):
        supports = SupportSet({"car": ("a",), "dog": ("a", "b")}, {"car": self.maps(1), "dog": self.maps(2)})
        assert [int(maps.max()) for maps in supports.of(["dog", "car", "dog"])] == [2, 1, 2]
        assert supports.of([]).shape == (0, 2, 64, 64)
        assert (supports.k, supports.categories) == (2, ("car", "dog"))

    @pytest.mark.parametrize(
        ("names", "categories", "words"),
        [
            ({"car": ("a", "b")}, {"dog": (2, 2)}, "with part names and with part maps differ"),
            ({"car": ("a",)}, {"car": (2, 2)}, r"found 2, expected 0\.\.1"),
            ({"car": ("a",), "dog": ("a",)}, {"car": (1, 2), "dog": (1, 3)}, "the same number of supports"),
        ],
    )
    def test_what_contradicts_itself_is_refused(self, names, categories, words):
        with pytest.raises(SupportError, match=words):
            SupportSet(names, {name: self.maps(*arguments) for name, arguments in categories.items()})

    def test_a_category_that_is_not_there_is_named_with_those_that_are(self):
        with pytest.raises(SupportError, match="'cat': found car"):
            SupportSet({"car": ("a", "b")}, {"car": self.maps()}).of(["car", "cat"])


class TestLabelSpec:
    """Names and ids, each once."""

    def test_part_categories_come_once_each_in_class_order(self):
        assert SPEC.part_categories == ("car", "dog")
        twice = replace(SPEC, classes=(*SPEC.classes, LabelClass("taxi", 12, (1, 1, 1), True, "car")))
        assert twice.part_categories == ("car", "dog")
        assert twice.num_classes == SPEC.num_classes + 1

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"classes": ()}, "has no classes"),
            ({"classes": (LabelClass("a", 0, (0, 0, 0)), LabelClass("a", 1, (0, 0, 0)))}, "duplicate names: found a"),
            (
                {"classes": (LabelClass("a", 3, (0, 0, 0)), LabelClass("b", 3, (0, 0, 0)))},
                "duplicate file ids: found 3",
            ),
            ({"unknown": 5}, r"found 5, expected 0\.\.4"),
            ({"instance_layout": "stacked"}, "pairs or cityscapes"),
        ],
    )
    def test_what_contradicts_itself_is_refused(self, change, words):
        with pytest.raises(SpecError, match=words):
            replace(SPEC, **change)


def test_a_system_is_whatever_has_networks_optimizers_and_phases():
    class Mine:
        networks: dict[str, torch.nn.Module] = {}  # noqa: RUF012
        optimizers: dict[str, torch.optim.Optimizer] = {}  # noqa: RUF012

        def phases(self, batch, generator):
            yield from ()

    assert isinstance(Mine(), Objective)
    assert not isinstance(Scene, Objective)
