"""Boxes of the object index, and the numbers that cropping and pasting share."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ShapeMismatchError
from ipose.reference import object_crops as reference
from ipose.shapes.crop_geometry import crop_geometry, even_box, geometry_of_objects
from ipose.testing.claims import law
from ipose.testing.object_crops_contract import one_object
from ipose.testing.shape_strategies import object_scenes
from ipose.types import Box, SceneObject

RANGES = st.tuples(st.integers(0, 11), st.integers(0, 11)).map(sorted)


class TestEvenBox:
    """even_box is the box of an object with even sides, as the object index stores it."""

    @law(rows=RANGES, cols=RANGES)
    def test_contains_the_pixels_and_grows_by_one_at_most(self, rows, cols):
        box = even_box(*rows, *cols, image_size=(12, 12))
        for low, high, (first, last) in [(*rows, box[:2]), (*cols, box[2:])] if box else []:
            assert (last - first) % 2 == 0
            assert (first, last) in [(low, high), (low, high + 1)]

    @law(rows=RANGES, cols=RANGES)
    def test_matches_the_literal_rule(self, rows, cols):
        row_range, col_range = reference.even_range(*rows, 12), reference.even_range(*cols, 14)
        box = even_box(*rows, *cols, image_size=(12, 14))
        dropped = min(row_range[1] - row_range[0], col_range[1] - col_range[0]) < 2
        assert box == (None if dropped else (*row_range, *col_range))

    def test_an_odd_extent_gets_a_row_below_even_at_the_last_row(self):
        """The release compares the inclusive end with the image side, so the box may end one row below the image."""
        assert even_box(4, 11, 0, 8, image_size=(12, 12)) == Box(4, 12, 0, 8)

    def test_an_end_beyond_the_image_grows_to_the_other_side(self):
        assert even_box(3, 12, 0, 8, image_size=(12, 12)) == Box(2, 12, 0, 8)

    @pytest.mark.parametrize(("last", "kept"), [(0, False), (1, True), (2, True)])
    def test_drops_what_is_smaller_than_two_after_evening(self, last, kept):
        """One row is dropped; two rows count as three once the box is even."""
        assert (even_box(0, last, 0, 8, image_size=(12, 12)) is not None) == kept
        assert (even_box(0, 8, 0, last, image_size=(12, 12)) is not None) == kept


class TestCropGeometry:
    """crop_geometry takes all objects from box to square at once."""

    @law(scene=object_scenes(), stretch=st.sampled_from(["photograph", "release"]))
    def test_matches_the_literal_steps(self, device, scene, stretch):
        scene = scene.to(device)
        geometry = crop_geometry(scene.boxes, scene.original_size, scene.image_size, stretch=stretch)
        for i, (box, size) in enumerate(zip(scene.boxes.tolist(), scene.original_size.tolist(), strict=True)):
            where = reference.place(tuple(box), tuple(size), scene.image_size, release=stretch == "release")
            assert geometry.start[i].tolist() == [where.top, where.left]
            assert geometry.size[i].tolist() == [where.bottom - where.top, where.right - where.left]
            assert geometry.stretched[i].tolist() == [where.stretched_height, where.stretched_width]
            assert geometry.padding[i].tolist() == [where.pad_rows, where.pad_cols]

    @law(scene=object_scenes(min_objects=1))
    def test_crops_lie_in_the_image_and_padding_makes_a_square_or_one_less(self, device, scene):
        geometry = scene.to(device).geometry
        assert (geometry.start >= 0).all()
        assert (geometry.start + geometry.size <= torch.tensor(scene.image_size, device=device)).all()
        missing = geometry.side[:, None] - (geometry.stretched + 2 * geometry.padding)
        assert set(missing.flatten().tolist()) <= {0, 1}

    @pytest.mark.parametrize(
        ("original", "stretched"),
        [((1, 1), (8, 10)), ((640, 427), (11, 10)), ((480, 640), (8, 13)), ((50, 50), (8, 10))],
    )
    def test_a_square_image_takes_the_aspect_of_its_photograph(self, original, stretched):
        """8 * 640 / 427 = 11.99 and 10 * 640 / 480 = 13.3, rounded down."""
        scene = one_object((6, 10, 8, 14), (24, 24), original)
        assert scene.geometry.size.tolist() == [[8, 10]]
        assert scene.geometry.stretched.tolist() == [list(stretched)]

    def test_an_image_that_kept_its_aspect_is_not_stretched(self):
        scene = one_object((6, 10, 8, 14), (24, 48), (480, 960))
        assert scene.geometry.stretched.tolist() == [[8, 10]]

    def test_the_release_knows_no_aspect_but_the_photographs(self):
        boxes, original = torch.tensor([[6, 10, 8, 14]]), torch.tensor([[480, 960]])
        assert crop_geometry(boxes, original, (24, 48), stretch="release").stretched.tolist() == [[8, 20]]

    def test_an_exact_ratio_is_not_lost_to_rounding(self):
        """10 * 49 / 7 is 70: a ratio in floating point could fall one short."""
        for width in range(1, 60):
            geometry = one_object((6, 10, 8, 14), (24, 24), (width, 3 * width)).geometry
            assert geometry.stretched.tolist() == [[8, 30]]

    @pytest.mark.parametrize("box", [(30, 34, 2, 6), (5, 3, 2, 6), (2, 6, -9, -4)])
    def test_a_box_outside_the_image_is_refused_with_its_numbers(self, box):
        with pytest.raises(ShapeMismatchError, match=r"found \[.*24 x 24"):
            crop_geometry(torch.tensor([box]), torch.tensor([[1, 1]]), (24, 24))

    def test_scene_objects_bring_box_and_original_size(self):
        item = SceneObject(1, 7, "car", Box(6, 10, 8, 14), (480, 640))
        geometry = geometry_of_objects([item, item], (24, 24))
        assert geometry.stretched.tolist() == [[8, 13]] * 2
        assert len(geometry) == 2
        assert len(geometry_of_objects([], (24, 24))) == 0

    @pytest.mark.parametrize(
        ("context", "start", "size"), [(None, [4, 6], [8, 10]), (0, [6, 8], [4, 6]), (1, [5, 7], [6, 8])]
    )
    def test_the_context_around_a_box_is_two_pixels_unless_told_otherwise(self, context, start, size):
        item, more = SceneObject(1, 7, "car", Box(6, 10, 8, 14)), {} if context is None else {"context_px": context}
        geometry = geometry_of_objects([item], (24, 24), **more)
        assert (geometry.start.tolist(), geometry.size.tolist()) == ([start], [size])
        assert crop_geometry(torch.tensor([item.box]), torch.ones(1, 2).long(), (24, 24), **more).size.tolist() == [
            size
        ]

    def test_an_index_picks_objects(self):
        scene = one_object((6, 10, 8, 14), (24, 24))
        both = crop_geometry(torch.tensor([[6, 10, 8, 14], [2, 6, 2, 6]]), torch.ones(2, 2).long(), (24, 24))
        picked = both[torch.tensor([1, 0, 0])]
        assert picked.size.tolist() == [[8, 8], [8, 10], [8, 10]]
        assert picked[1:2].start.tolist() == scene.geometry.start.tolist()
