"""Objects moved, removed, added, and painted; the rest of the scene stays."""

from dataclasses import replace

import pytest
import torch
from hypothesis import assume
from hypothesis import strategies as st

from ipose.data.object_index import index_objects
from ipose.editing.draft import own_pixels
from ipose.editing.edit import Edits, edited_draft
from ipose.editing.layout_edits import AddObject, EditLabel, MoveObject, RemoveObject
from ipose.editing.noise_edits import Resample
from ipose.editing.support_edits import EditParts, EditSupports
from ipose.errors import ConfigError
from ipose.groupdnet.label_tensor import instance_edges
from ipose.part_annotations import SupportSet
from ipose.shapes.crop_geometry import geometry_of_objects
from ipose.shapes.object_crops import crop_object_shapes
from ipose.testing.claims import law
from ipose.testing.tiny_scenes import BOX, CAR, DOG, SPEC, make_scene
from ipose.types import Scene

SEEDS = st.integers(0, 30)

SHIFTS = st.integers(-6, 6)


def scene_of(*areas: tuple[int, int, int, int, int], size: tuple[int, int] = (32, 48)) -> Scene:
    """Sky with rectangles (class, top, left, height, width)."""
    label, instance = torch.ones(size, dtype=torch.int64), torch.zeros(size, dtype=torch.int32)
    for number, (class_id, top, left, height, width) in enumerate(areas, start=1):
        label[top : top + height, left : left + width] = class_id
        instance[top : top + height, left : left + width] = number
    return Scene("drawn", None, label, instance, index_objects(label, instance, SPEC))


def apply(model, scene, *edits):
    return edited_draft(Edits(edits), scene, model.supports, SPEC)


def same_maps(a, b):
    return torch.equal(a.scene.label, b.scene.label) and torch.equal(a.scene.instance, b.scene.instance)


@pytest.fixture
def scene():
    return scene_of((CAR, 4, 4, 8, 10), (DOG, 20, 30, 8, 8))


class TestMove:
    """An object goes elsewhere with its pixels."""

    def test_its_pixels_are_shifted_and_its_place_is_ground(self, model, scene):
        moved = apply(model, scene, MoveObject(0, down=10, right=3)).scene
        expected = scene_of((CAR, 14, 7, 8, 10), (DOG, 20, 30, 8, 8))
        assert torch.equal(moved.label, expected.label)
        assert torch.equal(moved.instance, expected.instance)
        assert moved.objects == expected.objects

    def test_the_last_object_leaves_ground_behind_as_the_first_does(self, model, scene):
        moved = apply(model, scene, MoveObject(1, down=2, right=-9)).scene
        expected = scene_of((CAR, 4, 4, 8, 10), (DOG, 22, 21, 8, 8))
        assert torch.equal(moved.label, expected.label)
        assert torch.equal(moved.instance, expected.instance)

    @law(seed=SEEDS, shifts=st.tuples(SHIFTS, SHIFTS, SHIFTS, SHIFTS))
    def test_edits_of_different_objects_commute(self, model, seed, shifts):
        scene = make_scene(seed)
        assume(len(scene.objects) > 1)
        one, other = MoveObject(0, *shifts[:2]), MoveObject(1, *shifts[2:])
        for pair in ((one, other), (one, RemoveObject(1)), (RemoveObject(0), other)):
            try:
                first = apply(model, scene, *pair)
            except ConfigError:
                continue  # moved out of the image, or behind the other one
            assert same_maps(first, apply(model, scene, *pair[::-1]))

    def test_two_moves_of_one_object_add_up(self, model, scene):
        twice = apply(model, scene, MoveObject(0, 2, 3), MoveObject(0, 1, -1))
        assert same_maps(twice, apply(model, scene, MoveObject(0, 3, 2)))

    def test_what_leaves_the_image_is_cut_off(self, model, scene):
        moved = apply(model, scene, MoveObject(0, down=-8)).scene
        assert int((moved.label == CAR).sum()) == 4 * 10

    def test_outside_the_image_there_is_nothing_to_see(self, model, scene):
        with pytest.raises(ConfigError, match="nothing to see of an object where it was put"):
            apply(model, scene, MoveObject(0, down=100))

    def test_a_scene_of_things_alone_has_nothing_to_put_behind(self, model):
        full = scene_of((CAR, 0, 0, 32, 24), (DOG, 0, 24, 32, 24))
        with pytest.raises(ConfigError, match="no pixel of stuff"):
            apply(model, full, MoveObject(0, down=2))

    def test_part_features_follow_the_object(self, model, watch, scene):
        before = watch(model, lambda: model(scene)).features
        after = watch(model, lambda: model(scene, edit=MoveObject(0, down=10, right=4))).features
        torch.testing.assert_close(after[..., 12:24, 6:20], before[..., 2:14, 2:16], atol=1e-5, rtol=1e-4)
        assert not after[..., 2:11, 2:16].any()


