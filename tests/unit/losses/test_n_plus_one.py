"""n_plus_one_loss and its class weights: the contracts, their errors, and the wrong versions that they reject."""

import inspect

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.losses import NPlusOneLoss, class_weights, n_plus_one_loss
from ipose.reference import class_balance, n_plus_one
from ipose.testing.claims import failed_tests
from ipose.testing.losses_contract import ClassWeightsContract, NPlusOneLossContract, NPlusOneLossErrorsContract


class TestNPlusOneLoss(NPlusOneLossContract, NPlusOneLossErrorsContract):
    implementation = staticmethod(n_plus_one_loss)

    def test_another_target_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"\[target\].*real or fake"):
            inspect.unwrap(n_plus_one_loss)(torch.zeros(1, 3, 1, 1), None, "fakes")

    def test_is_computed_in_float32_under_bfloat16(self) -> None:
        logits = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
        label = torch.zeros(1, 4, 4, dtype=torch.int64)
        with torch.autocast("cpu", torch.bfloat16):
            found = n_plus_one_loss(logits.bfloat16(), label, "real")
        assert found.dtype == n_plus_one_loss(logits.bfloat16(), label, "real").dtype == torch.float32
        assert found == n_plus_one_loss(logits.bfloat16().float(), label, "real")

    @pytest.mark.parametrize("target", ["real", "fake"])
    def test_the_memory_format_of_the_logits_changes_neither_value_nor_gradient(self, target: str) -> None:
        generator = torch.Generator().manual_seed(0)
        logits = torch.randn(2, 5, 3, 4, generator=generator, dtype=torch.float64)
        label = torch.randint(0, 4, (2, 3, 4), generator=generator)
        found = []
        for memory in (torch.contiguous_format, torch.channels_last):
            leaf = logits.clone(memory_format=memory).requires_grad_()
            loss = n_plus_one_loss(leaf, label, target)
            loss.backward()
            found.append((loss, leaf.grad))
        torch.testing.assert_close(*found)


class TestNPlusOneLossModule(NPlusOneLossContract):
    """The module form remembers the unknown class.

    Claims of NPlusOneLossContract: agrees with the loop in float64; unknown pixels get no gradient and all others do;
    fake does not look at the label; does not depend on a constant added to all logits; uniform logits cost log of all
    classes; certainty of the right answer costs nothing; a batch of unknown pixels costs nothing.
    """

    @staticmethod
    def implementation(logits: Tensor, label: Tensor | None, target: str, unknown: int | None = None) -> Tensor:
        loss: Tensor = NPlusOneLoss(unknown)(logits, label, target)
        return loss


class TestReferenceNPlusOneLoss(NPlusOneLossContract):
    implementation = staticmethod(n_plus_one.n_plus_one_loss)


class TestClassWeights(ClassWeightsContract):
    implementation = staticmethod(class_weights)

    @pytest.mark.parametrize("wrong", [-1, 3])
    def test_a_class_outside_the_spec_is_named(self, wrong: int) -> None:
        with pytest.raises(ShapeMismatchError, match=rf"found {wrong}, expected 0\.\.2"):
            class_weights(torch.tensor([[[0, wrong]]]), 3)


class TestReferenceClassWeights(ClassWeightsContract):
    """Claims of ClassWeightsContract: every present class has the same total; weights average to one over the pixels;
    agrees with counting pixel by pixel; absent classes weigh nothing; unknown pixels count as pixels but not as a
    class; a batch of unknown pixels weighs nothing.
    """

    implementation = staticmethod(class_balance.class_weights)


def without_weights(logits: Tensor, label: Tensor | None, target: str, unknown: int | None = None) -> Tensor:
    return F.cross_entropy(logits, torch.zeros_like(logits[:, 0]).long() if label is None else label + 1)


def fake_is_the_last_class(logits: Tensor, label: Tensor | None, target: str, unknown: int | None = None) -> Tensor:
    return n_plus_one_loss(logits.roll(1, dims=1), label, target, unknown)


def mean_over_known_pixels(logits: Tensor, label: Tensor | None, target: str, unknown: int | None = None) -> Tensor:
    if label is None or target == "fake":
        return n_plus_one_loss(logits, label, target)
    weights = class_weights(label, logits.shape[1] - 1, unknown=unknown).to(logits.dtype)[label]
    return (weights * F.cross_entropy(logits, label + 1, reduction="none")).sum() / (weights > 0).sum()


def weights_on_fakes_too(logits: Tensor, label: Tensor | None, target: str, unknown: int | None = None) -> Tensor:
    if label is None or target == "real":
        return n_plus_one_loss(logits, label, target, unknown)
    weights = class_weights(label, logits.shape[1] - 1, unknown=unknown).to(logits.dtype)[label]
    return (weights * F.cross_entropy(logits, torch.zeros_like(label), reduction="none")).mean()


@pytest.mark.parametrize(
    "wrong", [without_weights, fake_is_the_last_class, mean_over_known_pixels, weights_on_fakes_too]
)
def test_the_contract_rejects(wrong: object) -> None:
    assert failed_tests(NPlusOneLossContract, wrong)


def test_the_contract_accepts_the_right_version() -> None:
    assert not failed_tests(NPlusOneLossContract, n_plus_one_loss)
