"""The tools PartWorld is drawn with: dice, outlines, exact coverage, paints, sketches."""

import math

import numpy as np
import pytest
from hypothesis import strategies as st

from ipose.partworld import scenery
from ipose.partworld.canvas import SUBPIXEL, Canvas, coverage
from ipose.partworld.categories import DRAW
from ipose.partworld.config import CATEGORIES, PART_NAMES, STUFF
from ipose.partworld.dice import Dice
from ipose.partworld.outlines import box, ellipse, hole, limb, polygon, ring, walk
from ipose.partworld.sketch import PATTERNS, Paint, Sketch
from ipose.partworld.vehicles import add_wheels, new_livery
from ipose.testing.claims import law

HEIGHT, WIDTH = 12, 14


def painted(*outlines, height=HEIGHT, width=WIDTH):
    top, left, mask = coverage(outlines, height, width)
    whole = np.zeros((height, width), dtype=bool)
    whole[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return whole


def winding(outline, x, y):
    """Turns of the outline around a point, by the angle that each edge spans."""
    vertices = np.rint(np.asarray(outline) * SUBPIXEL) / SUBPIXEL - (x, y)
    angles = [math.atan2(v[1], v[0]) for v in vertices]
    steps = [(b - a + math.pi) % (2 * math.pi) - math.pi for a, b in zip(angles, angles[1:] + angles[:1], strict=True)]
    return round(sum(steps) / (2 * math.pi))


corners = st.tuples(st.floats(-4, 18).map(lambda x: x + 0.003), st.floats(-4, 16).map(lambda y: y + 0.003))


class TestCoverage:
    """Pixels whose centre an outline runs around, in exact integers."""

    @law(points=st.lists(corners, min_size=3, max_size=7, unique=True))
    def test_agrees_with_the_winding_number_of_every_pixel_centre(self, points):
        outline = np.asarray(points)
        # an edge exactly through a centre is a matter of convention, so centres are compared away from edges
        grid = np.rint(outline * SUBPIXEL)
        outline = np.where(grid % SUBPIXEL == SUBPIXEL // 2, grid + 1, grid) / SUBPIXEL
        found = painted(outline)
        for row in range(HEIGHT):
            for column in range(WIDTH):
                center = (column + 0.5, row + 0.5)
                if _clear_of_edges(outline, center):
                    assert found[row, column] == (winding(outline, *center) != 0)

    def test_counts_a_square_by_hand(self):
        assert painted(box(2, 3, 6, 5)).sum() == 8
        assert painted(box(2, 3, 6, 5))[3:5, 2:6].all()

    def test_lets_a_ring_stay_empty_inside(self):
        mask = painted(*ring((7, 6), 5, 2))
        assert not mask[6, 7]
        assert mask[6, 3]

    def test_unites_overlapping_outlines_and_cuts_holes(self):
        assert painted(box(1, 1, 5, 5), box(3, 3, 8, 8)).sum() == 16 + 25 - 4
        assert painted(box(1, 1, 7, 7), hole(box(3, 3, 5, 5))).sum() == 36 - 4

    def test_is_empty_outside_the_canvas(self):
        assert not painted(box(-9, -9, -2, -2)).any()
        assert not painted(box(20, 2, 30, 5)).any()

    def test_an_edge_moves_in_steps_of_a_64th_of_a_pixel(self):
        """Given right edges around the centre of column 4, which a box covers if the edge lies beyond the centre."""
        assert [painted(box(1, 1, 4.5 + step / 64, 5))[2].sum() for step in (-1, 1)] == [3, 4]
        assert len({painted(box(1, 1, 4.5 + step / 64, 5))[2].sum() for step in (-0.4, 0, 0.4)}) == 1

    def test_does_not_move_with_the_last_bit_of_a_vertex(self):
        outline = ellipse((6, 6), 4.7, 3.2, 0.3)
        assert np.array_equal(painted(outline), painted(np.nextafter(outline, np.inf)))


def _clear_of_edges(outline, center, margin=0.02):
    a, b = outline, np.roll(outline, -1, axis=0)
    along = b - a
    length = np.maximum((along**2).sum(axis=1), 1e-12)
    t = np.clip(((np.asarray(center) - a) * along).sum(axis=1) / length, 0, 1)
    nearest = a + t[:, None] * along
    return bool((((nearest - center) ** 2).sum(axis=1) > margin**2).all())


class TestOutlines:
    """Closed, and all the same way round."""

    @pytest.mark.parametrize(
        "outline",
        [polygon((0, 0), (0, 4), (4, 4)), polygon((0, 0), (4, 4), (0, 4)), box(0, 0, 3, 2), ellipse((1, 1), 2, 1, 0.7)],
        ids=["left turn", "right turn", "box", "ellipse"],
    )
    def test_have_positive_area(self, outline):
        x, y = outline.T
        assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0

    def test_a_limb_covers_its_joints_and_is_as_wide_as_it_says(self):
        mask = painted(*limb([(3, 6), (10, 6)], [4, 4]))
        assert mask[6, 3]
        assert mask[6, 9]
        assert mask[:, 6].sum() == 4

    def test_walking_down_goes_down(self):
        assert walk((1, 1), (2, 90), (3, 0))[1:] == [pytest.approx((1, 3)), pytest.approx((4, 3))]

    def test_a_round_of_corner_cutting_cuts_each_edge_at_its_quarters(self):
        """Chaikin's octagon of a square, by hand."""
        octagon = [(1, 0), (3, 0), (4, 1), (4, 3), (3, 4), (1, 4), (0, 3), (0, 1)]
        assert polygon((0, 0), (4, 0), (4, 4), (0, 4), rounds=1).tolist() == [list(corner) for corner in octagon]

    def test_soft_corners_lie_inside_the_hard_ones(self):
        hard, soft = box(1, 1, 11, 9), box(1, 1, 11, 9, rounds=2)
        large = {"height": 50, "width": 50}
        hard, soft = painted(4 * hard, **large), painted(4 * soft, **large)
        assert not (soft & ~hard).any()
        assert 0 < hard.sum() - soft.sum() < 0.1 * hard.sum()


class TestDice:
    """The same numbers everywhere."""

    def test_throws_what_it_always_threw(self):
        dice = Dice(7, 0, 3)
        assert [dice.uniform(0, 1) for _ in range(3)] == [0.7765778436824163, 0.9895552106802391, 0.9612769094661704]

    def test_gives_every_key_a_stream_of_its_own(self):
        first = {Dice(*key).uniform(0, 1) for key in ((0, 0, 1), (0, 1, 0), (1, 0, 0), (0, 0, 0), (0, 0, 2))}
        assert len(first) == 5

    @law(low=st.integers(-3, 3), extra=st.integers(0, 5), seed=st.integers(0, 99))
    def test_integers_lie_between_both_ends(self, low, extra, seed):
        dice = Dice(seed)
        assert {dice.integer(low, low + extra) for _ in range(120)} == set(range(low, low + extra + 1))

    def test_a_chance_comes_true_as_often_as_it_says(self):
        dice = Dice(4)
        shares = [np.mean([dice.chance(share) for _ in range(1000)]) for share in (0.0, 0.2, 0.7, 1.0)]
        assert shares == [0, pytest.approx(0.2, abs=0.05), pytest.approx(0.7, abs=0.05), 1]


class TestPaint:
    """A colour, lit from above, with a pattern."""

    def test_is_lighter_above(self):
        v = np.asarray([-0.5, 0.5], dtype=np.float32)
        still = np.full(2, 0.5, dtype=np.float32)
        above, below = Paint((0.5, 0.5, 0.5)).at(v * 0, v, still, still)
        assert (above > below).all()

    @pytest.mark.parametrize("pattern", PATTERNS[1:])
    def test_shows_both_colours_of_a_pattern(self, pattern):
        dice = Dice(1)
        u, v, cloud = (dice.field(1, 200)[0] for _ in range(3))
        paint = Paint((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), pattern, shade=0, grain=0)
        colours = paint.at(u, v, cloud, cloud)
        assert {tuple(c) for c in colours.astype(int).tolist()} == {(255, 0, 0), (0, 0, 255)}

    @pytest.mark.parametrize(
        ("pattern", "second"),
        [
            ("stripes", [(0.1, 0.7), (0.3, 0.2), (-0.7, 0.9)]),
            ("checks", [(0.7, 0.2), (0.2, 0.7), (-0.2, 0.3)]),
            ("dots", [(0.5, 0.5), (0.7, 0.6), (1.5, -0.3)]),
        ],
    )
    def test_a_pattern_repeats_with_its_pitch(self, pattern, second):
        """Given three places of a pattern of pitch 1 in its second colour, and three that mirror them out of it."""
        first = {"stripes": [(0.5, 0.1), (0.9, 0.3), (-0.4, 0)], "checks": [(0.2, 0.2), (0.7, 0.7), (-0.2, -0.3)]}
        places = np.asarray(second + first.get(pattern, [(0.1, 0.1), (0.75, 0.75), (0.5, 0.85)]), dtype=np.float32).T
        still = np.zeros(6, dtype=np.float32)
        paint = Paint((0, 0, 0), (1, 1, 1), pattern, pitch=1.0, shade=0, grain=0)
        assert paint.at(*places, still, still)[:, 0].tolist() == [255] * 3 + [0] * 3


class TestScenery:
    """Stuff by name, above and below a horizon."""

    def test_the_ids_of_stuff_are_those_of_its_names(self):
        assert {name: getattr(scenery, name.upper()) for name in STUFF} == {name: i for i, name in enumerate(STUFF)}

    @pytest.mark.parametrize("seed", range(8))
    def test_another_stuff_begins_at_the_row_of_the_horizon(self, seed):
        canvas = Canvas(40, 64, 2, Dice(seed))
        row = math.ceil(scenery.paint_scenery(canvas, Dice(seed)))
        assert 0.35 * 80 <= row <= 0.6 * 80 + 1
        assert len(np.unique(canvas.label[row])) == 1
        assert (canvas.label[row - 1] != canvas.label[row]).all()


class TestSketches:
    """Every category's drawing, before it is placed."""

    @pytest.mark.parametrize("category", CATEGORIES)
    def test_uses_only_parts_that_the_category_has(self, category):
        for seed in range(10):
            parts = {stroke.part for stroke in DRAW[category](Dice(seed)).strokes}
            assert parts <= set(range(1, len(PART_NAMES[category]) + 1))

    @pytest.mark.parametrize("category", CATEGORIES)
    def test_poses_no_two_alike(self, category):
        bounds = {DRAW[category](Dice(seed)).bounds() for seed in range(8)}
        assert len(bounds) == 8

    def test_mirroring_keeps_holes(self):
        sketch = Sketch()
        sketch.add(1, Paint((1, 0, 0)), ring((7, 6), 5, 2))
        mirrored = sketch.stretched(-1).mapped(lambda p: p + np.asarray([14, 0]))
        assert np.array_equal(painted(*mirrored.strokes[0].outlines), painted(*sketch.strokes[0].outlines)[:, ::-1])

    def test_a_quarter_turn_clockwise_brings_the_right_end_down(self):
        sketch = Sketch()
        sketch.add(1, Paint((1, 0, 0)), box(0, 0, 2, 1))
        assert sketch.turned(90).bounds() == pytest.approx((-1, 0, 0, 2))

    def test_wheels_stand_on_the_ground(self):
        """Given the ground at y = 0 and heights negative."""
        sketch = Sketch()
        add_wheels(sketch, new_livery(Dice(0), (0.5,)), 0.2, -0.5, 0.7)
        assert sketch.bounds() == pytest.approx((-0.7, -0.4, 0.9, 0.0))

    def test_later_strokes_cover_earlier_ones(self):
        canvas = Canvas(12, 12, 1, Dice(0))
        sketch = Sketch()
        sketch.add(1, Paint((1, 0, 0)), box(2, 2, 8, 8))
        sketch.add(2, Paint((0, 0, 1)), box(5, 5, 10, 10))
        canvas.object(sketch, 3, 1)
        assert canvas.part[6, 6] == 2
        assert canvas.part[3, 3] == 1
        assert set(np.unique(canvas.label)) == {0, 3}


@pytest.mark.parametrize("times", [1, 2, 3])
class TestCanvas:
    """A canvas of several pixels to a pixel of the scene: colours are averaged, ids are picked."""

    def drawn(self, times):
        """4 x 5 pixels of the scene, every canvas pixel another colour."""
        canvas = Canvas(4, 5, times, Dice(0))
        canvas.rgb[:] = np.arange(canvas.rgb.size).reshape(canvas.rgb.shape) * 7 % 256
        return canvas

    def test_a_colour_is_the_mean_of_the_canvas_pixels_rounded_down(self, times):
        canvas = self.drawn(times)
        mean = canvas.rgb.reshape(4, times, 5, times, 3).mean((1, 3))
        assert np.array_equal(canvas.image(), np.floor(mean).transpose(2, 0, 1))

    def test_an_id_is_that_of_the_middle_canvas_pixel(self, times):
        ids = np.arange(20 * times**2, dtype=np.uint8).reshape(4 * times, 5 * times)
        middle = ids.reshape(4, times, 5, times)[:, times // 2, :, times // 2]
        assert np.array_equal(self.drawn(times).crisp(ids), middle)

    def test_ink_darkens_the_last_pixels_before_another_object_or_part(self, times):
        canvas = self.drawn(times)
        before = canvas.rgb.copy()
        canvas.instance[:, 2:4], canvas.part[1:, 2:4] = 1, 1
        canvas.ink(0.5)
        darker = (canvas.rgb != before).any(2)
        expected = np.zeros_like(darker)
        expected[:, [1, 3]] = True
        expected[0, 2:4] = True
        assert np.array_equal(darker, expected)
        assert np.array_equal(canvas.rgb[darker], before[darker] // 2)

    def test_a_shadow_takes_its_share_of_the_colours_inside_and_leaves_the_maps(self, times):
        canvas = self.drawn(times)
        share = np.ones((4 * times, 5 * times, 1))
        share[: 3 * times, : 2 * times] = 0.75
        expected = np.floor(share * canvas.rgb)
        canvas.shadow(box(0, 0, 2 * times, 3 * times), 0.25)
        assert np.array_equal(canvas.rgb, expected)
        assert not np.stack([canvas.label, canvas.instance, canvas.part]).any()
