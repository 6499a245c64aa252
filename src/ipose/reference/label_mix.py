"""LabelMix, class by class and pixel by pixel."""

import torch
from torch import Tensor


def label_mix_mask(label: Tensor, num_classes: int, generator: torch.Generator) -> Tensor:
    """A coin for every class of every image; its pixels all take what the coin says."""
    mask = torch.zeros(len(label), 1, *label.shape[1:], device=label.device)
    coins = torch.randint(0, 2, (len(label), num_classes), generator=generator)
    for i in range(len(label)):
        for c in range(num_classes):
            mask[i, 0][label[i] == c] = float(coins[i, c])
    return mask


def label_mix_loss(mask: Tensor, mixed: Tensor, fake: Tensor, real: Tensor) -> Tensor:
    """Mean over images, logits and pixels of (D(mixed) - what D says of the image that the pixel came from)^2."""
    b, c1, h, w = mixed.shape
    total = mixed.new_zeros(())
    for i in range(b):
        for y in range(h):
            for x in range(w):
                origin = real if mask[i, 0, y, x] == 1 else fake
                for c in range(c1):
                    total = total + (mixed[i, c, y, x] - origin[i, c, y, x]) ** 2
    return total / (b * c1 * h * w)
