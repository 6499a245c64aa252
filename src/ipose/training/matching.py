"""Load weights by name: all of them, or those that fit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ipose.errors import NonFiniteLossError, RunError

SHOWN = 5
"""Names listed before "and N more"."""


@dataclass(frozen=True)
class MatchReport:
    """Which weights of a module a state dict has.

    Args:
        loaded: names whose shape is the same in both.
        reshaped: names with another shape: (shape in the module, shape in the state dict). They are not loaded.
        missing: names that only the module has. They keep their initial values.
        unused: names that only the state dict has.
    """

    loaded: tuple[str, ...]
    reshaped: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]
    missing: tuple[str, ...]
    unused: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether all names and shapes are the same."""
        return not (self.reshaped or self.missing or self.unused)

    def __str__(self) -> str:
        total = len(self.loaded) + len(self.reshaped) + len(self.missing)
        differences = self.differences()
        return f"{len(self.loaded)} of {total} weights loaded" + (f"; {differences}" if differences else "")

    def differences(self) -> str:
        """What does not fit, in words. Empty if everything fits."""
        shapes = [
            f"{name} ({_shape(ours)} here, {_shape(theirs)} there)" for name, (ours, theirs) in self.reshaped.items()
        ]
        groups = {"other shapes": shapes, "missing there": list(self.missing), "unknown here": list(self.unused)}
        return "; ".join(f"{what}: {_some(names)}" for what, names in groups.items() if names)


def _shape(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"


def _some(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def compare(module: nn.Module, state: Mapping[str, Tensor]) -> MatchReport:
    """Compare the weights and buffers of `module` with a state dict, by name and shape."""
    own = module.state_dict()
    both = [name for name in own if name in state]
    return MatchReport(
        loaded=tuple(name for name in both if own[name].shape == state[name].shape),
        reshaped={
            name: (tuple(own[name].shape), tuple(state[name].shape))
            for name in both
            if own[name].shape != state[name].shape
        },
        missing=tuple(name for name in own if name not in state),
        unused=tuple(name for name in state if name not in own),
    )


def load_matching(module: nn.Module, state: Mapping[str, Tensor]) -> MatchReport:
    """Load the weights whose name and shape match, for example to fine-tune on other classes.

    Raises:
        RunError: no weight matches.
    """
    report = compare(module, state)
    if not report.loaded:
        message = f"no weight fits this {type(module).__name__}"
        found = _some(list(state)) or "an empty file"
        expected = _some(list(module.state_dict()))
        raise RunError(message, found=found, expected=expected, mend="Start from a run of the same network.")
    own = module.state_dict()
    with torch.no_grad():
        for name in report.loaded:
            own[name].copy_(state[name])
    return report


def load_exactly(module: nn.Module, state: Mapping[str, Tensor], *, name: str) -> None:
    """Load all weights and buffers.

    Raises:
        RunError: names or shapes differ; lists them. Nothing is loaded.
    """
    report = compare(module, state)
    if not report.complete:
        mend = "Resume with the configuration of run.json, or start a new run with --init to load what fits."
        raise RunError(f"the checkpoint's {name!r} is another network", found=report.differences(), mend=mend)
    load_matching(module, state)


def state_dicts(modules: Mapping[str, nn.Module]) -> dict[str, dict[str, Tensor]]:
    """The weights and buffers of each module, on the CPU."""
    return {name: _state_dict(module) for name, module in modules.items()}


def _state_dict(module: nn.Module) -> dict[str, Tensor]:
    """Contiguous tensors that share no memory: safetensors refuses shared memory."""
    state: dict[str, Tensor] = {}
    seen: set[int] = set()
    for name, tensor in module.state_dict().items():
        whole = tensor.detach().cpu().contiguous()
        shared = whole.untyped_storage().data_ptr() in seen
        state[name] = whole.clone() if shared else whole
        seen.add(whole.untyped_storage().data_ptr())
    return state


def check_finite(states: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Raises NonFiniteLossError where a weight is NaN or infinite."""
    for network, state in states.items():
        for name, tensor in state.items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                raise NonFiniteLossError(
                    f"weight {name!r} of {network!r} is not finite, so this step is not saved",
                    mend="Start a new run from the last checkpoint (--init) with a lower learning rate.",
                )


def size_of(tree: Any) -> int:
    """Bytes of all tensors in a tree of mappings and sequences."""
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
