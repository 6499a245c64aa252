"""One PartNet reads several sets of supports: which objects are compared, and both readings of its answer."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.found_supports.comparing import CHUNK, _predictor, _spread
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.partnet import PartNet
from ipose.testing.claims import law
from ipose.testing.partnet_contract import tiny_config


def numbered(count):
    part_map = torch.ones(2, 2, dtype=torch.uint8)
    return [PartPair("car", part_map > 0, part_map, str(i)) for i in range(count)]


class TestSpread:
    """At most so many objects, evenly chosen: a data set that is sorted is not judged by its beginning."""

    @law(count=st.integers(1, 50), most=st.integers(1, 50))
    def test_steps_differ_by_at_most_one(self, count, most):
        chosen = [int(pair.name) for pair in _spread(numbered(count), most)]
        assert len(chosen) == min(count, most)
        assert chosen[0] == 0
        steps = {b - a for a, b in zip(chosen, [*chosen[1:], count], strict=True)}
        assert max(steps) - min(steps) <= 1

    def test_none_means_all(self):
        assert [pair.name for pair in _spread(numbered(3), None)] == ["0", "1", "2"]


@pytest.mark.parametrize("count", [1, CHUNK + 1])
def test_a_predictor_gives_the_reading_of_the_frame_and_that_inside_the_shapes(count):
    torch.manual_seed(0)
    partnet = PartNet(tiny_config()).eval()
    part_map = torch.zeros(1, 64, 64, dtype=torch.uint8)
    part_map[:, 10:40, 10:30], part_map[:, 10:40, 30:50] = 1, 2
    shapes = torch.zeros(count, 1, 64, 64)
    shapes[:, :, 20:40, 8:56] = 1
    guess = _predictor(partnet, "cpu")(shapes, SupportSet({"car": ("a", "b")}, {"car": part_map}))
    answer = partnet(shapes[:1], part_map[None])
    assert torch.equal(guess.frame, answer.part_maps().expand(count, -1, -1))
    assert torch.equal(guess.inside, answer.part_maps(shapes[:1]).expand(count, -1, -1))
    assert not torch.equal(guess.frame, guess.inside)
