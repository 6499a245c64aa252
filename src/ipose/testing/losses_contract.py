"""Contracts of the pixel and score losses: class weights, (N+1)-class, LabelMix, global adversarial."""

import inspect
import math
from typing import Any, ClassVar

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.reference import class_balance as class_balance_reference
from ipose.reference import label_mix as label_mix_reference
from ipose.reference import n_plus_one as n_plus_one_reference
from ipose.testing.claims import SEEDS, Contract, interface, law, paper_method

CLASSES = 4
SIZE = (2, 3)


def random_label(seed: int, device: torch.device, classes: int = CLASSES, size: tuple[int, int] = SIZE) -> Tensor:
    """int64 (2, h, w), classes 0..classes-1; made on the CPU, then moved."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, classes, (2, *size), generator=generator).to(device)


def random_logits(seed: int, device: torch.device, channels: int = CLASSES + 1) -> Tensor:
    """float64 (2, channels, *SIZE), of spread 2, waiting for gradients."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(2, channels, *SIZE, dtype=torch.float64, generator=generator)
    return logits.to(device).requires_grad_()


def gradient(loss: Tensor, *of: Tensor) -> tuple[Tensor, ...]:
    """Gradient of `loss` in each of the tensors, zeros where it does not depend on one."""
    found = torch.autograd.grad(loss, of, allow_unused=True)
    return tuple(torch.zeros_like(x) if g is None else g for x, g in zip(of, found, strict=True))


class ClassWeightsContract(Contract):
    """class_weights makes every present class weigh the same in total, and the unknown class nothing."""

    @law(seed=SEEDS)
    @paper_method("classes are balanced by their inverse frequency (OASIS sec. 3.2)")
    def test_every_present_class_has_the_same_total(self, device: torch.device, seed: int) -> None:
        label = random_label(seed, device)
        weights = self.implementation(label, CLASSES)
        totals = torch.stack([weights[label][label == c].sum() for c in label.unique()])
        torch.testing.assert_close(totals, torch.full_like(totals, label.numel() / len(totals)))

    @law(seed=SEEDS)
    @paper_method("classes are balanced by their inverse frequency (OASIS sec. 3.2)")
    def test_weights_average_to_one_over_the_pixels(self, device: torch.device, seed: int) -> None:
        label = random_label(seed, device)
        assert self.implementation(label, CLASSES)[label].mean().item() == pytest.approx(1, abs=1e-5)

    @law(seed=SEEDS, unknown=st.none() | st.integers(0, CLASSES - 1))
    @paper_method("classes are balanced by their inverse frequency (OASIS sec. 3.2)")
    def test_agrees_with_counting_pixel_by_pixel(self, device: torch.device, seed: int, unknown: int | None) -> None:
        label = random_label(seed, device)
        expected = class_balance_reference.class_weights(label, CLASSES, unknown=unknown)
        torch.testing.assert_close(self.implementation(label, CLASSES, unknown=unknown).cpu(), expected)

    @interface
    def test_absent_classes_weigh_nothing(self, device: torch.device) -> None:
        weights = self.implementation(torch.tensor([[[0, 2]]], device=device), CLASSES)
        assert weights.tolist() == [1, 0, 1, 0]

    @paper_method("classes are balanced by their inverse frequency (OASIS sec. 3.2)")
    def test_unknown_pixels_count_as_pixels_but_not_as_a_class(self, device: torch.device) -> None:
        label = torch.tensor([[[0, 0, 1, 2]]], device=device)  # 4 pixels, 2 classes present: 4 / (2 * 1)
        assert self.implementation(label, 3, unknown=0).tolist() == [0, 2, 2]

    @interface
    def test_a_batch_of_unknown_pixels_weighs_nothing(self, device: torch.device) -> None:
        label = torch.zeros(1, 2, 2, dtype=torch.int64, device=device)
        assert self.implementation(label, 2, unknown=0).tolist() == [0, 0]


