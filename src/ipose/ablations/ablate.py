"""`ipose ablate`: train the runs of a table one after the other, then write the table."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipose.ablations.outcome import Outcome
from ipose.ablations.page import WrittenTable, write_page, written
from ipose.ablations.rows import AblationJob, Rows
from ipose.ablations.run_folders import Scores, other_length, steps_done
from ipose.ablations.table import Row
from ipose.errors import MissingWeightsError
from ipose.reports.blocks import environment_facts
from ipose.training.provenance import command_line, git_commit
from ipose.training.snapshot import Stopped
from ipose.training.stop import StopRequest, listening
from ipose.whole_files import write_text_whole


@dataclass(frozen=True)
class AblationResult:
    """Result of `run_ablation`.

    Args:
        stopped: "done", "time" (max_minutes) or "interrupted" (Ctrl-C, SIGTERM).
        table: the table; None if no run is finished, or after an interrupt.
    """

    stopped: Stopped
    table: WrittenTable | None
    files: tuple[Path, ...]


def run_ablation(rows: Rows) -> AblationResult:
    """Train and score the runs of a table. Write table-N.json, table-N.md and report.html to the job's `out`.

    Finished runs are not trained again, and unfinished runs are resumed. After a stop by a signal or by the time, the
    same call continues.

    Raises:
        RunError: a folder holds a run with another configuration. Raised before the first training.
        MissingWeightsError: no row can be trained here.
        ConfigError, DataError: as training raises them.
    """
    job = rows.job
    states = {row.name: {rows.state(row, seed) for seed in job.seeds} for row in job.chosen}
    unfinished = [row for row in job.chosen if states[row.name] != {"finished"}]
    not_run = {row.name: why for row in unfinished if (why := rows.missing(row)) is not None}
    chosen = [row for row in job.chosen if row.name not in not_run]
    if not chosen:
        what = f"no row of table {job.table.name} can be run here"
        raise MissingWeightsError(what, found="; ".join(f"{name}: {why}" for name, why in not_run.items()))
    stopped, scores = _Grid(rows, chosen).go()
    if stopped == "interrupted" or not scores:
        return AblationResult(stopped, None, ())
    outcome, pictures = _outcome(rows, chosen, not_run, scores)
    table = written(outcome)
    return AblationResult(stopped, table, _write(job, outcome, table, pictures))


class _Grid:
    """Trains and scores the runs: all rows with the first seed, then with the next seed."""

    def __init__(self, rows: Rows, chosen: list[Row]) -> None:
        self.job, self.rows, self.chosen = rows.job, rows, chosen
        self.started = time.monotonic()
        self.scores: dict[tuple[str, int], Scores] = {}

    def go(self) -> tuple[Stopped, Mapping[tuple[str, int], Scores]]:
        """Train until all is done, or something stops it. Returns scores by row and seed."""
        runs = [(row, seed) for seed in self.job.seeds for row in self.chosen]
        with listening(print) as stop:
            for number, (row, seed) in enumerate(runs, start=1):
                stopped = self._one(row, seed, f"[{number}/{len(runs)}] {row.name}, seed {seed}", stop)
                if stopped != "done":
                    return stopped, self.scores
        return "done", self.scores

    def _one(self, row: Row, seed: int, name: str, stop: StopRequest) -> Stopped:
        """Train one run, if it is not finished, and score it."""
        if stop:
            return "interrupted"
        left = None if self.job.max_minutes is None else self.job.max_minutes - (time.monotonic() - self.started) / 60
        if left is not None and left <= 0:
            return "time"
        state = self.rows.state(row, seed)
        said = {"new": "training", "unfinished": "going on to more steps", "finished": "there already"}
        print(f"{name}: {said[state]} ({self.rows.folder(row, seed)})", flush=True)
        if note := other_length(self.rows.folder(row, seed), self.rows.wanted(row, seed).train.steps, state):
            print(f"  {note}", flush=True)
        if state != "finished":
            stopped = self.rows.train(row, seed, resume=state == "unfinished", max_minutes=left)
            if stopped != "done":
                return stopped
        self.scores[row.name, seed] = self.rows.scores(row, seed)
        return "done"


def _outcome(
    rows: Rows, chosen: list[Row], not_run: Mapping[str, str], scores: Mapping[tuple[str, int], Scores]
) -> tuple[Outcome, dict[str, str]]:
    """The outcome, and the picture files of each row, relative to the job's `out`."""
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
    outcome = replace(outcome, intervals=_intervals(rows, outcome, done))
    return outcome, {name: str(path.relative_to(job.out)) for name, path in paths.items() if path.is_file()}


def _intervals(
    rows: Rows, outcome: Outcome, done: Mapping[str, list[int]]
) -> dict[tuple[str, str], tuple[float, float]]:
    """Intervals of the gaps that the system knows."""
    by_name, found = {row.name: row for row in outcome.table.rows}, {}
    for item in outcome.comparisons():
        seeds = [seed for seed in done[item.row] if seed in done[item.reference]]
        interval = rows.interval(by_name[item.row], by_name[item.reference], item.metric.key, seeds)
        if interval is not None:
            found[item.row, item.metric.key] = interval
    return found


def _baselines(
    rows: Rows, shown: list[Row], done: Mapping[str, list[int]], scores: Mapping[tuple[str, int], Scores]
) -> dict[str, dict[int, dict[str, float]]]:
    """Scores of baselines, once for all rows that share them."""
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
