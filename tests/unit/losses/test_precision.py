"""full_precision: a stretch of code in float32 or better, whatever autocast says outside."""

import pytest
import torch

from ipose.losses.precision import full_precision


def product_dtype() -> torch.dtype:
    """What a matrix product is computed in, here and now."""
    return (torch.ones(2, 2) @ torch.ones(2, 2)).dtype


class TestFullPrecision:
    """Half-precision tensors become float32, all others stay; autocast is off inside, and back outside."""

    @pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
    def test_half_precision_becomes_float32_of_the_same_values(self, half):
        x = torch.tensor([0.1, -3.3, 1000.0], dtype=half)
        with full_precision(x) as (wide,):
            assert wide.dtype == torch.float32
            assert torch.equal(wide, x.float())

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_full_precision_passes_as_the_very_tensor(self, dtype):
        x = torch.ones(2, dtype=dtype)
        with full_precision(x) as (same,):
            assert same is x

    def test_each_tensor_is_judged_by_its_own_dtype_in_its_own_place(self):
        given = (torch.zeros(1), torch.ones(1, dtype=torch.bfloat16), torch.full((1,), 2.0, dtype=torch.float64))
        with full_precision(*given) as found:
            assert [tensor.dtype for tensor in found] == [torch.float32, torch.float32, torch.float64]
            assert [tensor.item() for tensor in found] == [0, 1, 2]

    def test_autocast_is_off_inside_and_as_before_outside(self):
        with torch.autocast("cpu", torch.bfloat16):
            assert product_dtype() == torch.bfloat16
            with full_precision(torch.ones(1)):
                assert product_dtype() == torch.float32
            assert product_dtype() == torch.bfloat16
        with full_precision(torch.ones(1)):
            pass
        assert product_dtype() == torch.float32

    def test_an_error_inside_passes_and_leaves_autocast_as_before(self):
        with torch.autocast("cpu", torch.bfloat16):
            with pytest.raises(KeyError), full_precision(torch.ones(1)):
                raise KeyError
            assert product_dtype() == torch.bfloat16

    def test_gradients_reach_what_was_given_in_its_own_dtype(self):
        x = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
        with full_precision(x) as (wide,):
            (3 * wide).sum().backward()
        assert x.grad.dtype == torch.bfloat16
        assert x.grad.tolist() == [3, 3]
