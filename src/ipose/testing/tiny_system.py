"""A training system of a few numbers, with all that makes resuming hard: two networks, two phases, batch norm, spectral
norm, dropout, Adam, augmentation, averaged weights. For tests of the loop, here and in other repositories.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from ipose.errors import DataError
from ipose.objective import Phase
from ipose.seeds import generator_of

WIDTH = 4


@dataclass(frozen=True, eq=False)
class TinyBatch:
    """`names` and points `x`."""

    names: tuple[str, ...]
    x: Float[Tensor, "b w"]

    def to(self, device: torch.device | str) -> "TinyBatch":
        """The same batch on `device`."""
        return replace(self, x=self.x.to(device))


@dataclass(frozen=True)
class TinySource:
    """`size` fixed points, jittered.

    Args:
        seconds: that an item takes.
        jitter: of each item; the batch as a whole is moved by as much again.
        broken: raise a DataError in place of every item.
    """

    size: int = 10
    seconds: float = 0.0
    jitter: float = 0.1
    broken: bool = False
    points: tuple[Tensor, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        points = tuple(torch.randn(WIDTH, generator=generator_of("point", index)) for index in range(self.size))
        object.__setattr__(self, "points", points)

    def __len__(self) -> int:
        return self.size

    def item(self, index: int, generator: torch.Generator) -> tuple[str, Tensor]:
        """Point `index` with its own jitter."""
        time.sleep(self.seconds)
        if self.broken:
            raise DataError("no such point", file=f"{index}.txt", field="point", mend="Mend it.")
        return f"point {index}", self.points[index] + self.jitter * torch.randn(WIDTH, generator=generator)

    def collate(self, items: Sequence[tuple[str, Tensor]], generator: torch.Generator) -> TinyBatch:
        """The points stacked, moved by one jitter."""
        points = torch.stack([point for _, point in items])
        return TinyBatch(
            tuple(name for name, _ in items), points + self.jitter * torch.randn(WIDTH, generator=generator)
        )


class TinySystem:
    """A GAN on points. Construction draws from `seed` alone.

    Args:
        watch: called with (phase name, system) when a phase begins; what it returns, if anything, replaces the losses.
        dropout: of the generator; draws from torch's global random state, as somebody's network may.
    """

    averaged = ("generator",)

    def __init__(
        self,
        seed: int = 0,
        *,
        watch: Callable[[str, "TinySystem"], Mapping[str, Tensor] | None] | None = None,
        dropout: float = 0.2,
        norm: bool = True,
        learning_rate: float = 1e-2,
    ) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            middle = nn.BatchNorm1d(WIDTH) if norm else nn.Identity()
            self.generator = nn.Sequential(
                nn.Linear(WIDTH, WIDTH), middle, nn.Dropout(dropout), spectral_norm(nn.Linear(WIDTH, WIDTH))
            )
            self.discriminator = nn.Sequential(
                spectral_norm(nn.Linear(WIDTH, WIDTH)), nn.LeakyReLU(0.2), nn.Linear(WIDTH, 1)
            )
        self.watch = watch
        self.networks: Mapping[str, nn.Module] = {"generator": self.generator, "discriminator": self.discriminator}
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            name: torch.optim.Adam(network.parameters(), lr=learning_rate, betas=(0.0, 0.999))
            for name, network in self.networks.items()
        }

    def phases(self, batch: TinyBatch, generator: torch.Generator) -> Iterator[Phase]:
        """One step of each network."""
        yield Phase("generator", ("generator",), "generator", lambda: self._fool(batch, generator))
        yield Phase("discriminator", ("discriminator",), "discriminator", lambda: self._tell(batch, generator))

    def fake(self, batch: TinyBatch, generator: torch.Generator) -> Float[Tensor, "b w"]:
        """Points made of noise."""
        fake: Tensor = self.generator(torch.randn(batch.x.shape, generator=generator).to(batch.x.device))
        return fake

    def _fool(self, batch: TinyBatch, generator: torch.Generator) -> Mapping[str, Tensor]:
        fake = self.fake(batch, generator)
        losses = {"score": -self.discriminator(fake).mean(), "reach": (fake - batch.x).square().mean()}
        return (self.watch and self.watch("generator", self)) or losses

    def _tell(self, batch: TinyBatch, generator: torch.Generator) -> Mapping[str, Tensor]:
        fake = self.fake(batch, generator).detach()
        losses = {
            "real": torch.relu(1 - self.discriminator(batch.x)).mean(),
            "fake": torch.relu(1 + self.discriminator(fake)).mean(),
        }
        return (self.watch and self.watch("discriminator", self)) or losses


def everything(system: TinySystem) -> dict[str, Tensor]:
    """A copy of every weight, buffer and optimizer number of the system, by name."""
    numbers = {
        f"{name}.{key}": value.clone()
        for name, network in system.networks.items()
        for key, value in network.state_dict().items()
    }
    for name, optimizer in system.optimizers.items():
        for index, state in optimizer.state_dict()["state"].items():
            numbers |= {f"{name}.optimizer.{index}.{key}": torch.as_tensor(v).clone() for key, v in state.items()}
    return numbers