class TestRemove:
    """An object goes, the others stay and keep their numbers."""

    def test_leaves_the_scene_without_it(self, model, scene):
        left = apply(model, scene, RemoveObject(0))
        expected = scene_of((DOG, 20, 30, 8, 8))
        assert torch.equal(left.scene.label, expected.label)
        assert [item.class_id for item in left.scene.objects] == [DOG]

    def test_a_neighbour_stays_as_it_is_and_does_not_grow_into_its_place(self, model):
        """Given a car that touches a dog of the same instance id."""
        both = scene_of((CAR, 4, 4, 8, 10), (DOG, 4, 14, 8, 10))
        instance = both.instance.clamp(max=1)
        both = replace(both, instance=instance, objects=index_objects(both.label, instance, SPEC))
        left = apply(model, both, RemoveObject(0)).scene
        assert torch.equal(left.label, scene_of((DOG, 4, 14, 8, 10)).label)

    def test_the_others_keep_their_numbers_and_its_own_is_gone(self, model, scene):
        gone = RemoveObject(0)
        other = model(scene, edit=gone + Resample(object=1)).image
        assert not torch.equal(other, model(scene, edit=gone).image)
        for edit in (gone + Resample(object=0), gone + MoveObject(0, 1), gone + gone):
            with pytest.raises(ConfigError, match="no such object: found 0, expected 1 dog"):
                model(scene, edit=edit)


class TestAdd:
    """A new object, in front."""

    SHAPE = torch.ones(5, 9, dtype=torch.bool)

    def test_is_an_object_like_any_other_with_the_next_number(self, model, scene):
        added = AddObject("car", self.SHAPE, (10, 20, 6, 12))
        result = apply(model, scene, added)
        assert [item.class_id for item in result.scene.objects] == [CAR, DOG, CAR]
        assert int(own_pixels(result.scene, result.scene.objects[2]).sum()) == 6 * 12
        assert len({item.instance_id for item in result.scene.objects}) == 3
        assert not torch.equal(model(scene, edit=added).image, model(scene, edit=added + Resample(object=2)).image)

    def test_it_has_the_part_category_of_its_class_and_the_photographs_size(self, model, scene):
        sized = replace(scene, objects=tuple(replace(item, original_size=(300, 500)) for item in scene.objects))
        added = apply(model, sized, AddObject("car", self.SHAPE, (10, 20, 6, 12))).scene.objects[2]
        assert (added.part_category, added.original_size) == ("car", (300, 500))

    def test_a_class_is_named_before_a_part_category(self, scene):
        """Given a lorry with the parts of a car, which comes before the car."""
        lorry = replace(SPEC.classes[BOX], name="lorry", part_category="car")
        spec = replace(SPEC, classes=(*SPEC.classes[:CAR], lorry, *SPEC.classes[CAR:BOX]))
        for name, class_id in (("car", CAR + 1), ("lorry", CAR)):
            added = edited_draft(
                AddObject(name, self.SHAPE, (10, 20, 6, 8)), replace(scene, objects=()), SupportSet({}, {}), spec
            )
            assert added.scene.objects[0].class_id == class_id

    def test_it_can_be_moved_and_taken_away_again(self, model, scene):
        added = AddObject("box", self.SHAPE, (10, 20, 6, 12))
        assert same_maps(apply(model, scene, added, RemoveObject(2)), apply(model, scene))
        moved = apply(model, scene, added, MoveObject(2, down=4)).scene
        assert int((moved.label[14:20, 20:32] == BOX).sum()) == 72

    @pytest.mark.parametrize("ids", [(1, 3), (7, 2), (40000, 1)])
    def test_its_number_is_new_where_the_others_have_gaps(self, model, scene, ids):
        """Given instance ids that leave some out, the next one is above all of them, whatever their count."""
        label, instance = scene.label, torch.zeros_like(scene.instance)
        for class_id, number in zip((CAR, DOG), ids, strict=True):
            instance[label == class_id] = number
        gaps = Scene("gaps", None, label, instance, index_objects(label, instance, SPEC))
        twice = [AddObject("car", self.SHAPE, (10, 20, 6, 12)), AddObject("box", self.SHAPE, (24, 2, 6, 12))]
        added = apply(model, gaps, *twice).scene.objects
        assert [item.instance_id for item in added] == [*ids, max(ids) + 1, max(ids) + 2]

    def test_among_cityscapes_ids_its_number_is_one_of_its_class(self, scene):
        """Class 7's instances are 7001, 7002, ...: that is how the class is read from them."""
        spec, label = replace(SPEC, instance_layout="cityscapes"), scene.label
        instance = torch.where(label == CAR, 7004, torch.where(label == DOG, 9000, 1)).int()
        given = Scene("city", None, label, instance, index_objects(label, instance, spec))
        added = [
            edited_draft(AddObject(name, self.SHAPE, (10, 20, 6, 8)), given, SupportSet({}, {}), spec)
            for name in ("car", "box")
        ]
        assert [draft.scene.objects[2].instance_id for draft in added] == [7005, 11000]

    def test_its_silhouette_is_resized_by_nearest_neighbour(self, model, scene):
        shape = torch.tensor([[True, False], [False, True]])
        added = apply(model, scene, AddObject("box", shape, (12, 20, 6, 8))).scene
        expected = shape.repeat_interleave(3, 0).repeat_interleave(4, 1)
        assert torch.equal(added.label[12:18, 20:28] == BOX, expected)

    def test_of_a_shrunk_silhouette_every_third_pixel_is_picked(self, model, scene):
        shape = torch.zeros(9, 9, dtype=torch.bool)
        shape[::3, ::3] = True
        added = apply(model, scene, AddObject("box", shape, (12, 20, 3, 3))).scene
        assert (added.label[12:15, 20:23] == BOX).all()

    @pytest.mark.parametrize("box", [(26, 20, 6, 12), (0, 36, 6, 12), (0, 0, 6, 12), (0, 0, 3, 3)])
    def test_its_box_may_touch_the_images_edges_and_be_three_pixels_small(self, model, scene, box):
        top, left, height, width = box
        added = apply(model, scene, AddObject("box", self.SHAPE, box)).scene
        assert (added.label[top : top + height, left : left + width] == BOX).all()
        assert int((added.label == BOX).sum()) == height * width

    def test_it_is_in_front_of_those_before_it(self, model, scene):
        both = [AddObject("box", self.SHAPE, (4, 4, 6, 6)), AddObject("dog", self.SHAPE, (4, 4, 3, 6))]
        result = apply(model, scene, *both).scene
        assert (result.label[4:7, 4:10] == DOG).all()
        assert (result.label[7:10, 4:10] == BOX).all()

    @pytest.mark.parametrize("box", [(-1, 0, 6, 6), (0, 0, 40, 6), (0, 44, 6, 6), (0, 0, 2, 6)])
    def test_its_box_lies_inside_the_image(self, model, scene, box):
        with pytest.raises(ConfigError, match="no place for an object"):
            apply(model, scene, AddObject("car", self.SHAPE, box))

    def test_it_is_a_thing_that_the_spec_knows(self, model, scene):
        with pytest.raises(ConfigError, match="no such class of things: found 'sky', expected car, dog, box"):
            apply(model, scene, AddObject("sky", self.SHAPE, (0, 0, 6, 6)))

    def test_something_is_drawn(self):
        with pytest.raises(ConfigError, match="no silhouette"):
            AddObject("car", ~self.SHAPE, (0, 0, 6, 6))


