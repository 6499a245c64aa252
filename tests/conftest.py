"""Hypothesis profiles and the fixtures that every test folder shares."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

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
