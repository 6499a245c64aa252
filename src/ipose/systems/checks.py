"""The door of training: a wrong folder or a fault in any file stops it before the first step, not in the night."""

import os
from collections.abc import Sequence
from pathlib import Path

import torch

from ipose.data.data_config import DataConfig
from ipose.data.doctor import guard
from ipose.data.open_data import PartData, open_part_pairs, open_scenes, open_spec
from ipose.errors import ConfigError, RunError
from ipose.training.folders import refuse_taken
from ipose.training.run import Run
from ipose.types import Scene


def check_run_folder(folder: Path, *, resume: bool) -> None:
    """Whether a run can begin or go on here; asked before data are read, which may take minutes.

    Of several processes the first one asks: it is the one that makes the folder.

    Raises:
        RunError: a new run in a folder that is taken, or no run to go on with.
    """
    if os.environ.get("RANK", "0") != "0":
        return
    if resume:
        if not folder.exists():
            raise RunError(
                "no run to go on with", file=folder, mend="Drop --resume to start one here, or check the path."
            )
        Run.open(folder)
    else:
        refuse_taken(folder)


def check_device(name: str | None) -> None:
    """Whether torch can compute there. Raises ConfigError; None = whatever is there, which can."""
    if name is None:
        return
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            "no such device here",
            field="device",
            found=name,
            expected="cpu or cuda" if torch.cuda.is_available() else "cpu (this torch finds no GPU)",
            mend="Check the driver (nvidia-smi), or name another device.",
        ) from error


def checked_scenes(data: DataConfig, size: tuple[int, int]) -> Sequence[Scene]:
    """The training scenes at (height, width) `size`; every file of the folder has been read, now or once before.

    Raises:
        DataError: lists the faults of both splits.
    """
    _check_scene_folder(data)
    return open_scenes(data, "train", size)


def checked_part_pairs(data: DataConfig) -> PartData:
    """Part pairs of both splits; a scene folder has been checked as a whole, a part tree while it was read.

    Raises:
        DataError: lists the faults.
    """
    if (Path(data.data) / "train_part").is_dir():
        _check_scene_folder(data)
    return open_part_pairs(data)


def _check_scene_folder(data: DataConfig) -> None:
    """Let a scene folder pass only without faults; drawn scenes have none."""
    if not data.is_partworld:
        guard(data.data, open_spec(data))
