"""Less memory for a training step: networks called in pieces, and activations computed again in the backward pass.

Gradient accumulation as it is usually done, with a small batch after the other, changes every loss that looks at the
whole batch: class weights, for example. Here a network is called for one piece of the batch after the other, without
keeping activations, and the losses see the whole batch. In the backward pass each piece is computed again and adds its
gradient. So the gradient is that of the large batch, for every loss, at the price of one more forward pass. Two things
differ: a batch norm in training mode normalises each piece alone, as it does on several GPUs; and dropout draws other
numbers.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.utils._pytree import tree_flatten, tree_unflatten
from torch.utils.checkpoint import checkpoint

from ipose.errors import ConfigError
from ipose.objective import Objective, called_modules


@contextmanager
def less_memory(objective: Objective, pieces: int, blocks_again: bool) -> Iterator[None]:
    """Inside, the networks of an objective keep fewer activations. The backward pass belongs inside, too.

    Args:
        objective: it may have `in_pieces`: the modules that are called with the batch first, where it does not call its
            networks themselves.
        pieces: number of pieces of a batch; 1 = the whole batch at once.
        blocks_again: keep only what goes into each block (`blocks_of`), and compute the block again.
    """
    with ExitStack() as stack:
        if blocks_again:
            for network in objective.networks.values():
                for block in blocks_of(network):
                    stack.enter_context(_called_by(block, 1))
        if pieces > 1:
            for module in called_modules(objective):
                stack.enter_context(_called_by(module, pieces))
        yield


def blocks_of(network: nn.Module) -> Iterator[nn.Module]:
    """The modules to compute again: each entry of an outermost ModuleList, and each outermost Sequential."""
    if isinstance(network, nn.Sequential):
        yield network
    elif isinstance(network, nn.ModuleList):
        yield from network
    elif not parametrize.is_parametrized(network):
        for child in network.children():
            yield from blocks_of(child)


@contextmanager
def _called_by(module: nn.Module, pieces: int) -> Iterator[None]:
    """Inside, a call of the module goes through `_call`. An attribute of the object goes before its class's method."""
    before = vars(module).get("forward")
    vars(module)["forward"] = partial(_call, module, module.forward, pieces)
    try:
        yield
    finally:
        del vars(module)["forward"]
        if before is not None:
            vars(module)["forward"] = before


def _call(module: nn.Module, forward: Callable[..., Any], pieces: int, *args: Any, **kwargs: Any) -> Any:
    answers = []
    for i, (some, named) in enumerate(_split(args, kwargs, pieces)):
        with _weights_stay(module) if i else nullcontext():
            if not torch.is_grad_enabled():
                answers.append(forward(*some, **named))
                continue
            again = partial(_contexts, _AsBefore(module))
            answers.append(checkpoint(forward, *some, use_reentrant=False, context_fn=again, **named))
    return answers[0] if len(answers) == 1 else _joined(answers, module)


def _contexts(again: "_AsBefore") -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Of the first computation, and of the second one."""
    return nullcontext(), again


def _split(args: Any, kwargs: Any, pieces: int) -> Iterator[tuple[Any, Any]]:
    """The arguments of each piece: every tensor as long as the first one is cut, along its first axis."""
    leaves, form = tree_flatten((args, kwargs))
    length = next((leaf.shape[0] for leaf in leaves if isinstance(leaf, Tensor) and leaf.ndim), 0)
    if pieces == 1 or length < 2:
        yield args, kwargs
        return
    cut = [
        leaf.chunk(pieces) if isinstance(leaf, Tensor) and leaf.ndim and leaf.shape[0] == length else None
        for leaf in leaves
    ]
    for i in range(next(len(parts) for parts in cut if parts is not None)):
        mine = [leaf if parts is None else parts[i] for leaf, parts in zip(leaves, cut, strict=True)]
        yield tree_unflatten(mine, form)


def _joined(answers: Sequence[Any], module: nn.Module) -> Any:
    """The answers of the pieces as one, along the first axis of every tensor."""
    flat = [tree_flatten(answer)[0] for answer in answers]
    if not all(isinstance(leaf, Tensor) and leaf.ndim for leaf in flat[0]):
        raise ConfigError(
            f"{type(module).__name__} gives more than tensors with the batch first, so it cannot be called in pieces",
            field="accumulate",
            mend="Leave out --accumulate, or give the objective in_pieces.",
        )
    joined = [torch.cat(leaves) for leaves in zip(*flat, strict=True)]
    return tree_unflatten(joined, tree_flatten(answers[0])[1])


@contextmanager
def _weights_stay(module: nn.Module) -> Iterator[None]:
    """Inside, parametrised weights are what they were: spectral norm makes one iteration for a batch, not for a
    piece."""
    before = [(part, part.training) for part in _parametrisations(module)]
    try:
        for part, _ in before:
            part.training = False
        yield
    finally:
        for part, training in before:
            part.training = training


def _parametrisations(module: nn.Module) -> Iterator[nn.Module]:
    for layer in module.modules():
        if parametrize.is_parametrized(layer):
            yield from layer.get_submodule("parametrizations").modules()


class _AsBefore(AbstractContextManager[None]):
    """A context for the second computation: the module is as it was for the first one, and is not changed.

    That is its buffers, and whether spectral norm makes an iteration.
    """

    def __init__(self, module: nn.Module) -> None:
        self.buffers = [
            (owner, name, buffer.clone())
            for owner in module.modules()
            for name, buffer in owner._buffers.items()
            if buffer is not None
        ]
        self.training = [(part, part.training) for part in _parametrisations(module)]

    def __enter__(self) -> None:
        self.present = [(owner, name, owner._buffers[name]) for owner, name, _ in self.buffers]
        self.present_training = [(part, part.training) for part, _ in self.training]
        for owner, name, buffer in self.buffers:
            owner._buffers[name] = buffer.clone()
        for part, training in self.training:
            part.training = training

    def __exit__(self, *_: object) -> None:
        for owner, name, buffer in self.present:
            owner._buffers[name] = buffer
        for part, training in self.present_training:
            part.training = training
