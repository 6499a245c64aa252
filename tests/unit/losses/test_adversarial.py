"""Global adversarial losses: hinge and log keep one contract, each with its own numbers."""

import math

import pytest
import torch

from ipose.errors import ConfigError
from ipose.losses import adversarial_loss, hinge_d_fake, hinge_d_real, hinge_g, log_d_fake, log_d_real, log_g
from ipose.reference import adversarial as reference
from ipose.testing.claims import failed_tests
from ipose.testing.losses_contract import AdversarialLossContract

HINGE_LOOPS = (reference.hinge_g, reference.hinge_d_real, reference.hinge_d_fake)
LOG_LOOPS = (reference.log_g, reference.log_d_real, reference.log_d_fake)


class TestHinge(AdversarialLossContract):
    implementation = adversarial_loss("hinge")
    reference = HINGE_LOOPS

    def test_d_is_content_beyond_the_margin(self) -> None:
        score = torch.tensor([[[[1.0, 0.5, -1.0]]]])
        assert hinge_d_real(score).item() == pytest.approx((0 + 0.5 + 2) / 3)
        assert hinge_d_fake(score).item() == pytest.approx((2 + 1.5 + 0) / 3)
        assert hinge_g(score).item() == pytest.approx(-0.5 / 3)


class TestLog(AdversarialLossContract):
    implementation = adversarial_loss("log")
    reference = LOG_LOOPS

    def test_an_undecided_d_costs_log_2(self) -> None:
        for term in (log_g, log_d_real, log_d_fake):
            assert term(torch.zeros(1, 1, 2, 2)).item() == pytest.approx(math.log(2))


def test_another_name_is_refused() -> None:
    with pytest.raises(ConfigError, match="found wgan, expected hinge or log"):
        adversarial_loss("wgan")


SATURATING = (lambda s: -log_d_fake(s), log_d_real, log_d_fake)
D_TERMS_SWAPPED = (hinge_g, hinge_d_fake, hinge_d_real)
G_FLIPPED = (lambda s: -hinge_g(s), hinge_d_real, hinge_d_fake)
OVERFLOWING = tuple(lambda s, f=f: f(s.double()) for f in LOG_LOOPS)


@pytest.mark.parametrize(
    ("wrong", "loops"),
    [(SATURATING, LOG_LOOPS), (D_TERMS_SWAPPED, HINGE_LOOPS), (G_FLIPPED, HINGE_LOOPS), (OVERFLOWING, LOG_LOOPS)],
    ids=["saturating", "D terms swapped", "G flipped", "overflowing"],
)
def test_the_contract_rejects(wrong: object, loops: object) -> None:
    assert failed_tests(AdversarialLossContract, wrong, reference=loops)
