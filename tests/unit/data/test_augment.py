import itertools
import math
from dataclasses import replace

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from ipose.data.augment import _source_pixels, augment_pair, augment_pairs, crop_scene, flip_scene
from ipose.data.object_index import index_objects
from ipose.errors import ShapeMismatchError
from ipose.testing.tiny_scenes import SPEC, make_scene

SEEDS = st.integers(0, 10_000)


def pair_of_parts(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A shape with parts in a 64 x 64 frame, away from the border, so that no augmentation cuts it."""
    generator = torch.Generator().manual_seed(seed)
    part = torch.zeros(64, 64, dtype=torch.uint8)
    top, left = torch.randint(16, 24, (2,), generator=generator).tolist()
    part[top : top + 20, left : left + 24] = 1
    part[top : top + 8, left : left + 10] = 2
    return part > 0, part


class TestCropScene:
    """crop_scene cuts one rectangle out of everything that belongs to a scene."""

    @given(SEEDS)
    def test_all_maps_show_the_same_rectangle_and_objects_are_those_of_the_cut_maps(self, seed: int) -> None:
        scene = make_scene(seed)
        cut = crop_scene(scene, 3, 5, (24, 32))
        for key in ("image", "label", "instance", "part"):
            assert torch.equal(getattr(cut, key), getattr(scene, key)[..., 3:27, 5:37]), key
        assert cut.objects == index_objects(cut.label, cut.instance, SPEC)

    def test_all_of_a_scene_is_the_scene(self):
        scene = make_scene(0)
        assert crop_scene(scene, 0, 0, scene.size).objects == scene.objects

    @pytest.mark.parametrize(("top", "left"), [(-1, 0), (0, -1), (9, 0), (0, 17)])
    def test_a_rectangle_outside_is_refused(self, top, left):
        assert make_scene(0).size == (32, 48)
        with pytest.raises(ShapeMismatchError, match=r"24x32 at row .*expected a part of 32x48"):
            crop_scene(make_scene(0), top, left, (24, 32))


class TestFlipScene:
    """flip_scene mirrors everything that belongs to a scene."""

    @given(SEEDS)
    def test_objects_are_those_of_the_flipped_maps(self, seed: int) -> None:
        flipped = flip_scene(make_scene(seed))
        assert flipped.objects == index_objects(flipped.label, flipped.instance, SPEC)

    @given(SEEDS)
    def test_flipping_twice_changes_nothing(self, seed: int) -> None:
        scene = make_scene(seed)
        twice = flip_scene(flip_scene(scene))
        assert twice.objects == scene.objects
        for key in ("image", "label", "instance", "part"):
            assert torch.equal(getattr(twice, key), getattr(scene, key)), key

    def test_left_becomes_right_in_every_map(self) -> None:
        scene, flipped = make_scene(1), flip_scene(make_scene(1))
        for key in ("image", "label", "instance", "part"):
            there, here = getattr(scene, key), getattr(flipped, key)
            for col in range(there.shape[-1]):
                assert torch.equal(here[..., col], there[..., -1 - col]), key

    def test_objects_keep_their_order_whatever_it_is(self) -> None:
        scene = make_scene(1)
        backwards = replace(scene, objects=scene.objects[::-1])
        assert flip_scene(backwards).objects == flip_scene(scene).objects[::-1]


class TestAugmentPair:
    """augment_pair moves, turns and mirrors an object's shape and parts together, and mixes no ids."""

    @given(SEEDS)
    def test_shape_and_part_map_stay_in_register(self, seed: int) -> None:
        shape, part = augment_pair(*pair_of_parts(seed), torch.Generator().manual_seed(seed))
        assert torch.equal(shape, part > 0)
        assert set(part.unique().tolist()) == {0, 1, 2}

    @given(SEEDS)
    def test_the_generator_decides_all(self, seed: int) -> None:
        pair = pair_of_parts(0)
        first, second = (augment_pair(*pair, torch.Generator().manual_seed(seed)) for _ in range(2))
        assert torch.equal(first[1], second[1])

    def test_a_batch_equals_its_pairs_one_by_one(self) -> None:
        shapes, parts = (torch.stack(maps) for maps in zip(*(pair_of_parts(i) for i in range(8)), strict=True))
        batch = augment_pairs(shapes, parts, torch.Generator().manual_seed(3))
        generator = torch.Generator().manual_seed(3)
        single = [augment_pair(shapes[i], parts[i], generator) for i in range(8)]
        assert torch.equal(batch[1], torch.stack([part for _, part in single]))
        assert torch.equal(batch[0], torch.stack([shape for shape, _ in single]))

    def test_an_empty_batch_stays_empty(self) -> None:
        shapes, parts = torch.zeros(0, 64, 64, dtype=torch.bool), torch.zeros(0, 64, 64, dtype=torch.uint8)
        assert augment_pairs(shapes, parts, torch.Generator())[1].shape == (0, 64, 64)

    @given(SEEDS)
    def test_a_pixel_shows_the_one_that_the_steps_lead_back_to(self, seed: int) -> None:
        """From the result back: mirrored, at a place of the enlarged frame, turned about its centre, shrunk by 8/9."""
        draws = torch.rand(4, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        found = [maps.expand(-1, 16, 16).tolist() for maps in _source_pixels(draws, 16)]
        for pair, (enlarge, rotate, angle, top, left, flip) in enumerate(draws.tolist()):
            radians = math.radians(30 * angle - 15) if rotate < 0.5 else 0.0
            sine, cosine = math.sin(radians), math.cos(radians)
            for row, column in itertools.product(range(16), repeat=2):
                source = (row, 15 - column if flip < 0.5 else column)
                inside = True
                if enlarge < 0.5:
                    y, x = source[0] + math.floor(3 * top) - 8.5, source[1] + math.floor(3 * left) - 8.5
                    turned = round(cosine * y - sine * x + 8.5), round(sine * y + cosine * x + 8.5)
                    inside = all(0 <= place < 18 for place in turned)
                    source = tuple(min(max(place, 0), 17) * 16 // 18 for place in turned)
                assert tuple(maps[pair][row][column] for maps in found) == (*source, inside)

    def test_a_quarter_stays_as_it_is_a_quarter_is_only_mirrored_and_the_rest_grows(self) -> None:
        count = 1000
        shape, part = pair_of_parts(0)
        draws = augment_pairs(
            shape.expand(count, -1, -1), part.expand(count, -1, -1), torch.Generator().manual_seed(0)
        )[1]
        same = (draws == part).all((1, 2)).float().mean().item()
        mirrored = (draws == part.flip(-1)).all((1, 2)).float().mean().item()
        assert same == pytest.approx(0.25, abs=0.045)
        assert mirrored == pytest.approx(0.25, abs=0.045)
        grown = (draws > 0).float().sum((1, 2)) / (part > 0).sum()
        # rows 20 -> 22, columns 24 -> 27: nearest at 72 / 64
        moved = grown[~((draws == part).all((1, 2)) | (draws == part.flip(-1)).all((1, 2)))]
        assert moved.mean().item() == pytest.approx(22 * 27 / (20 * 24), abs=0.01)

    def test_half_of_the_enlarged_are_turned_by_at_most_15_degrees(self) -> None:
        count = 600
        line = torch.zeros(64, 64, dtype=torch.uint8)
        line[32, 12:52] = 1
        generator = torch.Generator().manual_seed(1)
        parts = augment_pairs((line > 0).expand(count, -1, -1), line.expand(count, -1, -1), generator)[1]
        rows = [torch.nonzero(part)[:, 0] for part in parts]
        rises = torch.tensor([float(row.max() - row.min()) for row in rows])
        reach = 45 * torch.sin(torch.tensor(15.0) * torch.pi / 180)
        assert rises.max() <= reach + 3
        assert rises.max() >= reach - 2
        assert (rises > 2).float().mean().item() == pytest.approx(0.25 * 0.85, abs=0.06)

    def test_turns_go_to_either_side_mirrored_or_not(self) -> None:
        part = torch.zeros(64, 64, dtype=torch.uint8)
        part[31:33, 12:32], part[31:33, 32:52] = 1, 2
        parts = augment_pairs(
            (part > 0).expand(200, -1, -1), part.expand(200, -1, -1), torch.Generator().manual_seed(1)
        )[1]
        ends = [(torch.nonzero(one == 1).float().mean(0), torch.nonzero(one == 2).float().mean(0)) for one in parts]
        seen = {
            (bool(first[1] > second[1]), bool(first[0] > second[0]))
            for first, second in ends
            if abs(first[0] - second[0]) > 2
        }
        assert len(seen) == 4

    def test_a_turn_to_the_other_side_is_the_mirror_image(self) -> None:
        """Given crops of one turned frame at mirrored columns, and angles of opposite sign."""
        angle, places = torch.rand(60, generator=torch.Generator().manual_seed(0)), torch.arange(60) % 9
        left, zero = (places + 0.5) / 9, torch.zeros(60)
        turned, other = (
            _source_pixels(torch.stack([zero, zero, a, left, at, zero + 0.9], 1), 64)[2]
            for a, at in ((angle, left), (1 - angle, 1 - left))
        )
        assert torch.equal(other, turned.flip(-1))
        assert not turned.all()

    def test_crops_of_the_enlarged_frame_reach_all_its_edges(self) -> None:
        first, last = (
            _source_pixels(torch.tensor([[0.0, 0.9, 0.5, at, at, 0.9]]), 64) for at in (0.0, 1 - torch.finfo().eps)
        )
        assert (first[0].min(), first[1].min(), last[0].max(), last[1].max()) == (0, 0, 63, 63)

    def test_what_comes_in_from_outside_is_no_object(self) -> None:
        full = torch.ones(64, 64, dtype=torch.uint8)
        parts = augment_pairs(
            (full > 0).expand(200, -1, -1), full.expand(200, -1, -1), torch.Generator().manual_seed(0)
        )[1]
        assert (parts == 0).any()
        assert (parts == 0).float().mean() < 0.02
