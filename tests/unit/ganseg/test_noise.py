"""The noise of images: normal but for the background's position, and fixed by (seed, number) where it is asked so."""

import pytest
import torch
from hypothesis import strategies as st

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.ganseg.noise import draw_noise, numbered_noise
from ipose.testing.claims import law


def seeded(seed):
    return torch.Generator().manual_seed(seed)


class TestDrawNoise:
    """draw_noise(config, count, generator): three normal vectors an image, and a place in the square."""

    def test_has_the_widths_that_the_generator_takes(self):
        points, background, parts, position = draw_noise(TINY_GANSEG, 5, seeded(0))
        assert points.shape == background.shape == parts.shape == (5, TINY_GANSEG.noise_channels)
        assert position.shape == (5, 2)

    def test_the_generator_decides(self):
        one, again, other = (draw_noise(TINY_GANSEG, 2, seeded(seed)) for seed in (0, 0, 1))
        assert all(torch.equal(a, b) for a, b in zip(one, again, strict=True))
        assert not any(torch.equal(a, c) for a, c in zip(one, other, strict=True))

    def test_no_two_fields_are_of_the_same_numbers(self):
        points, background, parts, _ = draw_noise(TINY_GANSEG, 2, seeded(0))
        assert not torch.equal(points, background)
        assert not torch.equal(background, parts)
        assert not torch.equal(points, parts)

    @pytest.mark.parametrize("field", ["points", "background", "parts"])
    def test_vectors_are_standard_normal(self, field):
        drawn = getattr(draw_noise(TINY_GANSEG, 2000, seeded(0)), field)
        assert abs(float(drawn.mean())) < 0.03
        assert float(drawn.std()) == pytest.approx(1, abs=0.03)

    def test_positions_fill_the_square_evenly(self):
        position = draw_noise(TINY_GANSEG, 2000, seeded(0)).background_position
        assert position.abs().max() <= 1
        assert (position.amin(0) < -0.98).all()
        assert (position.amax(0) > 0.98).all()
        torch.testing.assert_close((position > 0.5).float().mean(0), torch.full((2,), 0.25), atol=0.04, rtol=0)


class TestNumberedNoise:
    """numbered_noise(config, seed, numbers): a function of (seed, number) alone."""

    @law(numbers=st.lists(st.integers(0, 50), min_size=1, max_size=5))
    def test_a_number_has_its_noise_alone_or_among_others(self, numbers):
        together = numbered_noise(TINY_GANSEG, 7, numbers)
        for place, number in enumerate(numbers):
            alone = numbered_noise(TINY_GANSEG, 7, [number])
            assert all(torch.equal(a[0], b[place]) for a, b in zip(alone, together, strict=True))

    def test_seeds_and_numbers_differ(self):
        a, b, c = (numbered_noise(TINY_GANSEG, *which).points for which in ((0, [0]), (0, [1]), (1, [0])))
        assert not torch.isclose(a, b).any()
        assert not torch.isclose(a, c).any()
        assert not torch.isclose(b, c).any()

    def test_seed_and_number_do_not_run_into_each_other(self):
        one, other = numbered_noise(TINY_GANSEG, 1, [23]), numbered_noise(TINY_GANSEG, 12, [3])
        assert not torch.equal(one.points, other.points)

    def test_torchs_own_random_numbers_are_left_alone(self):
        torch.manual_seed(3)
        expected = torch.rand(4)
        torch.manual_seed(3)
        numbered_noise(TINY_GANSEG, 0, [0, 1])
        assert torch.equal(torch.rand(4), expected)

    def test_these_very_numbers_on_every_platform(self):
        """An image of a seed and a number stays that image: how noise is derived is part of the interface."""
        points = numbered_noise(TINY_GANSEG, 7, [2]).points[0, :3]
        torch.testing.assert_close(points, torch.tensor(FIXED), atol=1e-4, rtol=0)


FIXED = [0.1994, -1.02041, 0.29551]
