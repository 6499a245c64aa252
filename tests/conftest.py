"""Hypothesis profiles and the fixtures that every test folder shares."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import settings
from safetensors import safe_open
from torch import Tensor

pytest.register_assert_rewrite("ipose.testing")

settings.register_profile("default", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=200, deadline=None)
settings.load_profile(os.environ.get("IPOSE_HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def device() -> torch.device:
    """CPU here; tests/gpu overrides it, and every contract runs again on CUDA."""
    return torch.device("cpu")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of photographs and golden vectors beside the project: IPOSE_SHARED, else ../shared, else ./shared."""
    root = Path(__file__).parents[1]
    candidates = [Path(os.environ["IPOSE_SHARED"])] if "IPOSE_SHARED" in os.environ else []
    for candidate in [*candidates, root.parent / "shared", root / "shared"]:
        if candidate.is_dir():
            return candidate
    pytest.skip("no shared data folder (set IPOSE_SHARED to one); the project does not need it")


class Golden(NamedTuple):
    """One golden file: `config` from its metadata, `tensors` by key (`state.*`, `in.*`, `out.*`)."""

    config: dict[str, Any]
    tensors: dict[str, Tensor]

    def __getitem__(self, key: str) -> Tensor:
        return self.tensors[key]

    @property
    def state(self) -> dict[str, Tensor]:
        """The state dict, by the authors' names."""
        return {key.removeprefix("state."): value for key, value in self.tensors.items() if key.startswith("state.")}


@pytest.fixture(scope="session")
def golden_file(request: pytest.FixtureRequest) -> Callable[[str], Golden]:
    """Reads `ipose/NAME.safetensors` of IPOSE_GOLDEN, else of the shared folder, else of tests/data/golden."""
    if "IPOSE_GOLDEN" in os.environ:
        folder = Path(os.environ["IPOSE_GOLDEN"])
    else:
        try:
            folder = request.getfixturevalue("shared") / "golden"
        except pytest.skip.Exception:
            folder = Path(__file__).parent / "data" / "golden"

    def read(name: str) -> Golden:
        path = folder / "ipose" / f"{name}.safetensors"
        if not path.is_file():
            pytest.skip(f"no golden file {path.name} (set IPOSE_GOLDEN to a folder that holds ipose/)")
        with safe_open(path, "pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (safe_open is no dict)
            return Golden(json.loads(file.metadata()["config"]), tensors)

    return read
