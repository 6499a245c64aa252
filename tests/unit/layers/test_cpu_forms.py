"""A convolution of one channel is the convolution: in value, in every gradient, in every precision; maps in fast memory
are the same maps."""

import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from ipose.layers.cpu_forms import in_fast_memory, one_channel
from ipose.testing import law


@law(
    side=st.sampled_from([1, 3, 5]),
    h=st.integers(1, 9),
    w=st.integers(1, 9),
    bias=st.booleans(),
    seed=st.integers(0, 99),
)
def test_is_the_convolution_with_its_gradients(side, h, w, bias, seed):
    torch.manual_seed(seed)
    conv = nn.Conv2d(3, 1, side, padding=side // 2, bias=bias)
    x, weight = torch.randn(2, 3, h, w, requires_grad=True), torch.randn(2, 1, h, w)
    found, wanted = one_channel(conv, x), conv(x)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    leaves = [x, *conv.parameters()]
    gradients = [torch.autograd.grad((y * weight).sum(), leaves) for y in (found, wanted)]
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_in_another_precision_it_is_the_convolution_itself(dtype):
    conv, x = nn.Conv2d(4, 1, 5, padding=2).to(dtype), torch.randn(1, 4, 8, 8, dtype=dtype)
    assert torch.equal(one_channel(conv, x), conv(x))


def test_a_compiled_program_has_the_convolution():
    conv, x = nn.Conv2d(4, 1, 3, padding=1), torch.randn(1, 4, 6, 6)
    program = torch.export.export(_Head(conv), (x,))
    assert [node.target for node in program.graph.nodes if "conv2d" in str(node.target)]


def test_fast_memory_holds_the_same_numbers_channels_last():
    x = torch.randn(2, 3, 4, 5)
    fast = in_fast_memory(x)
    assert torch.equal(fast, x)
    assert fast.is_contiguous(memory_format=torch.channels_last)
    assert in_fast_memory(fast) is fast


class _Head(nn.Module):
    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x):
        return one_channel(self.conv, x)
