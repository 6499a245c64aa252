"""A tiny trained PartNet and a tiny trained synthesis model, made once by the commands that a user would type."""

import io
import shlex
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipose.cli.main import main

WORLD = shlex.split("--categories car dog --objects 2 2 --scenes 8 --val-scenes 2 --scene-size 64")

LOOP = shlex.split("--steps 4 --checkpoint-every 2 --sample-every 0 --log-every 1 --device cpu")

PARTNET = shlex.split(
    "--encoder-channels 2 3 3 4 --attention-blocks 1 --k 2 --batch-size 2 --learning-rate 1e-3 --novel dog"
)

SYNTHESIS = shlex.split(
    "--channels 2 --channel-multipliers 2 2 2 2 2 --spade-hidden 2 --part-hidden 2 --part-noise-channels 2 "
    "--z-channels 3 --discriminator-channels 3 4 4 4 4 --last-decoder-channels 2 --batch-size 2"
)


@dataclass(frozen=True)
class Answer:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


def answer(*words: object) -> Answer:
    """Run one `ipose` command in this process."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
    return Answer(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def ipose() -> Command:
    """`ipose("info", folder)` runs that command and returns what it answered."""
    return answer


@dataclass(frozen=True)
class Tiny:
    """Two finished runs, and the words that train others like them.

    Args:
        partnet: run of PartNet; car is a basis category, dog a novel one.
        synthesis: run of generator and discriminator.
        train_partnet: `ipose` words for another PartNet; `--out` is left to add.
        train_synthesis: likewise, with this `partnet`.
    """

    partnet: Path
    synthesis: Path

    @property
    def train_partnet(self) -> list[str]:
        return ["train", "partnet", *PARTNET, *WORLD, *LOOP]

    @property
    def train_synthesis(self) -> list[str]:
        return ["train", "synthesis", "--partnet", str(self.partnet), *SYNTHESIS, *WORLD, *LOOP]


@pytest.fixture(scope="session")
def few_passes() -> Iterator[None]:
    """Batch-norm statistics from 3 batches, not 50: tiny models are not to be looked at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ipose.systems.ipose.training.RE_ESTIMATION_PASSES", 3)
        yield


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory, few_passes: None) -> Tiny:
    """The two runs."""
    root = tmp_path_factory.mktemp("runs")
    runs = Tiny(root / "partnet", root / "synthesis")
    for words, out in ((runs.train_partnet, runs.partnet), (runs.train_synthesis, runs.synthesis)):
        done = answer(*words, "--out", out)
        assert done.code == 0, done.err
    return runs


@pytest.fixture(scope="session")
def scene_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PartWorld written out: 4 training and 2 validation scenes of 64x64 with part maps. Copy it before changing it."""
    folder = tmp_path_factory.mktemp("data") / "scenes"
    words = shlex.split("--categories car dog --objects 2 2 --scenes 4 --val-scenes 2 --size 64 64")
    done = answer("partworld", "--out", folder, *words)
    assert done.code == 0, done.err
    return folder
