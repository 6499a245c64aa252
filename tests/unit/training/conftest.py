"""A tiny run, started in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipose.testing.tiny_system import TinySource, TinySystem
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run
from ipose.training.snapshot import TrainResult

HOOKS = ("on_sample", "on_save", "say", "criterion")


@pytest.fixture
def quick() -> Callable[..., TrainConfig]:
    """A TrainConfig of ten steps on batches of four; any field can be given."""
    return lambda **fields: TrainConfig(
        **({"steps": 10, "batch_size": 4, "checkpoint_every": 4, "log_every": 2, "tensorboard": False} | fields)
    )


@pytest.fixture
def fit(quick: Callable[..., TrainConfig]) -> Callable[..., tuple[TinySystem, TrainResult]]:
    """Train a tiny system in `folder`: fit(folder, resume=..., system=..., source=..., on_save=..., **config)."""

    def run(folder: Path, *, resume: bool = False, **given: Any) -> tuple[TinySystem, TrainResult]:
        system, source = given.pop("system", None) or TinySystem(), given.pop("source", TinySource())
        hooks = {key: given.pop(key) for key in HOOKS if key in given}
        config = quick(**given)
        where = Run.begin(folder, resume=resume, kind="tiny", config={}, train=config, command="ipose train tiny")
        return system, train(system, source, where, config, resume=resume, device="cpu", progress=False, **hooks)

    return run
