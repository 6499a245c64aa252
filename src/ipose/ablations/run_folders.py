"""Run folders of a table: whether a run is finished, and its scores. Imports no torch."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ipose.configs import differences, plain, with_defaults
from ipose.errors import RunError
from ipose.training.checkpoint_files import list_checkpoints, step_of
from ipose.training.config import RESUMABLE, TrainConfig
from ipose.training.folders import refuse_taken
from ipose.training.run import Run
from ipose.whole_files import read_json, write_text_whole

State = Literal["new", "unfinished", "finished"]


@dataclass(frozen=True, kw_only=True)
class WantedRun:
    """The run that a folder must hold.

    Args:
        config: for run.json: dataclasses and plain values by field.
        train: with the number of steps of a finished run.
    """

    kind: str
    config: Mapping[str, Any]
    train: TrainConfig


def state_of(folder: Path, wanted: WantedRun) -> State:
    """Whether the run is new, unfinished or finished. Settings that it does not have count as their defaults.

    Raises:
        RunError: a run with another configuration, one that was stopped within a longer schedule, one that another
            process is training, or files that are not a run.
    """
    if not (folder / "run.json").exists():
        refuse_taken(folder)
        return "new"
    run = Run.open(folder)
    _refuse_another(run, wanted)
    done, planned = steps_done(folder), run.train_config.steps
    if wanted.train.steps <= done < planned and wanted.train.schedule != "constant":
        what = "this run has not come to the end of its own schedule"
        mend = f"Ask for --steps {planned}, which finishes it, or name another folder with --out."
        raise RunError(what, file=folder, found=f"{done} of {planned} steps", mend=mend)
    last = [run.model / "config.json"]
    if run.train_config.sample_every and done == planned:
        last.append(run.sheet(done))  # written behind the model of the last step: without it, a kill came between
    if done >= wanted.train.steps and all(file.is_file() for file in last):
        return "finished"
    with run.locked():  # fails if another process trains here
        return "unfinished"


def steps_done(folder: Path) -> int:
    """Steps of a run's newest checkpoint; 0 = no checkpoint."""
    found = list_checkpoints(folder / "checkpoints")
    return (step_of(found[-1]) or 0) if found else 0


def other_length(folder: Path, wanted: int | None, state: State) -> str:
    """A sentence where another table made the run longer, or this one does; "" = there is nothing to say.

    Args:
        folder: of the run, which several tables may show.
        wanted: steps that this table asks for; None = as many as the preset makes, which is the same for all tables.
    """
    if wanted is None:
        return ""
    done = steps_done(folder)
    if state == "finished" and done > wanted:
        return f"another table lengthened it: {done} steps, and not the {wanted} of this table's other rows"
    if state == "unfinished" and done and done >= Run.open(folder).train_config.steps:
        return f"lengthened from {done} to {wanted} steps: run the other tables that show it again"
    return ""


def _refuse_another(run: Run, wanted: WantedRun) -> None:
    """Raises RunError if the run has another configuration. The number of steps may differ."""
    complete = with_defaults(run.info, {"config": wanted.config, "train": wanted.train})
    there = {"kind": run.kind, "config": complete["config"], "train": complete["train"]}
    here = {"kind": wanted.kind, "config": plain(wanted.config), "train": plain(wanted.train)}
    different = {
        field: values
        for field, values in differences(there, here).items()
        if not (field.startswith("train.") and field[6:] in RESUMABLE)
    }
    if different:
        what = "the run of this row was made with another configuration"
        found = "; ".join(f"{field} {old!r} there, {now!r} here" for field, (old, now) in different.items())
        mend = "Name another folder with --out, or give the run's own settings."
        raise RunError(what, file=run.folder, found=found, mend=mend)


Scores = dict[str, dict[str, float]]
"""Scores by name ("model", or a baseline), then by metric."""


def kept_scores(file: Path, key: Mapping[str, Any], compute: Callable[[], Scores]) -> Scores:
    """Scores of a file, if it has the same key. Else they are computed and written.

    Args:
        key: everything that the scores depend on, as plain values: hashes of weights, data, protocol.
    """
    known = json.loads(json.dumps(key, default=str))
    try:
        kept = read_json(file)
        if kept["of"] == known:
            scores: Scores = kept["scores"]
            return scores
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no such file, or one of another kind
    scores = compute()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text_whole(file, json.dumps({"of": known, "scores": scores}, indent=2) + "\n")
    return scores
