"""relaxed_emd: the contract, its errors, precision, and the wrong versions that the contract rejects."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ipose.errors import ShapeMismatchError
from ipose.losses import relaxed_emd
from ipose.reference import relaxed_emd as reference
from ipose.testing.claims import failed_tests
from ipose.testing.relaxed_emd_contract import RelaxedEMDContract


class TestRelaxedEMD(RelaxedEMDContract):
    implementation = staticmethod(relaxed_emd)

    @pytest.mark.parametrize(("b", "n", "m"), [(0, 2, 2), (2, 0, 2), (2, 2, 0), (1, 0, 0)])
    def test_nothing_to_compare_is_refused(self, b: int, n: int, m: int) -> None:
        with pytest.raises(ShapeMismatchError, match="needs tokens"):
            relaxed_emd(torch.ones(b, n, 3), torch.ones(b, m, 3))

    def test_is_computed_in_float32_under_bfloat16(self) -> None:
        generator = torch.Generator().manual_seed(0)
        a, b = torch.randn(1, 9, 32, generator=generator), torch.randn(1, 9, 32, generator=generator)
        with torch.autocast("cpu", torch.bfloat16):
            found = relaxed_emd(a, b)
        assert found.dtype == torch.float32
        assert found == relaxed_emd(a, b)


class TestReferenceRelaxedEMD(RelaxedEMDContract):
    """Claims of RelaxedEMDContract: agrees with the loop in float64; is zero on permuted copies; does not depend on
    which side comes first; does not depend on the length of any token; lies between 0 and 2; a batch is the mean of its
    images; opposite tokens are 2 apart; takes the larger way of the two.
    """

    implementation = staticmethod(reference.relaxed_emd)


def _cost(a: Tensor, b: Tensor) -> Tensor:
    return 1 - F.normalize(a, dim=-1) @ F.normalize(b, dim=-1).mT


def one_way(a: Tensor, b: Tensor) -> Tensor:
    return _cost(a, b).amin(dim=2).mean()


def mean_of_both_ways(a: Tensor, b: Tensor) -> Tensor:
    return (one_way(a, b) + one_way(b, a)) / 2


def larger_way_of_the_batch(a: Tensor, b: Tensor) -> Tensor:
    return torch.maximum(one_way(a, b), one_way(b, a))


def without_length_taken_out(a: Tensor, b: Tensor) -> Tensor:
    cost = 1 - a @ b.mT
    return torch.maximum(cost.amin(2).mean(1), cost.amin(1).mean(1)).mean()


def token_by_token(a: Tensor, b: Tensor) -> Tensor:
    n = min(a.shape[1], b.shape[1])
    return (1 - F.cosine_similarity(a[:, :n], b[:, :n], dim=-1)).mean()


@pytest.mark.parametrize(
    "wrong", [one_way, mean_of_both_ways, larger_way_of_the_batch, without_length_taken_out, token_by_token]
)
def test_the_contract_rejects(wrong: object) -> None:
    assert failed_tests(RelaxedEMDContract, wrong)


def test_the_contract_accepts_the_right_version() -> None:
    assert not failed_tests(RelaxedEMDContract, relaxed_emd)
