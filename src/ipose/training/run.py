"""The folder of a training run: what was trained, on which data, how, and the results. Imports no torch.

run.json         kind, configs, data, versions, command
metrics.jsonl    losses, learning rates, images per second (`ipose.training.metrics`)
samples/         sample sheets
checkpoints/     to resume from (`ipose.training.checkpoint`)
model/           the trained model (`IPose.from_pretrained`)
report.html      the report
tensorboard/     curves, if TensorBoard is installed
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ipose.configs import differences, plain, with_defaults
from ipose.errors import ConfigError, RunError
from ipose.training.config import RESUMABLE, TrainConfig
from ipose.training.folders import locked, nearby, refuse_taken, what_is, writes
from ipose.training.provenance import command_line, git_commit, versions
from ipose.whole_files import read_json, recover_folder, write_text_whole

FORMAT = 1

RESUMED_BY_REPETITION = ("ablate",)
"""Commands that resume their runs when they are given again, without --resume."""


class Run:
    """A run folder. `Run.create` makes one, `Run.open` reads one, `Run.resume` goes on with one."""

    def __init__(self, folder: Path, info: dict[str, Any]) -> None:
        self.folder, self.info = folder, info
        self.metrics, self.report = folder / "metrics.jsonl", folder / "report.html"
        self.samples, self.checkpoints, self.model = (folder / name for name in ("samples", "checkpoints", "model"))

    def sheet(self, step: int) -> Path:
        """File of the sample sheet of a step."""
        return self.samples / f"step-{step:07d}.png"

    @classmethod
    def create(
        cls,
        folder: str | Path,
        *,
        kind: str,
        config: Any,
        train: TrainConfig,
        data: str = "",
        command: str | None = None,
    ) -> "Run":
        """A new run.

        Args:
            config: of the system: a dataclass, or a mapping of dataclasses and plain values.
        Raises:
            RunError: the folder holds a run, or something else.
        """
        refuse_taken(Path(folder))
        Path(folder).mkdir(parents=True, exist_ok=True)
        run = cls(Path(folder), _described(kind, config, train, data, command))
        run._write()
        return run

    @classmethod
    def open(cls, folder: str | Path) -> "Run":
        """The run in `folder`.

        Raises:
            RunError: there is no run, or one that this version cannot read. Says what is there instead.
        """
        folder = Path(folder)
        file = folder / "run.json"
        if not file.is_file():
            raise RunError("no run here", file=folder, found=what_is(folder), expected="run.json", mend=nearby(folder))
        try:
            info: dict[str, Any] = read_json(file)
            known = info["format"], info["kind"], info["config"], info["train"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError("run.json cannot be read", file=file, found=repr(error), expected="JSON of a run") from error
        if known[0] != FORMAT:
            raise RunError("a run of another version of ipose", file=file, found=known[0], expected=FORMAT)
        run = cls(folder, info)
        recover_folder(run.model)  # a kill may have left it set aside
        return run

    @classmethod
    def resume(
        cls, folder: str | Path, *, kind: str, config: Any, train: TrainConfig, command: str | None = None
    ) -> "Run":
        """The run in `folder`, to train further. The arguments are those of `create`.

        The configs must be those of the run. Only the fields in `RESUMABLE` may change: run.json gets their new values
        and a note. A config field that is newer than the run counts as its default.

        Raises:
            RunError: no run, one of another system, or one of another configuration. Lists the fields that differ.
        """
        run = cls.open(folder)
        if run.kind != kind:
            raise RunError(
                "a run of another system", file=run.folder, found=run.kind, expected=kind, mend="Choose another --out."
            )
        new = {"config": plain(config), "train": plain(train)}
        old = with_defaults(run.info, {"config": config, "train": train})
        different = differences({key: old[key] for key in new}, new)
        refused = {k: v for k, v in different.items() if not (k.startswith("train.") and k[6:] in RESUMABLE)}
        if refused:
            raise RunError(
                "this run was started with another configuration",
                file=run.folder,
                found="; ".join(f"{field} {old!r} there, {now!r} here" for field, (old, now) in refused.items()),
                mend="Resume with the run's own settings, or start a new run. Where the system has --init, that takes "
                "over the weights.",
            )
        run.info |= {"config": new["config"], "train": new["train"]}
        changed = {field: now for field, (_, now) in different.items()}
        note = {"at": _now(), "command": command_line() if command is None else command, "changed": changed}
        run.info["resumed"] = [*run.info.get("resumed", []), note]
        run._write()
        return run

    @classmethod
    def begin(cls, folder: str | Path, *, resume: bool, data: str = "", **rest: Any) -> "Run":
        """`resume` or `create`, as the flag says.

        If there are several processes (`accelerate launch`), the first one does so. The others read and write no file
        of the run: they may be on another host, which has another disk.
        """
        if not writes():
            return cls(Path(folder), _described(data=data, **rest))
        return cls.resume(folder, **rest) if resume else cls.create(folder, data=data, **rest)

    @property
    def kind(self) -> str:
        """Which system was trained; the word that run.json has for it."""
        return str(self.info["kind"])

    @property
    def config(self) -> dict[str, Any]:
        """The system's config as plain values."""
        return dict(self.info["config"])

    @property
    def train_config(self) -> TrainConfig:
        """Settings of the last training. Raises RunError where run.json's fields are not those of this version."""
        try:
            return TrainConfig(**self.info["train"])
        except (TypeError, ConfigError) as error:
            message = "run.json has training settings that this version cannot read"
            raise RunError(message, file=self.folder / "run.json", found=str(error)) from error

    @property
    def resume_command(self) -> str:
        """The last command, with --resume. Of a run that a Python program started: what to change in the program."""
        last = [self.info, *self.info.get("resumed", [])][-1]
        command = str(last.get("command") or "")
        words = command.split()
        if words and "ipose" not in {Path(word).name for word in words[:3]}:
            return f"{command}, with resume=True in its call of train_system"
        return command if {"--resume", *RESUMED_BY_REPETITION} & set(words) else f"{command} --resume".strip()

    def expect_items(self, items: int) -> None:
        """Record the size of the data set, which decides the order of the data.

        Raises:
            RunError: a resumed run had another size before.
        """
        known = self.info.get("items")
        if known is None:
            self.info["items"] = items
            self._write()
        elif known != items:
            message = "the data set has changed since this run was started"
            mend = "Resume with the same data, or start a new run on these (--init takes over the weights)."
            raise RunError(message, file=self.folder, found=f"{items} items", expected=f"{known} items", mend=mend)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the run for this process. Raises RunError where another process holds the lock."""
        with locked(self.folder / ".lock"):
            yield

    def _write(self) -> None:
        write_text_whole(self.folder / "run.json", json.dumps(self.info, indent=2) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _described(
    kind: str, config: Any, train: TrainConfig, data: str = "", command: str | None = None
) -> dict[str, Any]:
    """The content of a new run's run.json."""
    return {
        "format": FORMAT,
        "kind": kind,
        "config": plain(config),
        "train": plain(train),
        "data": data,
        "command": command_line() if command is None else command,
        "created": _now(),
        "versions": versions(),
        "commit": git_commit(),
        "resumed": [],
    }
