"""Images between float in [-1, 1] and uint8 in 0..255, and their sizes in words."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor


def image_uint8(image: Float[Tensor, "*b 3 h w"]) -> UInt8[Tensor, "*b 3 h w"]:
    """An image in [-1, 1] as 0..255; values outside are clamped."""
    return ((image.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def image_float(image: UInt8[Tensor, "*b 3 h w"]) -> Float[Tensor, "*b 3 h w"]:
    """An image in 0..255 as float32 in [-1, 1]."""
    return image.float() / 127.5 - 1


def size_in_words(height: int, width: int) -> str:
    """The size of an image, for a message: "48x64 (height x width)", "64x64"."""
    return f"{height}x{width}" + ("" if height == width else " (height x width)")
