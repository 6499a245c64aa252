"""Initial weights: Xavier normal with a small gain, biases 0 (OASIS, R)."""

import torch
from torch import nn
from torch.nn.utils import parametrize

_POWER_ITERATIONS = 15  # as many as torch makes when a spectral norm is registered


@torch.no_grad()
def init_weights(
    module: nn.Module,
    gain: float = 0.02,
    generator: torch.Generator | None = None,
    *,
    spectral_layers: bool = True,
) -> None:
    """Draw new weights for every convolution and linear layer in `module`, in place.

    With spectral norm, the weight before the division is drawn. The estimate of its largest singular value is updated,
    too, so that eval mode is right from the first step.

    Args:
        module: any network.
        gain: of Xavier's normal distribution: std = gain * sqrt(2 / (fan_in + fan_out)).
        generator: source of random numbers, on the weights' device. None = torch's global one.
        spectral_layers: False = weights with spectral norm keep torch's start; biases are 0 in any case.
    """
    for layer in module.modules():
        if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            continue
        normed = parametrize.is_parametrized(layer, "weight")
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
        if normed and not spectral_layers:
            continue
        weight = layer.get_parameter("parametrizations.weight.original" if normed else "weight")
        nn.init.xavier_normal_(weight, gain, generator=generator)
        if normed and not weight.is_meta:
            _follow_weight(layer)


def _follow_weight(layer: nn.Module) -> None:
    """Update the singular value: reading the weight in training mode does a power iteration. The mode is restored."""
    training = layer.training
    layer.train()
    for _ in range(_POWER_ITERATIONS):
        _ = layer.weight
    layer.train(training)
