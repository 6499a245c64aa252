"""spectral_norm_conv: a convolution whose largest singular value is 1."""

import pytest
import torch
from torch import nn

from ipose.layers.spectral_norm import spectral_norm_conv, with_spectral_norm


@pytest.fixture
def conv() -> nn.Conv2d:
    torch.manual_seed(0)
    return spectral_norm_conv(3, 5, 3)


class TestSpectralNormConv:
    """W / sigma(W), W as (out, rest): power iterations in training, none in eval."""

    def test_the_largest_singular_value_comes_to_1(self, conv: nn.Conv2d) -> None:
        with torch.no_grad():
            for _ in range(50):
                conv(torch.zeros(1, 3, 4, 4))
        assert torch.linalg.matrix_norm(conv.eval().weight.flatten(1), 2).item() == pytest.approx(1, abs=1e-4)

    def test_does_not_depend_on_the_scale_of_the_weight(self, conv: nn.Conv2d) -> None:
        before = conv.eval().weight.detach().clone()
        with torch.no_grad():
            conv.parametrizations.weight.original.mul_(7)
        torch.testing.assert_close(conv.weight, before)

    @pytest.mark.parametrize("training", [True, False])
    def test_power_iterations_happen_in_training_alone(self, conv: nn.Conv2d, training: bool) -> None:
        u = conv.parametrizations.weight[0]._u
        u.copy_(torch.nn.functional.normalize(torch.arange(1.0, 6.0), dim=0))
        before = u.clone()
        conv.train(training)(torch.zeros(1, 3, 4, 4))
        assert torch.equal(u, before) is not training

    def test_eval_divides_by_the_stored_u_w_v(self, conv: nn.Conv2d) -> None:
        norm, original = conv.eval().parametrizations.weight[0], conv.parametrizations.weight.original
        norm._u.copy_(torch.tensor([1.0, 0, 0, 0, 0]))
        sigma = original[0].flatten() @ norm._v
        torch.testing.assert_close(conv.weight, original / sigma)

    def test_keeps_the_size_unless_told_otherwise(self) -> None:
        x = torch.zeros(1, 2, 6, 6)
        assert spectral_norm_conv(2, 4, 3)(x).shape == (1, 4, 6, 6)
        assert spectral_norm_conv(2, 4, 1, bias=False)(x).shape == (1, 4, 6, 6)
        assert spectral_norm_conv(2, 4, 4, stride=2, padding=1)(x).shape == (1, 4, 3, 3)

    def test_bias_is_left_as_it_is(self) -> None:
        conv = with_spectral_norm(nn.Conv2d(2, 2, 1))
        assert torch.equal(conv(torch.zeros(1, 2, 1, 1)).flatten(), conv.bias)
        assert spectral_norm_conv(2, 2, 1, bias=False).bias is None
