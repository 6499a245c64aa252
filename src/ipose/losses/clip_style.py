"""CLIP style loss: the earth mover's distance between CLIP tokens of fakes and of real images (iPOSE sec. 3.3)."""

from typing import Any, Literal, Protocol, cast, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ConfigError
from ipose.losses.relaxed_emd import relaxed_emd

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
StyleResize = Literal["clip", "release"]
STYLE_BLOCK = 8
"""Number of the block whose tokens are compared, from 0 (the release; the paper says "eighth layer")."""


@runtime_checkable
class VisualEncoder(Protocol):
    """The part of an encoder that the style loss needs. open_clip's `VisionTransformer` has it."""

    image_size: tuple[int, int]
    transformer: Any

    def forward_intermediates(self, x: Tensor, indices: list[int], **options: Any) -> dict[str, Any]:
        """Tokens (b, n, d) of the given blocks under "image_intermediates", without the class token."""


def visual_tokens(
    visual: VisualEncoder, images: Float[Tensor, "b 3 h w"], block: int = STYLE_BLOCK, resize: StyleResize = "clip"
) -> Float[Tensor, "b n d"]:
    """The tokens of a block of the encoder for each image: one for each patch, without the class token.

    Images are scaled from [-1, 1] to [0, 1], resized to the encoder's size (224 for ViT-B/32) without keeping the
    aspect, and normalised by CLIP's mean and deviation.

    Args:
        visual: a vision transformer like open_clip's.
        images: in [-1, 1], any size.
        block: number of the block, from 0.
        resize: "clip" = bicubic with antialiasing, like CLIP's own preprocessing. "release" = bilinear without
            antialiasing, like torchvision 0.8.2 for tensors.
    Raises:
        ConfigError: the encoder has no such block.
    """
    _check_block(visual, block)
    mean, std = (images.new_tensor(values)[:, None, None] for values in (CLIP_MEAN, CLIP_STD))
    mode, antialias = ("bicubic", True) if resize == "clip" else ("bilinear", False)
    resized = F.interpolate((images + 1) / 2, size=visual.image_size, mode=mode, antialias=antialias)
    output = visual.forward_intermediates(
        (resized - mean) / std, indices=[block], stop_early=True, intermediates_only=True, output_fmt="NLC"
    )
    tokens: Tensor = output["image_intermediates"][0]
    return tokens


def _check_block(visual: VisualEncoder, block: int) -> None:
    last = len(visual.transformer.resblocks) - 1
    if not 0 <= block <= last:
        raise ConfigError("the style encoder has no such block", field="block", found=block, expected=f"0..{last}")


class CLIPStyle(nn.Module):
    """`relaxed_emd` between the encoder's tokens of fake and real images. It compares styles, not places.

    The encoder is frozen and stays in eval mode. It never becomes part of G or D. Gradients flow only into the fakes.

    Args:
        visual: a vision transformer like open_clip's (`load_clip_style` loads CLIP's, `tiny_clip_style` makes a random
            one).
        block: number of the block whose tokens are compared, from 0. The release's is 8, the ninth.
        resize: see `visual_tokens`.
    Raises:
        ConfigError: the encoder has no such block.
    """

    def __init__(self, visual: nn.Module, block: int = STYLE_BLOCK, resize: StyleResize = "clip") -> None:
        super().__init__()
        _check_block(cast(VisualEncoder, visual), block)
        self.visual: Any = visual.eval().requires_grad_(False)
        self.block, self.resize = block, resize

    def train(self, mode: bool = True) -> "CLIPStyle":
        """Stay in eval mode, because the encoder is frozen."""
        super().train(False)
        return self

    def forward(self, fake: Float[Tensor, "b 3 h w"], real: Float[Tensor, "b 3 height width"]) -> Float[Tensor, ""]:
        """The style distance of two batches of images in [-1, 1]. Gradients flow only into the first one."""
        with torch.no_grad():
            wanted = visual_tokens(self.visual, real, self.block, self.resize)
        return relaxed_emd(visual_tokens(self.visual, fake, self.block, self.resize), wanted)
