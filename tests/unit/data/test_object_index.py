import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from jaxtyping import TypeCheckError

from ipose.data.object_index import NO_OBJECT, distinct_keys, index_objects, reindex_objects
from ipose.errors import ShapeMismatchError
from ipose.label_spec import LabelClass, LabelSpec
from ipose.testing import law
from ipose.types import Box

SKY, CAR, BIRD = 0, 1, 2


def make_spec(layout: str = "pairs") -> LabelSpec:
    return LabelSpec(
        "tiny",
        (
            LabelClass("sky", 23, (0, 0, 255)),
            LabelClass("car", 26, (255, 0, 0), thing=True, part_category="car"),
            LabelClass("bird", 30, (0, 255, 0), thing=True),
        ),
        instance_layout=layout,
    )


def blank(height: int = 16, width: int = 20) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros(height, width, dtype=torch.int64), torch.zeros(height, width, dtype=torch.int32)


class TestIndexObjects:
    """index_objects finds every (class, instance id) pair of a thing class, in painting order."""

    def test_a_scene_of_stuff_has_no_objects(self) -> None:
        assert index_objects(*blank(), make_spec()) == ()

    @pytest.mark.parametrize("layout", ["pairs", "cityscapes"])
    def test_thing_pixels_of_no_object_make_none(self, layout: str) -> None:
        label, instance = blank()
        label[2:7, 3:12] = CAR
        instance[2:7, 3:12] = NO_OBJECT
        assert index_objects(label, instance, make_spec(layout)) == ()

    def test_a_rectangle_gives_its_class_id_category_and_even_box(self) -> None:
        label, instance = blank()
        label[2:7, 3:12] = CAR  # rows 2..6 and columns 3..11: both spans even already
        instance[2:7, 3:12] = 9
        (car,) = index_objects(label, instance, make_spec(), original_size=(480, 640))
        assert (car.class_id, car.instance_id, car.part_category) == (CAR, 9, "car")
        assert car.box == Box(2, 6, 3, 11)
        assert car.original_size == (480, 640)

    def test_an_odd_span_grows_by_one_pixel(self) -> None:
        label, instance = blank()
        label[2:6, 3:12] = CAR  # rows 2..5: span 3 becomes 4
        assert index_objects(label, instance, make_spec())[0].box == Box(2, 6, 3, 11)

    def test_order_is_by_class_and_then_by_instance_id(self) -> None:
        label, instance = blank()
        label[0:4, 0:4], instance[0:4, 0:4] = BIRD, 1
        label[0:4, 5:9], instance[0:4, 5:9] = CAR, 7
        label[5:9, 0:4], instance[5:9, 0:4] = CAR, 3
        found = [(item.class_id, item.instance_id) for item in index_objects(label, instance, make_spec())]
        assert found == [(CAR, 3), (CAR, 7), (BIRD, 1)]

    def test_instance_id_zero_is_an_object_in_the_pairs_layout(self) -> None:
        label, instance = blank()
        label[0:4, 0:4] = CAR
        assert [item.instance_id for item in index_objects(label, instance, make_spec())] == [0]

    def test_one_id_on_two_classes_is_two_objects(self) -> None:
        label, instance = blank()
        label[0:4, 0:4], label[5:9, 5:9] = CAR, BIRD
        assert [item.class_id for item in index_objects(label, instance, make_spec())] == [CAR, BIRD]

    def test_two_pieces_of_one_object_share_a_box(self) -> None:
        label, instance = blank()
        label[0:3, 0:3] = label[10:13, 10:13] = CAR
        assert [item.box for item in index_objects(label, instance, make_spec())] == [Box(0, 12, 0, 12)]

    def test_specks_below_two_pixels_are_dropped(self) -> None:
        label, instance = blank()
        label[0, 0], label[5, 0:8] = CAR, BIRD  # BIRD's rows span 0
        assert index_objects(label, instance, make_spec()) == ()

    def test_cityscapes_objects_need_an_id_of_their_class(self) -> None:
        label, instance = blank()
        label[0:4, 0:4], instance[0:4, 0:4] = CAR, 26001
        label[0:4, 5:9], instance[0:4, 5:9] = CAR, 26  # a group of cars: no object
        label[5:9, 0:4], instance[5:9, 0:4] = CAR, 30000  # a bird's id
        found = index_objects(label, instance, make_spec("cityscapes"))
        assert [item.instance_id for item in found] == [26001]

    def test_the_smallest_id_of_the_smallest_class_is_an_object(self) -> None:
        """Of file id 1, cityscapes' instance 0 has the number 1000; of class 0, the pair's key is 0."""
        first = LabelSpec("first", (LabelClass("car", 1, (1, 1, 1), thing=True),), instance_layout="cityscapes")
        label, instance = blank()
        assert [i.instance_id for i in index_objects(label, instance + 1000, first)] == [1000]
        pairs = LabelSpec("pairs", first.classes)
        assert [(i.class_id, i.instance_id) for i in index_objects(label, instance, pairs)] == [(0, 0)]

    def test_large_instance_ids_do_not_reach_into_the_class(self) -> None:
        label, instance = blank()
        label[0:4, 0:4], instance[0:4, 0:4] = CAR, 2**31 - 1
        assert [(i.class_id, i.instance_id) for i in index_objects(label, instance, make_spec())] == [(CAR, 2**31 - 1)]

    def test_maps_of_two_sizes_are_refused(self) -> None:
        with pytest.raises((ShapeMismatchError, TypeCheckError)):  # the latter where signatures are checked
            index_objects(blank()[0], blank(8, 8)[1], make_spec())

    @given(st.integers(0, 10_000))
    def test_every_box_holds_all_pixels_of_its_object_and_no_object_is_lost(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        coarse = (rng.integers(0, 3, (4, 5)), rng.integers(0, 3, (4, 5)))
        label, instance = (torch.from_numpy(np.kron(m, np.ones((4, 4), dtype=np.int64))) for m in coarse)
        objects = index_objects(label, instance.int(), make_spec())
        pairs = {(int(c), int(i)) for c, i in zip(label.flatten(), instance.flatten(), strict=True) if c != SKY}
        assert [(item.class_id, item.instance_id) for item in objects] == sorted(pairs)
        for item in objects:
            rows, cols = torch.nonzero((label == item.class_id) & (instance == item.instance_id), as_tuple=True)
            assert item.box.min_row <= rows.min() <= item.box.min_row + 1
            assert item.box.max_row - 1 <= rows.max() <= item.box.max_row
            assert item.box.min_col <= cols.min() <= item.box.min_col + 1
            assert item.box.max_col - 1 <= cols.max() <= item.box.max_col


class TestReindexObjects:
    """reindex_objects gives known objects the boxes of changed maps, in their own order."""

    def scene(self) -> tuple[torch.Tensor, torch.Tensor]:
        label, instance = blank()
        label[0:5, 0:4], instance[0:5, 0:4] = CAR, 7
        label[6:11, 6:15], instance[6:11, 6:15] = BIRD, 7
        label[11:14, 2:7], instance[11:14, 2:7] = CAR, 3
        return label, instance

    def test_on_the_same_maps_it_changes_nothing(self) -> None:
        objects = index_objects(*self.scene(), make_spec(), original_size=(480, 640))
        for given_order in (objects, objects[::-1], objects[1:]):
            assert reindex_objects(*self.scene(), given_order) == given_order

    def test_boxes_follow_the_maps(self) -> None:
        maps = [each.roll((1, 2), (0, 1)) for each in self.scene()]
        moved = reindex_objects(*maps, index_objects(*self.scene(), make_spec()))
        assert moved == index_objects(*maps, make_spec())

    def test_what_is_gone_or_became_a_speck_is_left_out(self) -> None:
        label, instance = self.scene()
        objects = index_objects(label, instance, make_spec())
        label[label == BIRD] = SKY
        label[12:14, 2:7] = SKY  # of the second car one row is left
        assert [(item.class_id, item.instance_id) for item in reindex_objects(label, instance, objects)] == [(CAR, 7)]

    def test_no_objects_stay_none(self) -> None:
        assert reindex_objects(*self.scene(), ()) == ()


@law(h=st.integers(0, 6), w=st.integers(0, 6), values=st.integers(1, 5), seed=st.integers(0, 99))
def test_distinct_keys_are_those_of_unique_with_the_place_of_each_pixel(h, w, values, seed):
    keys = np.random.default_rng(seed).integers(-2, values, (h, w))
    present, codes = distinct_keys(keys)
    assert np.array_equal(present, np.unique(keys))
    assert codes.shape == keys.shape
    assert np.array_equal(present[codes], keys)
