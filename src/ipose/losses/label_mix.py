"""LabelMix: D's answer for an image that mixes classes of a real and a fake image should be the mixture of its
answers."""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from ipose.losses.precision import full_precision


def label_mix_mask(
    label: Int[Tensor, "b h w"],
    num_classes: int,
    generator: torch.Generator,
    rule: Literal["image", "release"] = "image",
) -> Float[Tensor, "b 1 h w"]:
    """One random bit for each class of each image: 1 = take the pixel from the real image, 0 = from the fake.

    Source: OASIS sec. 3.3, used by iPOSE sec. 3.3. The release draws one bit for each class and batch, and writes it
    over the class ids. So pixels of class 0 that became 1 are drawn again with class 1: if class 1 is in the batch,
    class 0 comes from the real images only if class 1 does.

    Args:
        label: class ids 0..num_classes-1.
        num_classes: C.
        generator: on the CPU, so that a seed gives the same mask on every device.
        rule: "image" = the first rule, or "release".
    Returns:
        0 or 1, constant on each class of each image; float32 on the device of the label.
    """
    if rule == "release":
        bits = torch.randint(0, 2, (num_classes,), generator=generator)
        if bool((label == 1).any()):
            bits[0] &= bits[1]
        bits = bits.expand(len(label), -1).to(label.device)
    else:
        bits = torch.randint(0, 2, (len(label), num_classes), generator=generator).to(label.device)
    image = torch.arange(len(label), device=label.device)[:, None, None]
    return bits[image, label.long()][:, None].float()


def mix(
    mask: Float[Tensor, "b 1 h w"], real: Float[Tensor, "b channels h w"], fake: Float[Tensor, "b channels h w"]
) -> Float[Tensor, "b channels h w"]:
    """mask * real + (1 - mask) * fake."""
    return torch.lerp(fake, real, mask.to(fake.dtype))


def label_mix_loss(
    mask: Float[Tensor, "b 1 h w"],
    mixed: Float[Tensor, "b c1 h w"],
    fake: Float[Tensor, "b c1 h w"],
    real: Float[Tensor, "b c1 h w"],
) -> Float[Tensor, ""]:
    """Mean squared difference between D(mixed image) and the same mixture of D(real) and D(fake).

    Source: OASIS eq. 4, used by iPOSE sec. 3.3. On all C+1 logits. Gradients flow into all three.

    Args:
        mask: 1 where the mixed image is real.
        mixed: D's logits for mix(mask, real image, fake image).
        fake: D's logits for the fake image.
        real: D's logits for the real image.
    """
    with full_precision(mask, mixed, fake, real) as (mask, mixed, fake, real):
        return F.mse_loss(mixed, mix(mask, real, fake))
