"""EditSupports: other supports, other parts, and nothing else."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.editing.draft import Draft
from ipose.editing.edit import Edits, edited_draft
from ipose.editing.layout_edits import AddObject, RemoveObject
from ipose.editing.support_edits import EditSupports
from ipose.errors import ConfigError, SupportError
from ipose.shapes.crop_geometry import geometry_of_objects
from ipose.shapes.object_pastes import NOBODY, own_pixel_owner
from ipose.testing.claims import law
from ipose.testing.tiny_scenes import SPEC, make_scene

SEEDS = st.integers(0, 30)

EDITS = {
    "drop": {"drop": "wheel"},
    "replace": {"replace": torch.full((64, 64), 2, dtype=torch.uint8)},
    "merge": {"rename": ("wheel", "top")},
}


def edited_supports(model, **asked):
    return EditSupports("car", **asked).prepare(Draft(make_scene(0), model.supports, SPEC)).supports


def written_by(scene, category):
    """The pixels that objects of a part category write, and those that any object writes."""
    objects = [item for item in scene.objects if item.part_category is not None]
    geometry = geometry_of_objects(objects, scene.size)
    classes, instances = (torch.tensor([getattr(x, name) for x in objects]) for name in ("class_id", "instance_id"))
    image = torch.zeros(len(objects), dtype=torch.int64)
    owner = own_pixel_owner(scene.label[None], scene.instance[None], classes, instances, image, geometry)[0]
    own = [i for i, item in enumerate(objects) if item.part_category == category]
    return torch.isin(owner, torch.tensor(own, dtype=torch.int64)), owner != NOBODY


class TestWhatTheGeneratorReceives:
    """Part features change where objects of the category are; texture and structure noise stay."""

    @pytest.mark.parametrize("name", EDITS)
    @law(seed=SEEDS)
    def test_part_features_outside_the_objects_of_the_category_stay(self, model, watch, name, seed):
        scene = make_scene(seed)
        before = watch(model, lambda: model(scene))
        after = watch(model, lambda: model(scene, edit=EditSupports("car", **EDITS[name])))
        inside, anyone = written_by(scene, "car")
        old, new = before.features[0], after.features[0]
        assert torch.equal(old[:, ~anyone], new[:, ~anyone])  # both 0
        torch.testing.assert_close(old[:, ~inside], new[:, ~inside], atol=1e-4, rtol=1e-4)
        if inside.any():
            assert (old[:, inside] - new[:, inside]).abs().max() > 1e-3
        assert all(torch.equal(a, b) for a, b in zip(before.maps, after.maps, strict=True))
        assert torch.equal(before.part_noise, after.part_noise)

    def test_the_models_own_supports_are_left_alone(self, model):
        kept = model.supports.part_maps["car"].clone()
        model(make_scene(0), edit=EditSupports("car", drop="wheel"))
        assert torch.equal(model.supports.part_maps["car"], kept)

    def test_a_new_name_changes_no_image(self, model):
        scene = make_scene(0)
        renamed = model(scene, edit=EditSupports("car", rename=("wheel", "tyre")))
        assert torch.equal(model(scene).image, renamed.image)


class TestSupports:
    """What becomes of the part maps."""

    def test_a_dropped_part_becomes_its_nearest_neighbour_and_shapes_stay(self, model):
        old, new = model.supports.part_maps["car"], edited_supports(model, drop="wheel").part_maps["car"]
        assert not (new == 3).any()
        assert torch.equal(new > 0, old > 0)
        assert torch.equal(new[old != 3], old[old != 3])
        assert (new[old == 3] == 2).all()  # the wheel was drawn on the bottom

    def test_a_part_renamed_to_another_counts_as_that_one(self, model):
        old, new = model.supports.part_maps["car"], edited_supports(model, rename=("wheel", "top")).part_maps["car"]
        assert torch.equal(new == 1, (old == 1) | (old == 3))
        assert torch.equal(new == 2, old == 2)

    def test_a_new_name_is_in_the_place_of_the_old_one(self, model):
        edited = edited_supports(model, rename=("top", "roof"))
        assert edited.part_names["car"] == ("roof", "bottom", "wheel")

    def test_one_map_stands_in_for_all_supports(self, model):
        one = torch.ones(64, 64, dtype=torch.uint8)
        assert torch.equal(edited_supports(model, replace=one).part_maps["car"], one.expand(2, 64, 64))

    def test_two_edits_of_one_category_add_up(self, model):
        edit = EditSupports("car", drop="wheel") + EditSupports("car", rename=("top", "bottom"))
        maps = edit.prepare(Draft(make_scene(0), model.supports, SPEC)).supports.part_maps["car"]
        assert maps.unique().tolist() == [0, 2]


class TestErrors:
    """An edit that makes no sense says so."""

    def test_one_thing_at_a_time(self):
        with pytest.raises(ConfigError, match="one of drop='license'"):
            EditSupports("car")
        with pytest.raises(ConfigError, match="found drop and rename"):
            EditSupports("car", drop="wheel", rename=("top", "bottom"))

    @pytest.mark.parametrize(
        ("category", "asked", "words"),
        [
            ("ship", {"drop": "wheel"}, "no such part category: found 'ship', expected car, dog"),
            ("dog", {"drop": "wheel"}, "dog has no such part: found 'wheel', expected front, back"),
            ("car", {"rename": ("door", "top")}, "car has no such part: found 'door'"),
            ("car", {"replace": torch.ones(3, 64, 64, dtype=torch.uint8)}, r"expected torch.uint8 \(2, 64, 64\)"),
            ("car", {"replace": torch.ones(64, 64)}, "found torch.float32"),
            ("car", {"replace": torch.zeros(64, 64, dtype=torch.uint8)}, "an empty part map"),
            ("car", {"replace": torch.full((64, 64), 7, dtype=torch.uint8)}, "part id in the supports of 'car'"),
        ],
        ids=["category", "drop", "rename", "count", "dtype", "empty", "ids"],
    )
    def test_what_the_category_does_not_have(self, model, category, asked, words):
        with pytest.raises(SupportError, match=words):
            model(make_scene(0), edit=EditSupports(category, **asked))

    def test_a_category_that_the_scene_does_not_show(self, model):
        scene = make_scene(0)
        dogs = [RemoveObject(i) for i, item in enumerate(scene.objects) if item.part_category == "dog"]
        car = edited_draft(Edits(tuple(dogs)), scene, model.supports, SPEC).scene
        edit = EditSupports("dog", rename=("front", "back"))
        with pytest.raises(ConfigError, match=r"no object of this category.*: found dog, expected car"):
            model(car, edit=edit)
        dog = AddObject("dog", torch.ones(8, 8, dtype=torch.bool), (20, 30, 8, 8))
        assert torch.equal(model(car, edit=edit + dog).image, model(car, edit=dog + edit).image)

    def test_a_part_that_no_support_shows_cannot_be_dropped_twice(self, model):
        twice = EditSupports("car", drop="wheel") + EditSupports("car", drop="wheel")
        with pytest.raises(SupportError, match="no support of car shows a wheel: expected top, bottom"):
            model(make_scene(0), edit=twice)

    def test_the_last_part_cannot_be_dropped(self, model):
        last = EditSupports("dog", rename=("front", "back")) + EditSupports("dog", drop="back")
        with pytest.raises(SupportError, match="nothing is left of support 1 of dog without its back"):
            model(make_scene(0), edit=last)
