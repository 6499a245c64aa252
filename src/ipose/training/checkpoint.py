"""Checkpoints: `checkpoints/step-N/`. A kill at any moment leaves every older checkpoint whole.

A checkpoint is written under another name and then renamed.

step-1200/
    generator.safetensors            weights and buffers of a network
    generator.ema.safetensors        its average, if it has one
    state.pt                         optimizers, step, seconds: tensors and plain values (`weights_only=True`)
    manifest.json                    size and CRC-32 of each file, to detect damage
"""

import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from ipose.data.file_lists import list_files
from ipose.errors import RunError, WriteError
from ipose.objective import Objective
from ipose.training.averaging import Averages
from ipose.training.checkpoint_files import (
    DAMAGED,
    STEP,
    UNFINISHED,
    DamagedCheckpointError,
    check_space,
    check_whole,
    checkpoint_path,
    list_checkpoints,
    remove_old,
    remove_unfinished,
    write_manifest,
)
from ipose.training.matching import check_finite, load_exactly, size_of, state_dicts
from ipose.whole_files import fsync_tree, put_in_place, save_tensors, writing


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint in memory, on the CPU. The tensors are state dicts, by network. `updates`: of the averages."""

    step: int
    seconds: float
    weights: Mapping[str, Mapping[str, Tensor]]
    averaged: Mapping[str, Mapping[str, Tensor]]
    updates: int
    optimizers: Mapping[str, Mapping[str, Any]]
    path: Path


def save_checkpoint(
    folder: Path,
    objective: Objective,
    averages: Averages,
    *,
    step: int,
    seconds: float,
    keep: int | None = None,
    best: int | None = None,
) -> Path:
    """Write `folder`/step-N, then remove old checkpoints.

    Args:
        keep: number of newest checkpoints to keep. None = all.
        best: step of a checkpoint that stays beside them.
    Raises:
        RunError: the disk has too little space, or writing failed. Older checkpoints are unchanged.
        NonFiniteLossError: a weight is NaN or infinite. Nothing is written.
    """
    networks = state_dicts(objective.networks)
    averaged = state_dicts(averages.modules())
    check_finite(networks | {f"{name} (average)": state for name, state in averaged.items()})
    state = {
        "step": step,
        "seconds": seconds,
        "updates": averages.updates,
        "optimizers": {name: optimizer.state_dict() for name, optimizer in objective.optimizers.items()},
    }
    folder.mkdir(parents=True, exist_ok=True)
    check_space(folder, size_of([networks, averaged, state]))
    remove_unfinished(folder)
    beside = folder / f"{UNFINISHED}{STEP}{step}"
    try:
        with writing(folder):
            beside.mkdir()
            for name, weights in networks.items():
                save_tensors(weights, beside / f"{name}.safetensors")
            for name, weights in averaged.items():
                save_tensors(weights, beside / f"{name}.ema.safetensors")
            torch.save(state, beside / "state.pt")
            write_manifest(beside, step)
            fsync_tree(beside)
            path = put_in_place(beside, checkpoint_path(folder, step))
    except WriteError as error:
        shutil.rmtree(beside, ignore_errors=True)
        what, mend = "the checkpoint could not be written", "Free some space and --resume."
        raise RunError(what, file=folder, found=error.found, mend=mend) from error
    if keep is not None:
        remove_old(folder, keep, best)
    return path


def latest_checkpoint(folder: Path, *, set_aside: bool = False) -> Checkpoint | None:
    """The newest undamaged checkpoint, or None. Warns of every damaged one that is newer. `set_aside`: rename these to
    damaged-step-N. Only the holder of the run's lock may do so.
    """
    for path in reversed(list_checkpoints(folder)):
        try:
            return load_checkpoint(path)
        except DamagedCheckpointError as error:
            warnings.warn(f"{error} Using the one before.", stacklevel=2)
            if set_aside:
                put_in_place(path, folder / f"{DAMAGED}{path.name}")
    return None


def load_checkpoint(path: Path) -> Checkpoint:
    """Read one checkpoint onto the CPU.

    Raises:
        DamagedCheckpointError: a file is missing, cut short or altered.
        RunError: a later version of ipose wrote it.
    """
    check_whole(path)
    state: dict[str, Any] = torch.load(path / "state.pt", map_location="cpu", weights_only=True)
    weights: dict[str, dict[str, Tensor]] = {}
    averaged: dict[str, dict[str, Tensor]] = {}
    for file in list_files(path, (".safetensors",), depth=1, tell=False):
        name = file.name.removesuffix(".safetensors")
        (averaged if name.endswith(".ema") else weights)[name.removesuffix(".ema")] = load_file(file)
    known = {name: state[name] for name in ("step", "seconds", "updates", "optimizers")}
    return Checkpoint(weights=weights, averaged=averaged, path=path, **known)


def restore(checkpoint: Checkpoint, objective: Objective, averages: Averages) -> None:
    """Put networks, averages and optimizers back as they were.

    Raises:
        RunError: the checkpoint's networks, optimizers or shapes are not those of the objective.
    """
    modules = averages.modules()
    for what, found, expected in (
        ("networks", checkpoint.weights, objective.networks),
        ("averages", checkpoint.averaged, modules),
        ("optimizers", checkpoint.optimizers, objective.optimizers),
    ):
        if set(found) != set(expected):
            raise RunError(
                f"the checkpoint's {what} are not those of this system",
                file=checkpoint.path,
                found=", ".join(sorted(found)) or "none",
                expected=", ".join(sorted(expected)) or "none",
                mend="Resume with the configuration of run.json.",
            )
    for name, network in objective.networks.items():
        load_exactly(network, checkpoint.weights[name], name=name)
    for name, module in modules.items():
        load_exactly(module, checkpoint.averaged[name], name=f"{name} (average)")
    averages.updates = checkpoint.updates
    for name, optimizer in objective.optimizers.items():
        try:
            optimizer.load_state_dict(dict(checkpoint.optimizers[name]))
        except ValueError as error:
            raise RunError(
                f"the state of optimizer {name!r} does not fit", file=checkpoint.path, found=str(error)
            ) from error
