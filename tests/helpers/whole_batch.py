"""What distinguishes a process of several from one that has the whole batch, taken away; and a training without it.

In a training of several processes each one has noise of its own, and, on the CPU, batch norms and class weights of its
own share of the batch. `as_one_batch` draws the noise for the whole batch, and computes both over all processes. Then
several processes must end where one does with the whole batch. Run as a script, this trains every system in a process:

    RANK=0 WORLD_SIZE=2 ... python whole_batch.py FOLDER STEPS [FOLDER STEPS ...]
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import torch.distributed as dist
from torch import Tensor, nn

import ipose.losses.n_plus_one as n_plus_one
import ipose.training.batches as batches
import ipose.training.phases as phases
from helpers.small_systems import SYSTEMS, Training, partnet, synthesis
from ipose.seeds import generator_of, seed_of
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.processes import Processes
from ipose.training.run import Run

BATCH = 4
"""Of all processes together."""

BUILD: dict[str, Callable[[], Training]] = {
    **SYSTEMS,
    "partnet": lambda: partnet(random_supports=0.0, learning_rate=1e-4),
    "synthesis": lambda: synthesis(style="none"),
}
"""PartNet draws random supports, and the style loss crops, for a process's own share: both are left out. With the
learning rate of `small_systems`, PartNet would make a difference of 1e-15 in one weight one of 1e-2 in 20 steps."""


class SumOfAll(torch.autograd.Function):
    """The sum over all processes, and of their gradients on the way back."""

    @staticmethod
    def forward(_: Any, x: Tensor) -> Tensor:
        total = x.clone()
        if dist.is_initialized():
            dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_: Any, gradient: Tensor) -> Tensor:
        return SumOfAll.forward(None, gradient)


def as_one_batch(processes: Processes) -> None:
    """Patch this process, for good: what it draws and computes is its share of what one process would."""
    rank, world = processes.rank, processes.world
    steps: list[torch.Generator | None] = []

    def of_the_main(*purpose: Any) -> torch.Generator:
        kind = purpose[1]
        generator = generator_of(*purpose[:-1], 0) if kind in ("step", "batch") else generator_of(*purpose)
        if kind == "step":
            steps[:] = [generator]
        return generator

    def shared(draw: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def share(*args: Any, generator: torch.Generator | None = None, **more: Any) -> Tensor:
            limits, size = (args[:-1], args[-1]) if isinstance(args[-1], tuple) else ((), args)
            if generator not in steps or not size or size[0] != BATCH // world:
                return draw(*args, generator=generator, **more)
            return draw(*limits, (BATCH, *size[1:]), generator=generator, **more)[rank::world]

        return share

    def dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
        kept = original["rand"](BATCH, *x.shape[1:], dtype=x.dtype)[rank::world] >= p
        return x * kept / (1 - p) if training else x

    def batch_norm(self: nn.BatchNorm2d, x: Tensor) -> Tensor:
        if not self.training:
            return nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )
        axes = [axis for axis in range(x.ndim) if axis != 1]
        mean, square = (SumOfAll.apply(each.mean(axes)) / world for each in (x, x * x))
        variance, count = square - mean**2, world * x.numel() / x.shape[1]
        with torch.no_grad():
            if self.running_mean is not None and self.running_var is not None:
                self.running_mean.lerp_(mean.to(self.running_mean), self.momentum or 0.0)
                self.running_var.lerp_((variance * count / (count - 1)).to(self.running_var), self.momentum or 0.0)
        shape = [1, -1, *[1] * (x.ndim - 2)]
        y = (x - mean.view(shape)) / (variance + self.eps).sqrt().view(shape)
        scaled: Tensor = y if self.weight is None else y * self.weight.view(shape) + self.bias.view(shape)
        return scaled

    def class_weights(label: Tensor, *args: Any, **more: Any) -> Tensor:
        everyones = [torch.empty_like(label) for _ in range(world)]
        dist.all_gather(everyones, label.contiguous()) if world > 1 else everyones[0].copy_(label)
        weights: Tensor = original["class_weights"](torch.cat(everyones), *args, **more)
        return weights

    original: dict[str, Any] = {"rand": torch.rand, "class_weights": n_plus_one.class_weights}
    vars(phases).update(generator_of=of_the_main, seed_of=lambda *purpose: seed_of(*purpose[:-1], 0))
    vars(batches).update(generator_of=of_the_main)
    vars(torch).update({draw.__name__: shared(draw) for draw in (torch.rand, torch.randn, torch.randint)})
    vars(nn.functional).update(dropout=dropout)
    patch.object(nn.modules.batchnorm._BatchNorm, "forward", batch_norm).start()
    vars(n_plus_one).update(class_weights=class_weights)


def train_all(folder: Path, steps: int) -> None:
    """Train every system in `folder`/NAME until so many steps, or resume it."""
    resume = Processes("cpu").from_main(folder.exists())
    for name, build in BUILD.items():
        system, source = build()
        config = TrainConfig(steps=steps, batch_size=BATCH, seed=3, log_every=1, sample_every=0, tensorboard=False)
        run = Run.begin(folder / name, resume=resume, kind="small", config={}, train=config, command="ipose train")
        train(system, source, run, config, resume=resume, device="cpu", progress=False, say=lambda _: None)


if __name__ == "__main__":
    as_one_batch(Processes("cpu"))
    for place, until in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        train_all(Path(place), int(until))
