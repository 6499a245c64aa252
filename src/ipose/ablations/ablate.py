"""`ipose ablate`: every run of a table, one after the other, then the table beside the published one."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipose.ablations.outcome import Outcome
from ipose.ablations.page import write_page
from ipose.ablations.rows import AblationJob, Rows
from ipose.ablations.run_folders import Scores, State, state_of, steps_done
from ipose.ablations.table import Row
from ipose.ablations.tables_as_text import WrittenTable, written
from ipose.errors import MissingWeightsError
from ipose.reports.blocks import environment_facts
from ipose.training.provenance import command_line, git_commit
from ipose.training.snapshot import Stopped
from ipose.training.stop import StopRequest, listening
from ipose.whole_files import write_text_whole


@dataclass(frozen=True)
class AblationResult:
    """How a call ended.

    Args:
        stopped: "done", "time" (max_minutes) or "interrupted" (Ctrl-C, SIGTERM).
        table: what came out; None where no run is finished, or somebody interrupted.
        files: what was written.
    """

    stopped: Stopped
    table: WrittenTable | None
    files: tuple[Path, ...]


def run_ablation(rows: Rows) -> AblationResult:
    """Train what is not trained yet, score it, write table-N.json, table-N.md and report.html into the job's `out`.

    Finished runs are taken as they are, unfinished ones resumed. Stopped by a signal or by the time, the same job goes
    on where it was.

    Args:
        rows: of the system whose table it is, with the job.
    Raises:
        RunError: a folder holds a run of another configuration; before anything is trained.
        MissingWeightsError: no row can be run here.
        ConfigError, DataError: as training raises them.
    """
    job = rows.job
    not_run = {row.name: why for row in job.chosen if (why := _why_not(rows, row)) is not None}
    chosen = [row for row in job.chosen if row.name not in not_run]
    if not chosen:
        raise MissingWeightsError(
            f"no row of table {job.table.name} can be run here",
            found="; ".join(f"{name}: {why}" for name, why in not_run.items()),
        )
    stopped, scores = _Grid(rows, chosen).go()
    if stopped == "interrupted" or not scores:
        return AblationResult(stopped, None, ())
    outcome, pictures = _outcome(rows, chosen, not_run, scores)
    table = written(outcome)
    return AblationResult(stopped, table, _write(job, outcome, table, pictures))


def _why_not(rows: Rows, row: Row) -> str | None:
    """Why a row cannot be had here; runs that are finished need nothing. Raises RunError for runs of another config."""
    states = [state_of(rows.folder(row, seed), rows.wanted(row, seed)) for seed in rows.job.seeds]
    return None if set(states) == {"finished"} else rows.missing(row)


class _Grid:
    """The runs of a table in order: all rows of the first seed, then of the next."""

    def __init__(self, rows: Rows, chosen: list[Row]) -> None:
        self.job, self.rows, self.chosen = rows.job, rows, chosen
        self.started = time.monotonic()
        self.scores: dict[tuple[str, int], Scores] = {}

    def go(self) -> tuple[Stopped, Mapping[tuple[str, int], Scores]]:
        """Until the grid is done, or something ends it; scores by row and seed."""
        runs = [(row, seed) for seed in self.job.seeds for row in self.chosen]
        with listening(print) as stop:
            for number, (row, seed) in enumerate(runs, start=1):
                stopped = self._one(row, seed, f"[{number}/{len(runs)}] {row.name}, seed {seed}", stop)
                if stopped != "done":
                    return stopped, self.scores
        return "done", self.scores

    def _one(self, row: Row, seed: int, name: str, stop: StopRequest) -> Stopped:
        """Train what is left to, and score."""
        if stop:
            return "interrupted"
        left = None if self.job.max_minutes is None else self.job.max_minutes - (time.monotonic() - self.started) / 60
        if left is not None and left <= 0:
            return "time"
        state = state_of(self.rows.folder(row, seed), self.rows.wanted(row, seed))
        said: Mapping[State, str] = {
            "new": "training",
            "unfinished": "going on to more steps",
            "finished": "there already",
        }
        print(f"{name}: {said[state]} ({self.rows.folder(row, seed)})", flush=True)
        if state != "finished":
            stopped = self.rows.train(row, seed, resume=state == "unfinished", max_minutes=left)
            if stopped != "done":
                return stopped
        self.scores[row.name, seed] = self.rows.scores(row, seed)
        return "done"


def _outcome(
    rows: Rows, chosen: list[Row], not_run: Mapping[str, str], scores: Mapping[tuple[str, int], Scores]
) -> tuple[Outcome, dict[str, str]]:
    """All that is known, and the pictures of each row, relative to the job's `out`."""
    job = rows.job
    done = {row.name: [seed for seed in job.seeds if (row.name, seed) in scores] for row in chosen}
    shown = [row for row in chosen if done[row.name]]
    folders = {row.name: [rows.folder(row, seed) for seed in done[row.name]] for row in shown}
    wanted = {rows.folder(row, seed).name for row in chosen for seed in job.seeds if (row.name, seed) not in scores}
    pictures = {row.name: rows.pictures(row, done[row.name][0]) for row in shown}
    paths = {"true": pictures[shown[0].name][0], **{name: pair[1] for name, pair in pictures.items()}}
    outcome = Outcome(
        table=job.table,
        kind=rows.kind,
        scores={row.name: {seed: scores[row.name, seed]["model"] for seed in done[row.name]} for row in shown},
        baselines=_baselines(rows, shown, done, scores),
        runs={name: [folder.name for folder in found] for name, found in folders.items()},
        steps={folder.name: steps_done(folder) for found in folders.values() for folder in found},
        left_out=[row.name for row in job.table.rows if row not in job.chosen],
        not_run=not_run,
        unfinished=sorted(wanted),
        notes=rows.notes,
        titles=rows.titles,
        facts=[*environment_facts(command_line()), ("commit", git_commit() or "unknown")],
        settings={"preset": job.preset, "steps": job.steps, "data": job.data.data, "seeds": list(job.seeds)},
    )
    return outcome, {name: str(path.relative_to(job.out)) for name, path in paths.items() if path.is_file()}


def _baselines(
    rows: Rows, shown: list[Row], done: Mapping[str, list[int]], scores: Mapping[tuple[str, int], Scores]
) -> dict[str, dict[int, dict[str, float]]]:
    """Copy, majority and their like: once for all rows that share them."""
    found: dict[str, dict[int, dict[str, float]]] = {}
    kinds = dict.fromkeys(rows.baselines(row) for row in shown)
    for row in shown:
        for seed in done[row.name]:
            for name, numbers in scores[row.name, seed].items():
                label = f"{name} ({rows.baselines(row)})" if len(kinds) > 1 else name
                if name != "model":
                    found.setdefault(label, {})[seed] = numbers
    return found


def _write(job: AblationJob, outcome: Outcome, table: WrittenTable, pictures: Mapping[str, str]) -> tuple[Path, ...]:
    stem = job.out / f"table-{job.table.name}"
    content: dict[str, Any] = {**outcome.to_dict(), "pictures": dict(pictures), "written": table.to_dict()}
    write_text_whole(stem.with_suffix(".json"), json.dumps(content, indent=2) + "\n")
    write_text_whole(stem.with_suffix(".md"), table.markdown())
    return stem.with_suffix(".json"), stem.with_suffix(".md"), write_page(job.out)
