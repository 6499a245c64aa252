"""The watch over the parts: alive ones are left alone, each way of collapsing is named."""

import math

import pytest
import torch

from ipose.ganseg.collapse import PartUsage, part_usage
from ipose.ganseg.generator import GANSegOutput


def output(part_maps, centres=None):
    """Generated images of given part maps (0 = background) of three parts."""
    maps = torch.tensor(part_maps)
    mask = torch.nn.functional.one_hot((maps - 1) % 4, 4).permute(0, 3, 1, 2).float()
    n, side = len(maps), maps.shape[-1]
    nothing = torch.zeros(n, 1, side, side)
    centres = torch.randn(n, 3, 2) if centres is None else centres
    return GANSegOutput(
        torch.zeros(n, 3, side, side), mask, nothing, nothing, mask[:, :3], torch.zeros(n, 12, 2), centres
    )


class TestPartUsage:
    """Coverage, entropy and motion, by hand."""

    def test_coverage_is_the_share_of_pixels(self):
        usage = part_usage(output([[[1, 1], [2, 0]], [[1, 0], [0, 3]]]))
        assert usage.coverage.tolist() == [3 / 8, 1 / 8, 1 / 8]
        assert usage.foreground == pytest.approx(5 / 8)

    def test_entropy_is_1_for_parts_alike_and_0_for_one(self):
        assert part_usage(output([[[1, 2], [3, 0]]])).entropy == pytest.approx(1)
        assert part_usage(output([[[1, 1], [1, 0]]])).entropy == pytest.approx(0, abs=1e-6)
        half = part_usage(output([[[1, 2], [0, 0]]])).entropy
        assert half == pytest.approx(math.log(2) / math.log(3))

    def test_motion_is_the_spread_of_the_centres_between_images(self):
        centres = torch.tensor([[[0.5, 0.5]] * 3, [[-0.5, -0.5]] * 3])
        assert part_usage(output([[[1, 2], [3, 0]]] * 2, centres)).motion == pytest.approx(0.5)

    def test_names_every_part_in_the_record(self):
        assert part_usage(output([[[1, 2], [3, 0]]])).record().keys() >= {"part_1", "part_2", "part_3", "entropy"}


class TestWarnings:
    """A sentence for each way of collapsing."""

    def usage(self, coverage=(0.2, 0.2, 0.2), entropy=0.9, motion=0.3):
        return PartUsage(torch.tensor(coverage), entropy, motion)

    def test_living_parts_get_none(self):
        assert self.usage().warnings() == []

    def test_a_part_is_dead_below_a_thousandth_of_the_pixels(self):
        assert self.usage(coverage=(0.3, 0.0011, 0.0009)).dead == [3]

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"coverage": (0.0, 0.001, 0.0)}, "foreground covers 0.1 %"),
            ({"coverage": (0.3, 0.3, 0.2)}, "foreground covers 80.0 %"),
            ({"coverage": (0.3, 0.0, 0.2)}, r"1 of 3 parts cover nothing \(2\)"),
            ({"entropy": 0.2}, "few parts have most"),
            ({"motion": 0.001}, "hardly move"),
        ],
    )
    def test_names_what_is_wrong(self, wrong, sentence):
        with pytest.raises(AssertionError, match=sentence):
            assert not self.usage(**wrong).warnings(), self.usage(**wrong).warnings()
