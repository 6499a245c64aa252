"""Gradient penalties: of a score whose gradient is known, by hand."""

import pytest
import torch

from ipose.losses.gradient_penalty import one_centred_penalty, r1_penalty, score_gradient


def slope(images, steepness):
    """A score that rises by `steepness` along one direction of unit length."""
    return images.flatten(1).sum(1) * steepness / images[0].numel() ** 0.5


class TestPenalties:
    """Of a score of slope s: (s - 1)^2, and s^2 / 2."""

    @pytest.mark.parametrize("steepness", [0.0, 0.5, 1.0, 3.0])
    def test_of_a_known_slope(self, steepness):
        images = torch.rand(3, 3, 4, 4, requires_grad=True)
        gradient = score_gradient(slope(images, steepness), images, create_graph=False)
        assert one_centred_penalty(gradient).item() == pytest.approx((steepness - 1) ** 2, abs=1e-5)
        assert r1_penalty(gradient).item() == pytest.approx(steepness**2 / 2, abs=1e-5)

    @pytest.mark.parametrize("penalty", [one_centred_penalty, r1_penalty])
    def test_a_batch_twice_gives_the_same(self, penalty):
        gradient = torch.randn(3, 3, 4, 4)
        torch.testing.assert_close(penalty(torch.cat([gradient, gradient])), penalty(gradient))

    @pytest.mark.parametrize("penalty", [one_centred_penalty, r1_penalty])
    def test_teaches_what_made_the_score(self, penalty):
        steepness = torch.tensor(2.0, requires_grad=True)
        images = torch.rand(2, 3, 4, 4, requires_grad=True)
        penalty(score_gradient(slope(images, steepness), images)).backward()
        assert steepness.grad.item() == pytest.approx(2.0, rel=1e-4)

    def test_a_flat_score_is_pulled_to_neither_side(self):
        """The root of 0 has an infinite gradient, which would end the training."""
        steepness = torch.tensor(0.0, requires_grad=True)
        images = torch.rand(2, 3, 4, 4, requires_grad=True)
        one_centred_penalty(score_gradient(slope(images, steepness), images)).backward()
        assert steepness.grad == 0