class NPlusOneLossContract(Contract):
    """n_plus_one_loss is the class-balanced cross-entropy over C+1 logits; 0 means fake."""

    @law(seed=SEEDS, unknown=st.none() | st.integers(0, CLASSES - 1), target=st.sampled_from(["real", "fake"]))
    @paper_method("cross-entropy of N+1 classes, one of them for fakes (OASIS sec. 3.2)")
    def test_agrees_with_the_loop_in_float64(
        self, device: torch.device, seed: int, unknown: int | None, target: str
    ) -> None:
        logits, label = random_logits(seed, device), random_label(seed + 1, device)
        found, expected = (f(logits, label, target, unknown) for f in (self.implementation, _n_plus_one_loop))
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(*gradient(found, logits), *gradient(expected, logits), rtol=1e-6, atol=1e-6)

    @law(seed=SEEDS)
    @interface
    def test_unknown_pixels_get_no_gradient_and_all_others_do(self, device: torch.device, seed: int) -> None:
        logits, label = random_logits(seed, device), random_label(seed + 1, device)
        (grad,) = gradient(self.implementation(logits, label, "real", 0), logits)
        assert torch.equal(grad.abs().sum(dim=1) == 0, label == 0)

    @law(seed=SEEDS)
    @interface
    def test_fake_does_not_look_at_the_label(self, device: torch.device, seed: int) -> None:
        logits, label = random_logits(seed, device), random_label(seed + 1, device)
        assert self.implementation(logits, label, "fake", 0) == self.implementation(logits, None, "fake")

    @law(seed=SEEDS, target=st.sampled_from(["real", "fake"]))
    @paper_method("cross-entropy of N+1 classes, one of them for fakes (OASIS sec. 3.2)")
    def test_does_not_depend_on_a_constant_added_to_all_logits(
        self, device: torch.device, seed: int, target: str
    ) -> None:
        logits, label = random_logits(seed, device), random_label(seed + 1, device)
        shifted = self.implementation(logits + 7, label, target)
        torch.testing.assert_close(shifted, self.implementation(logits, label, target))

    @paper_method("cross-entropy of N+1 classes, one of them for fakes (OASIS sec. 3.2)")
    def test_uniform_logits_cost_log_of_all_classes(self, device: torch.device) -> None:
        logits, label = torch.zeros(2, CLASSES + 1, *SIZE, device=device), random_label(0, device)
        for target in ("real", "fake"):
            assert self.implementation(logits, label, target).item() == pytest.approx(math.log(CLASSES + 1), abs=1e-5)

    @interface
    def test_certainty_of_the_right_answer_costs_nothing(self, device: torch.device) -> None:
        label = random_label(0, device)
        right = 50 * torch.nn.functional.one_hot(label + 1, CLASSES + 1).permute(0, 3, 1, 2).float()
        assert self.implementation(right, label, "real").item() < 1e-6
        assert self.implementation(right, label, "fake").item() > 10

    @interface
    def test_a_batch_of_unknown_pixels_costs_nothing(self, device: torch.device) -> None:
        label = torch.zeros(2, *SIZE, dtype=torch.int64, device=device)
        assert self.implementation(random_logits(0, device), label, "real", 0).item() == 0


def _n_plus_one_loop(logits: Tensor, label: Tensor, target: str, unknown: int | None) -> Tensor:
    return n_plus_one_reference.n_plus_one_loss(logits, label, target, unknown)


class NPlusOneLossErrorsContract(Contract):
    """What n_plus_one_loss refuses, also where no type checker stands before it (hence the unwrapping)."""

    @interface
    def test_real_pixels_need_their_classes(self, device: torch.device) -> None:
        with pytest.raises(ConfigError, match="classes"):
            self.implementation(random_logits(0, device), None, "real")

    @interface
    def test_a_label_map_of_another_size_is_refused(self, device: torch.device) -> None:
        with pytest.raises(ShapeMismatchError, match="size"):
            inspect.unwrap(self.implementation)(random_logits(0, device), random_label(0, device, size=(4, 4)), "real")

    @interface
    def test_a_label_outside_the_classes_is_refused(self, device: torch.device) -> None:
        with pytest.raises(ShapeMismatchError, match=r"expected 0\.\.3"):
            self.implementation(random_logits(0, device), random_label(0, device) + CLASSES, "real")


