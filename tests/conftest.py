"""Hypothesis profiles and the fixtures that every test folder shares."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import Phase, settings

pytest.register_assert_rewrite("ipose.testing", "helpers")

settings.register_profile("default", max_examples=15, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=200, deadline=None)
settings.register_profile("mutants", settings.get_profile("default"), phases=(Phase.explicit, Phase.generate))
settings.load_profile(os.environ.get("IPOSE_HYPOTHESIS_PROFILE", "default"))


def pytest_make_parametrize_id(val: object) -> str | None:
    """Cases are named by their values: "k=0", "2x3", "uint8"; None = by pytest's own rule.

    A value that prints as something long, or as an address in memory, is named by its type: the processes of one test
    run must agree on the names.
    """
    if isinstance(val, dict) and val:
        return ",".join(f"{name}={_short(value)}" for name, value in val.items())
    if isinstance(val, tuple) and val and all(isinstance(item, int | str) for item in val):
        return "x".join(map(str, val))
    return str(val).removeprefix("torch.") if isinstance(val, torch.dtype) else None


def _short(value: object) -> str:
    printed = str(value)
    return printed if len(printed) <= 60 and " at 0x" not in printed else type(value).__name__


@pytest.fixture(scope="session")
def device() -> torch.device:
    """CPU here; tests/gpu overrides it, and every contract runs again on CUDA."""
    return torch.device("cpu")


@pytest.fixture(scope="session", autouse=True)
def caches_of_their_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Object indices of data beside the project are kept in a temporary folder: tests leave that data as it was."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPOSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of photographs and golden vectors beside the project: IPOSE_SHARED, else ../shared, else ./shared."""
    root = Path(__file__).parents[1]
    candidates = [Path(os.environ["IPOSE_SHARED"])] if "IPOSE_SHARED" in os.environ else []
    for candidate in [*candidates, root.parent / "shared", root / "shared"]:
        if candidate.is_dir():
            return candidate
    pytest.skip("no shared data folder (set IPOSE_SHARED to one); the project does not need it")


@pytest.fixture(scope="session")
def golden_folder_of(request: pytest.FixtureRequest) -> Callable[[str], Path]:
    """The golden files of a system: its folder in IPOSE_GOLDEN, else in the shared one, else the copy in tests/data."""
    copy = Path(__file__).parent / "data" / "golden"

    def find(system: str) -> Path:
        if "IPOSE_GOLDEN" in os.environ:
            return Path(os.environ["IPOSE_GOLDEN"]) / system
        try:
            folder: Path = request.getfixturevalue("shared") / "golden"
        except pytest.skip.Exception:
            folder = copy
        return (folder if (folder / system).is_dir() else copy) / system

    return find


@pytest.fixture(scope="session")
def golden_folder(golden_folder_of: Callable[[str], Path]) -> Path:
    """The golden files of iPOSE."""
    return golden_folder_of("ipose")


@pytest.fixture(scope="session")
def golden_file(golden_folder: Path) -> Callable[[str], Any]:
    """`golden_file(NAME)` reads `NAME.safetensors`: a `helpers.golden_files.Golden`."""
    from helpers.golden_files import read_golden

    def read(name: str) -> Any:
        path = golden_folder / f"{name}.safetensors"
        if not path.is_file():
            pytest.skip(f"no golden file {path.name} (set IPOSE_GOLDEN to a folder that holds ipose/)")
        return read_golden(path)

    return read
