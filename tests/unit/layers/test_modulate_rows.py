"""modulate_rows is a gather, a product, a sum and an activation, whatever the memory of its input."""

import pytest
import torch
import torch.nn.functional as F

from ipose.layers import modulate_rows as module
from ipose.layers.modulate_rows import modulate_rows


def inputs(dtype=torch.float64, format=torch.contiguous_format, b=2, c=3, h=4, w=5, n=6):
    torch.manual_seed(0)
    x = torch.randn(b, c, h, w, dtype=dtype).contiguous(memory_format=format)
    return x, torch.randn(n, 2, c, dtype=dtype), torch.randint(0, n - 1, (b, h, w))


def plainly(x, rows, number, slope=None):
    scale, shift = rows[number].permute(3, 0, 4, 1, 2)
    y = x * scale + shift
    return y if slope is None else F.leaky_relu(y, slope)


@pytest.fixture(autouse=True, params=[7, 2**17])
def piece(request, monkeypatch):
    """One pixel at a time, or all at once."""
    monkeypatch.setattr(module, "PIECE", request.param)


class TestModulateRows:
    """x * scale + shift of each pixel's row, then LeakyReLU."""

    @pytest.mark.parametrize("slope", [None, 0.0, 0.2])
    @pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
    def test_equals_the_plain_form(self, format, slope):
        given = inputs(format=format)
        torch.testing.assert_close(modulate_rows(*given, slope), plainly(*given, slope))

    @pytest.mark.parametrize("slope", [None, 0.0, 0.2])
    @pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
    def test_gradients_equal_those_of_the_plain_form_in_float64(self, format, slope):
        x, rows, number = inputs(format=format)
        found = []
        for form in (modulate_rows, plainly):
            leaves = x.clone().requires_grad_(), rows.clone().requires_grad_()
            y = form(*leaves, number, slope)
            weight = torch.randn(y.shape, generator=torch.Generator().manual_seed(1)).double()
            found.append(torch.autograd.grad((y * weight).sum(), leaves))
        for ours, plain in zip(*found, strict=True):
            torch.testing.assert_close(ours, plain)

    def test_a_row_that_no_pixel_has_receives_0(self):
        x, rows, number = inputs()
        (grad,) = torch.autograd.grad(modulate_rows(x, rows.requires_grad_(), number).sum(), [rows])
        assert not grad[-1].any()
        assert grad[:-1].any()

    def test_takes_one_pixel_of_one_channel(self):
        given = inputs(b=1, c=1, h=1, w=1)
        torch.testing.assert_close(modulate_rows(*given, 0.2), plainly(*given, 0.2))

    def test_the_result_has_the_dtype_of_x(self):
        x, rows, number = inputs(torch.float32)
        assert modulate_rows(x.bfloat16(), rows, number, 0.2).dtype == torch.bfloat16

    def test_x_stays_as_it_is(self):
        x, rows, number = inputs(format=torch.channels_last)
        before = x.clone()
        modulate_rows(x, rows, number, 0.2)
        assert torch.equal(x, before)
