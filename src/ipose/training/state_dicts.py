"""The numbers of a system, gathered to be written down."""

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ipose.errors import NonFiniteLossError


def state_dicts(modules: Mapping[str, nn.Module]) -> dict[str, dict[str, Tensor]]:
    """The weights and buffers of each, on the CPU."""
    return {name: _state_dict(module) for name, module in modules.items()}


def _state_dict(module: nn.Module) -> dict[str, Tensor]:
    """The state dict on the CPU, contiguous, no two tensors in one memory (safetensors refuses tied weights)."""
    state: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in module.state_dict().items():
        whole = tensor.detach().cpu().contiguous()
        shared = whole.untyped_storage().data_ptr() in seen
        state[name] = whole.clone() if shared else whole
        seen.add(whole.untyped_storage().data_ptr())
    return state


def check_finite(states: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Raises NonFiniteLossError where a number is NaN or infinite."""
    for network, state in states.items():
        for name, tensor in state.items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise NonFiniteLossError(
                    f"weight {name!r} of {network!r} is not finite, so this step is not saved",
                    mend="Start a new run from the last checkpoint (--init) with a lower learning rate.",
                )


def size_of(tree: Any) -> int:
    """Bytes of all tensors in nested mappings and sequences."""
    return sum(tensor.nbytes for tensor in _tensors(tree))


def _tensors(tree: Any) -> Iterator[Tensor]:
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, Mapping):
        for value in tree.values():
            yield from _tensors(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _tensors(value)