class TestLabel:
    """A region of another class."""

    def region(self, *area: int) -> torch.Tensor:
        return scene_of((BOX, *area)).label == BOX

    def test_stuff_takes_its_pixels_from_objects_whose_boxes_follow(self, model, scene):
        cut = apply(model, scene, EditLabel(self.region(4, 4, 4, 10), "sky")).scene
        assert torch.equal(cut.label, scene_of((CAR, 8, 4, 4, 10), (DOG, 20, 30, 8, 8)).label)
        assert cut.objects[0].box.min_row == 8
        assert not cut.instance[4:8, 4:14].any()  # stuff belongs to no instance

    def test_new_ground_has_its_label_id_in_the_instance_map_so_that_it_has_edges(self, model, scene):
        region = self.region(24, 4, 4, 10)
        ground = apply(model, scene, EditLabel(region, "void")).scene
        assert set(ground.instance[region].tolist()) == {255}
        assert torch.equal(ground.instance[~region], scene.instance[~region])
        edges = instance_edges(apply(model, scene, EditLabel(region, "void")).scene.instance[None])[0, 0].bool()
        assert edges[24, 4:14].all()

    def test_new_ground_is_one_with_the_ground_of_its_class_beside_it(self, model, scene):
        region = self.region(24, 4, 4, 10)  # sky that becomes sky, of which this map has the number 0
        assert torch.equal(apply(model, scene, EditLabel(region, "sky")).scene.instance, scene.instance)

    def test_new_ground_of_a_class_with_several_numbers_has_its_label_id(self, model, scene):
        numbered = replace(scene, instance=scene.instance.clone())
        numbered.instance[:, 40:][scene.label[:, 40:] == 1] = 7
        region = self.region(4, 4, 8, 10)
        ground = apply(model, numbered, EditLabel(region, "sky")).scene
        assert set(ground.instance[region].tolist()) == {SPEC.classes[1].file_id}
        assert SPEC.classes[1].file_id not in (0, 7)

    def test_a_covered_object_is_gone_and_the_others_keep_their_numbers(self, model, scene):
        covered = EditLabel(self.region(4, 4, 8, 10), "sky")
        assert same_maps(apply(model, scene, covered), apply(model, scene, RemoveObject(0)))
        assert torch.equal(
            model(scene, edit=covered + Resample(object=1)).image,
            model(scene, edit=RemoveObject(0) + Resample(object=1)).image,
        )

    def test_things_are_new_objects(self, model, scene):
        labelled = apply(model, scene, EditLabel(self.region(20, 6, 6, 12), "dog"))
        added = apply(model, scene, AddObject("dog", torch.ones(2, 2, dtype=torch.bool), (20, 6, 6, 12)))
        assert same_maps(labelled, added)
        assert len(labelled.scene.objects) == 3

    def test_a_region_that_makes_no_sense_says_so(self, model, scene):
        with pytest.raises(ConfigError, match="no such class: found 'lava', expected void, sky"):
            apply(model, scene, EditLabel(self.region(4, 4, 4, 4), "lava"))
        for region in (torch.ones(4, 4, dtype=torch.bool), torch.zeros(32, 48, dtype=torch.bool)):
            with pytest.raises(ConfigError, match="no region to label"):
                apply(model, scene, EditLabel(region, "sky"))


