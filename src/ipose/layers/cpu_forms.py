"""Forms of maps and of convolutions that a CPU computes faster. The numbers stay."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def in_fast_memory(x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
    """x in the memory format that convolutions are faster in: channels-last, on the CPU."""
    return x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x


def one_channel(conv: nn.Conv2d, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b 1 h w"]:
    """conv(x), for an odd kernel of one output channel that keeps the size.

    Libraries compute 8 or 16 output channels at a time, and most of them would be thrown away. So each pixel gives its
    share to the k x k pixels around it (one product), and each pixel adds up what it gets. In float32 on the CPU this
    takes a third of the time. Elsewhere, and in compiled programs, it is the convolution.
    """
    if x.dtype != torch.float32 or x.device.type != "cpu" or torch.compiler.is_compiling():
        result: Tensor = conv(x)
        return result
    _, channels, side, _ = conv.weight.shape
    given = conv.weight.flip(2, 3).reshape(channels, side * side).mT @ x.flatten(2)
    shares: Tensor = F.fold(given, x.shape[-2:], side, padding=side // 2)
    return shares if conv.bias is None else shares + conv.bias.view(1, 1, 1, 1)
