"""How GANSeg's weights begin: Kaiming normal for a leaky ReLU of 0.2, biases 0, the table of parts N(0, 1)."""

import torch
from torch import nn

from ipose.ganseg.blocks import SLOPE


@torch.no_grad()
def start_weights(network: nn.Module, generator: torch.Generator | None = None) -> None:
    """Draw all weights anew, in place: std = sqrt(2 / 1.04 / fan_in) (the release).

    Args:
        network: GANSeg's generator or discriminator.
        generator: the source of randomness, on the weights' device; None = torch's global one.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, a=SLOPE, generator=generator)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.Embedding):
            nn.init.normal_(layer.weight, generator=generator)
