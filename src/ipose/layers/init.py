"""How weights begin: Xavier normal with a small gain, biases 0 (OASIS, R)."""

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
    """Draw the weights of every convolution and linear layer inside `module` anew, in place.

    Where a layer has spectral norm, the weight that is divided is drawn, and the estimate of its largest singular value
    follows, so that the first step in eval mode is as good as the thousandth.

    Args:
        module: any network.
        gain: of Xavier's normal distribution: std = gain * sqrt(2 / (fan_in + fan_out)).
        generator: the source of randomness, on the weights' device; None = torch's global one.
        spectral_layers: False leaves weights under spectral norm as they are (torch's start), biases 0 all the same.
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
    """Power iterations happen when the weight is read in training mode; read it often enough, then restore the mode."""
    training = layer.training
    layer.train()
    for _ in range(_POWER_ITERATIONS):
        _ = layer.weight
    layer.train(training)
