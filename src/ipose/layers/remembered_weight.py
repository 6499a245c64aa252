"""A convolution whose parametrised weight, e.g. one with spectral norm, is computed once in eval mode, not each time.

Dividing the weights by their singular values reads and writes all of them. In eval mode nothing changes between two
calls, so the quotient is remembered until a tensor that it was made of changes.
"""

from typing import Any, cast
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

_REMEMBERED: "WeakKeyDictionary[nn.Module, tuple[Any, list[Tensor], Tensor]]" = WeakKeyDictionary()
"""For each layer: what its weight was made of, as a key; the tensors of the key; the weight. Nothing is on the layer
itself, so its copies and its state dict are as before."""


class Conv2d(nn.Conv2d):
    """torch's convolution, with `remembered_weight`."""

    def forward(self, input: Tensor) -> Tensor:
        """The convolution of `input`."""
        result: Tensor = self._conv_forward(input, remembered_weight(self), self.bias)
        return result


def remembered_weight(layer: nn.Module) -> Tensor:
    """`layer.weight`. A parametrised one is computed once, if the layer is in eval mode and gradients are off.

    It is computed anew when a parameter or buffer of the parametrisation is another tensor, has another dtype or
    device, or was changed in place: by an optimizer step, `load_state_dict`, an average. Only a change through `.data`
    is not seen, because torch does not count it.
    """
    if not _may_be_remembered(layer):
        return cast(Tensor, layer.weight)
    parametrisation = layer.get_submodule("parametrizations.weight")
    sources = [*parametrisation.parameters(), *parametrisation.buffers()]
    half = _autocast_dtype(sources[0].device.type)
    key = half, [(source.data_ptr(), source._version, source.dtype, source.device) for source in sources]
    known = _REMEMBERED.get(layer)
    if known is None or known[0] != key:
        weight = cast(Tensor, layer.weight).detach()
        if weight.ndim == 4 and weight.device.type == "cpu":
            weight = weight.contiguous(memory_format=torch.channels_last)
        weight = weight if half is None else weight.to(half)
        # the sources are kept: so no other tensor can come to lie at their address
        known = key, [source.detach() for source in sources], weight
        _REMEMBERED[layer] = known
    return known[2]


def _may_be_remembered(layer: nn.Module) -> bool:
    if layer.training or torch.is_grad_enabled() or torch.compiler.is_compiling():
        return False
    tensors = [*layer.parameters(), *layer.buffers()]
    uncounted = any(tensor.is_meta or tensor.is_inference() for tensor in tensors)
    return parametrize.is_parametrized(layer, "weight") and not uncounted


def _autocast_dtype(device_type: str) -> torch.dtype | None:
    return torch.get_autocast_dtype(device_type) if torch.is_autocast_enabled(device_type) else None
