"""The losses give the release's numbers; everything is taken from the file."""

import pytest

from helpers.golden_files import assert_all_outputs, close
from helpers.golden_outputs import losses_outputs
from ipose.shapes import geometric_score


@pytest.fixture(scope="module")
def golden(golden_file):
    return golden_file("losses")


class TestGoldenLosses:
    """Each number of the file, to 1e-5 of the largest value and 1e-4 of each."""

    def test_every_loss_weight_and_score_of_the_file(self, golden):
        assert_all_outputs(golden, losses_outputs(golden))

    def test_the_geometric_score_of_one_pair_after_another(self, golden):
        a, b = (golden[f"in.shapes_{side}"][:, 0].float() for side in "ab")
        pairs = geometric_score(a[:, None].expand(-1, len(b), -1, -1), b[None].expand(len(a), -1, -1, -1))
        close(pairs, golden["out.geometric_score"])