class LabelMixMaskContract(Contract):
    """label_mix_mask draws one bit for each class of each image."""

    @law(seed=SEEDS)
    @paper_method("the mask follows the borders of classes (OASIS sec. 3.3)")
    def test_is_constant_on_each_class_of_each_image(self, device: torch.device, seed: int) -> None:
        label = random_label(seed, device)
        mask = self.implementation(label, CLASSES, torch.Generator().manual_seed(seed + 1))  # not the label's numbers
        assert mask.shape == (2, 1, *SIZE)
        assert mask.device.type == device.type
        for image, values in zip(label, mask[:, 0], strict=True):
            for c in image.unique():
                assert values[image == c].unique().tolist() in ([0], [1])

    @paper_method("one random bit for each class and image (OASIS sec. 3.3)")
    def test_every_class_draws_its_bit_apart_from_the_others_and_from_other_images(self, device: torch.device) -> None:
        label = torch.arange(3, device=device).expand(2, 1, 3)  # two images, each with a pixel of each class
        generator = torch.Generator().manual_seed(0)
        draws = torch.stack([self.implementation(label, 3, generator).flatten().cpu() for _ in range(400)])
        share = draws.T @ draws / len(draws)  # [6, 6]: how often both are 1: a half by itself, a quarter in pairs
        torch.testing.assert_close(share, 0.25 + 0.25 * torch.eye(6), atol=0.1, rtol=0)

    @interface
    def test_the_same_seed_draws_the_same_mask(self, device: torch.device) -> None:
        label = random_label(0, device)
        one, two = (self.implementation(label, CLASSES, torch.Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(one, two)


class LabelMixLossContract(Contract):
    """label_mix_loss asks D to be consistent: what it says of a mixed image is the mixture of what it says of both."""

    @staticmethod
    def _case(seed: int, device: torch.device) -> tuple[Tensor, ...]:
        mask = random_label(seed, device, classes=2)[:, None].double()
        return mask, *(random_logits(seed + i, device) for i in (1, 2, 3))

    @law(seed=SEEDS)
    @paper_method("squared distance of the logits (OASIS eq. 4)")
    def test_agrees_with_the_loop_in_float64(self, device: torch.device, seed: int) -> None:
        mask, *logits = self._case(seed, device)
        found = self.implementation(mask, *logits)
        expected = label_mix_reference.label_mix_loss(mask, *logits)
        torch.testing.assert_close(found, expected)
        torch.testing.assert_close(gradient(found, *logits), gradient(expected, *logits))

    @law(seed=SEEDS)
    @interface
    def test_is_zero_exactly_for_a_consistent_discriminator(self, device: torch.device, seed: int) -> None:
        mask, _, fake, real = self._case(seed, device)
        consistent = mask * real + (1 - mask) * fake
        assert self.implementation(mask, consistent, fake, real).item() == 0
        assert self.implementation(mask, consistent + 0.1, fake, real).item() == pytest.approx(0.01)

    @law(seed=SEEDS)
    @interface
    def test_one_means_real(self, device: torch.device, seed: int) -> None:
        mask, mixed, fake, real = self._case(seed, device)
        _, of_fake, of_real = gradient(self.implementation(mask, mixed, fake, real), mixed, fake, real)
        assert not (of_fake * mask).any()
        assert not (of_real * (1 - mask)).any()
        assert of_fake.any() or bool(mask.all())
        assert of_real.any() or not bool(mask.any())


class AdversarialLossContract(Contract):
    """A global adversarial loss: D wants real scores up and fake ones down, G wants those of its fakes up.

    Set `implementation` (generator, real and fake term) and `reference` (the same three as loops).
    """

    reference: ClassVar[Any]

    @staticmethod
    def _scores(seed: int, device: torch.device) -> Tensor:
        return random_logits(seed, device, channels=1)

    @law(seed=SEEDS)
    @paper_method("the global adversarial loss (iPOSE eqs. 3-4; hinge in the release)")
    def test_agrees_with_the_loop_in_float64(self, device: torch.device, seed: int) -> None:
        score = self._scores(seed, device)
        for term, literal in zip(self.implementation, self.reference, strict=True):
            torch.testing.assert_close(term(score), literal(score))
            torch.testing.assert_close(gradient(term(score), score), gradient(literal(score), score))

    @law(seed=SEEDS)
    @interface
    def test_minimising_moves_scores_the_right_way(self, device: torch.device, seed: int) -> None:
        score = self._scores(seed, device)
        for term, sign in zip(self.implementation, (-1, -1, 1), strict=True):
            (grad,) = gradient(term(score), score)
            assert (sign * grad >= 0).all()
            assert grad.any()

    @interface
    def test_g_has_a_gradient_however_sure_d_is(self, device: torch.device) -> None:
        score = torch.full((1, 1, 2, 2), -100.0, device=device, requires_grad=True)
        (grad,) = gradient(self.implementation[0](score), score)
        assert (grad < -0.1).all()

    @paper_method("the global adversarial loss (iPOSE eqs. 3-4; hinge in the release)")
    def test_extreme_scores_stay_finite_and_cost_what_they_should(self, device: torch.device) -> None:
        low, high = (torch.full((1, 1, 2, 2), value, device=device) for value in (-1e4, 1e4))
        for term, wants_high in zip(self.implementation, (True, True, False), strict=True):
            right, wrong = (high, low) if wants_high else (low, high)
            assert term(right).isfinite()
            assert term(right) < term(wrong) < math.inf
