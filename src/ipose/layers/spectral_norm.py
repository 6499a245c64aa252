"""Convolutions divided by their largest singular value: what keeps G and D from growing without bound.

iPOSE sec. 3.3 follows OASIS; Miyato et al., ICLR 2018, is the source of spectral normalisation.
"""

from torch import nn
from torch.nn.utils import parametrizations


def spectral_norm_conv(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    bias: bool = True,
    stride: int = 1,
    padding: int | None = None,
    eps: float = 1e-12,
) -> nn.Conv2d:
    """A `Conv2d` whose weight is divided by its largest singular value, W as (out, rest).

    In training mode each forward pass makes one power iteration; in eval mode none, sigma = u . (W v) with the stored u
    and v. Gradients flow through sigma with u and v held constant.

    Keys of its state: `bias`, `parametrizations.weight.original`, `parametrizations.weight.0._u`, `..._v`.

    Args:
        in_channels: channels in.
        out_channels: channels out.
        kernel_size: side of the kernel in pixels.
        bias: whether the convolution adds one per channel.
        stride: step in pixels.
        padding: zeros around the input in pixels; None keeps the size at stride 1 (kernel_size // 2).
        eps: guards the normalisation of u and v against vectors of length 0.
    """
    conv = nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2 if padding is None else padding,
        bias=bias,
    )
    return with_spectral_norm(conv, eps=eps)


def with_spectral_norm(conv: nn.Conv2d, *, eps: float = 1e-12) -> nn.Conv2d:
    """The same convolution, in place, its weight divided by its largest singular value from now on."""
    parametrizations.spectral_norm(conv, name="weight", eps=eps)
    return conv
