"""The cross-attention block keeps its contract; planted faults do not."""

import pytest
import torch
from torch import Tensor

from helpers.defaults import defaults_of
from ipose.layers.cross_attention import CrossAttentionBlock, compose
from ipose.testing.claims import failed_tests
from ipose.testing.cross_attention_contract import CrossAttentionContract
from ipose.testing.network_contract import NetworkContract


class TestCrossAttentionBlock(CrossAttentionContract):
    """x reads the supports: P's attention, LN on what was read, MLP on LN of the sum."""

    implementation = CrossAttentionBlock

    def test_attention_weights_of_a_query_sum_to_one(self, device):
        block, (x, keys, _) = self.block(0, device), self.tokens(0, device)
        weights = block.attention_weights(x, block.project_keys(keys))
        torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))


class TestCrossAttentionBlockIsANetwork(NetworkContract):
    """Every projection and norm has weights of its own, and each of them learns."""

    def make(self):
        return CrossAttentionBlock(6)

    def inputs(self, batch):
        return torch.randn(batch, 4, 6), torch.randn(batch, 5, 6), torch.randn(batch, 5, 6)


class WithoutScale(CrossAttentionBlock):
    def attention_weights(self, x, projected_keys):
        return super().attention_weights(x * 6**0.5, projected_keys)


class ResidualOfTheProjection(CrossAttentionBlock):
    def update(self, x, read):
        return super().update(self.query_conv(x), read)


class NormBeforeTheOutput(CrossAttentionBlock):
    def update(self, x, read):
        x = x + self.out(self.norm_attention(read))
        return x + self._mlp(self.norm_mlp(x))


class MaxInsteadOfSoftmax(CrossAttentionBlock):
    def attention_weights(self, x, projected_keys):
        soft = super().attention_weights(x, projected_keys)
        return (soft == soft.amax(-1, keepdim=True)).to(soft.dtype)


@pytest.mark.parametrize(
    "wrong", [WithoutScale, ResidualOfTheProjection, NormBeforeTheOutput, MaxInsteadOfSoftmax], ids=lambda c: c.__name__
)
def test_the_contract_rejects(wrong):
    assert "test_agrees_with_the_equation_in_float64" in failed_tests(CrossAttentionContract, wrong)


def test_two_linear_maps_in_a_row_are_one():
    torch.manual_seed(0)
    inner, outer = torch.nn.Linear(4, 5).double(), torch.nn.Linear(5, 3).double()
    x: Tensor = torch.randn(7, 4, dtype=torch.float64)
    torch.testing.assert_close(compose(outer, inner, x), outer(inner(x)))


def test_the_projections_begin_as_those_of_torchs_multi_head_attention():
    """Xavier uniform over query, key and value as one matrix of (3d, d): bound (6 / 4d)^0.5; biases 0."""
    torch.manual_seed(0)
    block = CrossAttentionBlock(64)
    before = block.query_conv.weight.clone()
    block.reset_projections()
    for projection in (block.query, block.key, block.value):
        assert projection.weight.abs().max().item() == pytest.approx((6 / 256) ** 0.5, rel=1e-2)
        assert not projection.bias.any()
    assert torch.equal(block.query_conv.weight, before)


def test_the_hidden_layer_is_four_times_as_wide():
    block = CrossAttentionBlock(6)
    assert block.mlp_in.weight.shape == (24, 6)
    assert CrossAttentionBlock(6, expansion=2).mlp_in.weight.shape == (12, 6)


def test_the_mlp_is_four_times_as_wide_unless_told_otherwise():
    assert defaults_of(CrossAttentionBlock) == {"expansion": 4}
