"""Averaged weights for evaluation, and the batch-norm statistics that fit them."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ipose.errors import ConfigError


def ema_decay(preset: float, n: int) -> float:
    """Decay of update n: min(preset, (1 + n) / (10 + n)). The first update is n = 1.

    The second term matters in short runs: without it the average would stay close to the initial weights.
    Source: OASIS's EMA, with a warm-up.
    """
    return min(preset, (1 + n) / (10 + n))


def _average_into(preset: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], n: Tensor | int) -> None:
        get_ema_multi_avg_fn(ema_decay(preset, int(n)))(averaged, current, n)

    return update


class Averages:
    """Exponential moving averages of the weights of some networks.

    The first update copies the weights. Update n + 1 is e <- d e + (1 - d) w, where d = ema_decay(decay, n). Buffers
    are copied from the networks.

    Args:
        decay: the decay after the warm-up. 0 = average nothing.
    Raises:
        ConfigError: a name that is not in `networks`.
    """

    def __init__(self, networks: Mapping[str, nn.Module], names: Sequence[str], decay: float) -> None:
        if missing := sorted(set(names) - set(networks)):
            raise ConfigError(
                "no such network to average", field="averaged", found=", ".join(missing), expected=", ".join(networks)
            )
        self.models = {
            name: AveragedModel(networks[name], multi_avg_fn=_average_into(decay)).requires_grad_(False)
            for name in (names if decay > 0 else ())
        }

    def update(self, networks: Mapping[str, nn.Module]) -> None:
        """Add the weights after one more step."""
        for name, model in self.models.items():
            model.update_parameters(networks[name])

    def modules(self) -> dict[str, nn.Module]:
        """The averaged networks by name. Each has the class of its original."""
        return {name: model.module for name, model in self.models.items()}

    @property
    def updates(self) -> int:
        """Number of updates so far."""
        return max((int(model.n_averaged) for model in self.models.values()), default=0)

    @updates.setter
    def updates(self, n: int) -> None:
        for model in self.models.values():
            model.n_averaged.fill_(n)


def evaluation_copy(network: nn.Module) -> nn.Module:
    """A deep copy in eval mode, without gradients. Changes of the copy do not change the network."""
    return copy.deepcopy(network).requires_grad_(False).eval()


_estimates: ContextVar[bool] = ContextVar("estimates", default=True)


@contextmanager
def without_estimates() -> Iterator[None]:
    """`reestimate_batch_norm` runs nothing meanwhile: for models that are made to be saved and loaded, and not used."""
    token = _estimates.set(False)
    try:
        yield
    finally:
        _estimates.reset(token)


def reestimate_batch_norm(network: nn.Module, forward: Callable[[], object], passes: int = 50) -> None:
    """Compute the batch-norm statistics of the present weights: the mean over `passes` forward passes.

    The running statistics of training belong to other weights than the averaged ones. The network's buffers change, so
    pass a copy (`Snapshot.network`, `evaluation_copy`). It ends in eval mode. The global random state is restored, and
    no gradient is recorded.

    Args:
        forward: runs `network` once on the next one of some fixed batches. It uses its own random generator.
    Raises:
        ConfigError: passes < 1.
    """
    if passes < 1:
        raise ConfigError("no pass to estimate from", field="passes", found=passes, expected="at least 1")
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm) and module.track_running_stats]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of all passes
    try:
        network.train()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            for _ in range(passes if norms and _estimates.get() else 0):
                forward()
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        network.eval()