class TestPaint:
    """The part map of one object, painted."""

    def test_only_the_painted_object_changes(self, model, watch):
        scene = scene_of((CAR, 4, 4, 8, 10), (CAR, 20, 30, 8, 8))
        paint = torch.full(scene.size, 3, dtype=torch.uint8)
        before = watch(model, lambda: model(scene)).features
        after = watch(model, lambda: model(scene, edit=EditParts(0, paint))).features
        torch.testing.assert_close(before[..., 16:, :], after[..., 16:, :], atol=1e-5, rtol=1e-4)
        assert (before[..., :16, :] - after[..., :16, :]).abs().max() > 1e-3

    def test_its_only_support_is_the_painting_in_the_object_frame(self, model, scene):
        paint = torch.zeros(scene.size, dtype=torch.uint8)
        paint[4:8, :], paint[8:12, :] = 1, 2
        draft = apply(model, scene, EditParts(0, paint))
        maps = draft.supports.part_maps[draft.scene.objects[0].part_category]
        assert maps.shape == (2, 64, 64)
        assert torch.equal(maps[0], maps[1])
        around = maps[0].clone()
        own = crop_object_shapes(
            scene.label[None],
            scene.instance[None],
            *(torch.tensor([n]) for n in (CAR, 1, 0)),
            geometry_of_objects(scene.objects[:1], scene.size),
        )
        around[own[0, 0] > 0] = 0
        assert not around.any()  # what is painted beside the object does not count
        assert maps[0].unique().tolist() == [0, 1, 2]
        assert (maps[0] == 1).nonzero()[:, 0].max() < (maps[0] == 2).nonzero()[:, 0].min()

    def test_a_painted_object_can_be_moved_in_either_order(self, model, scene):
        paint, move = EditParts(0, torch.ones(scene.size, dtype=torch.uint8)), MoveObject(0, down=6)
        first, second = (model(scene, edit=edit) for edit in (paint + move, move + paint))
        assert torch.equal(first.image, second.image)
        assert not torch.equal(first.image, model(scene, edit=move).image)

    def test_supports_of_the_category_are_the_others_business(self, model, scene):
        paint = EditParts(0, torch.ones(scene.size, dtype=torch.uint8))
        drop = EditSupports("car", drop="wheel")
        assert torch.equal(model(scene, edit=paint + drop).image, model(scene, edit=paint).image)

    @pytest.mark.parametrize(
        ("number", "part_map", "words"),
        [
            (0, torch.ones(5, 5, dtype=torch.uint8), "a painted part map must have the scene's size"),
            (0, torch.full((32, 48), 4, dtype=torch.uint8), "found 4, expected 0 no part, 1 top, 2 bottom, 3 wheel"),
            (0, torch.zeros(32, 48, dtype=torch.uint8), "no part is painted on object 0"),
            (1, torch.ones(32, 48, dtype=torch.uint8), "object 1 has no parts to paint: found box"),
        ],
        ids=["size", "id", "nothing", "no parts"],
    )
    def test_a_painting_that_makes_no_sense_says_so(self, model, number, part_map, words):
        with pytest.raises(ConfigError, match=words):
            model(scene_of((CAR, 4, 4, 8, 10), (BOX, 20, 30, 8, 8)), edit=EditParts(number, part_map))
