"""`ipose train NAME` for every system. The flags are the fields of the config. `--preset` sets their defaults."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from tyro.conf import FlagCreatePairsOff, arg, subcommand

from ipose.cli.loop_flags import INTERRUPTED, LoopFlags
from ipose.systems.checks import check_run_folder
from ipose.systems.record import System
from ipose.systems.registry import systems
from ipose.training.config import TrainConfig


@dataclass(frozen=True, kw_only=True)
class TrainCommand:
    """What `ipose train NAME` has for every system. `train_command` adds config, data, preset and options."""

    system: ClassVar[System]

    out: Path
    """Folder of the run."""
    loop: LoopFlags
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint in --out."""
    device: str | None = None
    """cpu, cuda, ... None = a GPU if there is one."""

    def run(self) -> int:
        """Train, then write the report. A stopped training has no report."""
        settings = {name: value for name, value in self.loop.settings().items() if value is not None}
        check_run_folder(self.out, resume=self.resume)  # faults are told before torch is read, which takes seconds
        TrainConfig(**{"steps": 1, "batch_size": 1, **settings})

        from ipose.systems.training import Task, finish, train_system

        options = {item.name: getattr(self, item.name) for item in fields(self.system.train_options)}
        task = Task(
            system=self.system,
            config=getattr(self, "config"),  # noqa: B009 - `train_command` adds it
            data=getattr(self, "data", None),
            options=self.system.train_options(**options),
        )
        trained = train_system(task, self.out, loop=settings, resume=self.resume, device=self.device)
        if trained.result.stopped == "interrupted":
            return INTERRUPTED
        for line in finish(trained):
            print(line)
        return 0


def train_command(args: Sequence[str]) -> Any:
    """The `train` command as a type for tyro. The defaults are those of the preset in `args`."""
    named = _preset_of(args)
    which = reduce(or_, (Annotated[_command(system, named), subcommand(system.name)] for system in systems()))
    train = make_dataclass("Train", [("which", which)], namespace={"run": lambda self: self.which.run()}, frozen=True)
    train.__doc__ = "Train a system: " + ", ".join(system.name for system in systems()) + "."
    return Annotated[train, subcommand("train")]


def _command(system: System, preset: str | None) -> type:
    """The type of `ipose train` for one system."""
    config = system.default_config(preset if preset in system.presets else None)
    added: list[Any] = [("config", system.config, field(default=config))]
    if system.data is not None:
        added.append(("data", system.data, field()))
    if system.presets:
        help_text = "Preset that sets the defaults of the other flags."
        names: Any = Literal.__getitem__(system.presets)
        added.append(("preset", Annotated[names, arg(help=help_text)], field(default=system.presets[0])))
    made = make_dataclass(
        f"Train{system.config.__name__}",
        added,
        bases=(TrainCommand, system.train_options),
        namespace={"system": system},
        frozen=True,
        kw_only=True,
    )
    made.__doc__ = system.summary
    return made


def with_present_names(args: Sequence[str]) -> Sequence[str]:
    """Translate command lines of earlier versions: `train segmenter --pairs RUN` is now `train part-segmenter`."""
    from_pairs = any(word.split("=", 1)[0] == "--pairs" for word in args)
    if list(args[:2]) == ["train", "segmenter"] and from_pairs:
        print("ipose train segmenter --pairs is now: ipose train part-segmenter --pairs", file=sys.stderr)
        return ["train", "part-segmenter", *args[2:]]
    return args


def _preset_of(args: Sequence[str]) -> str | None:
    for i, word in enumerate(args):
        if word.startswith("--preset="):
            return word.split("=", 1)[1]
        if word == "--preset" and i + 1 < len(args):
            return args[i + 1]
    return None
