"""Instance norm: torch's, and its edges."""

import pytest
import torch

from ipose.layers.instance_norm import InstanceNorm


@pytest.mark.parametrize("size", [(4, 5), (4, 1), (1, 5)])
def test_equals_torchs_where_torch_has_one(size):
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    assert torch.equal(InstanceNorm(3)(x), torch.nn.InstanceNorm2d(3)(x))


def test_one_pixel_gives_zero():
    assert InstanceNorm(3)(torch.randn(2, 3, 1, 1)).abs().max() == 0


@pytest.mark.parametrize("value", [0.1, 0.7371, 3.3])
def test_a_constant_map_gives_nothing_in_bfloat16_as_in_float32(value):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        normalised = InstanceNorm(2)(torch.full((1, 2, 32, 32), value, dtype=torch.bfloat16))
    assert normalised.dtype == torch.bfloat16
    assert normalised.abs().max() < 1e-3 * value
