"""The diversity term: images of one scene from two noises should differ."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.losses.diversity import diversity_loss
from ipose.testing.claims import law


def drawn(seed, b=2, classes=4):
    generator = torch.Generator().manual_seed(seed)
    first, second = (torch.rand(b, 3, 5, 4, generator=generator, dtype=torch.float64) * 2 - 1 for _ in range(2))
    return first, second, torch.randint(0, classes, (b, 5, 4), generator=generator)


class TestDiversityLoss:
    """diversity_loss: target minus the difference of the mean colours, for each class of each image."""

    @law(seed=st.integers(0, 999), target=st.floats(0.1, 2.0))
    def test_agrees_with_loops_over_images_and_classes(self, seed, target):
        first, second, label = drawn(seed)
        terms = [
            max(0.0, target - (first[i] - second[i])[:, label[i] == c].mean(dim=1).abs().mean().item())
            for i in range(2)
            for c in label[i].unique().tolist()
        ]
        found = diversity_loss(first, second, label, 4, target)
        assert found.item() == pytest.approx(sum(terms) / len(terms), rel=1e-6)

    def test_equal_images_cost_the_target_and_different_enough_ones_nothing(self):
        first, _, label = drawn(0)
        assert diversity_loss(first, first, label, 4, 0.25).item() == pytest.approx(0.25)
        assert diversity_loss(first, first + 0.3, label, 4, 0.25) == 0

    def test_a_background_that_differs_does_not_excuse_an_object_that_does_not(self):
        image = torch.zeros(1, 3, 4, 4)
        label = torch.zeros(1, 4, 4, dtype=torch.long)
        label[0, 0, 0] = 1
        other = image + 2.0 * (label == 0)[:, None]
        assert diversity_loss(image, other, label, 2, 1.0).item() == pytest.approx(0.5)

    def test_chequers_of_opposite_sign_are_no_other_paint(self):
        chequers = (torch.arange(4)[:, None] + torch.arange(4)) % 2 * 2.0 - 1
        image = chequers.expand(1, 3, 4, 4)
        assert diversity_loss(image, -image, torch.zeros(1, 4, 4, dtype=torch.long), 1, 0.25) == 0.25

    def test_gradient_pushes_the_mean_colours_apart_until_the_target(self):
        first, second, label = drawn(1)
        first.requires_grad_()
        diversity_loss(first, second, label, 4, 2.0).backward()
        for image, other, gradient, classes in zip(first, second, first.grad, label, strict=True):
            for c in classes.unique():
                apart = (image - other)[:, classes == c].mean(dim=1, keepdim=True).sign()
                assert torch.equal(gradient[:, classes == c].sign(), (-apart).expand(-1, int((classes == c).sum())))

    def test_is_computed_in_float32_under_bfloat16(self):
        first, second, label = drawn(2)
        first, second = first.bfloat16(), second.bfloat16()
        with torch.autocast("cpu", torch.bfloat16):
            found = diversity_loss(first, second, label, 4, 1.0)
        torch.testing.assert_close(found, diversity_loss(first.float(), second.float(), label, 4, 1.0))
        assert found.dtype == torch.float32
