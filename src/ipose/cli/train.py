"""`ipose train NAME` and `ipose plan NAME` for every system. The flags are the fields of the config. `--preset` sets
their defaults."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, make_dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from tyro.conf import FlagCreatePairsOff, arg, subcommand

from ipose.cli.printing import INTERRUPTED
from ipose.errors import ConfigError
from ipose.systems.checks import check_run_folder
from ipose.systems.record import System
from ipose.systems.registry import systems
from ipose.training.config import Precision, Schedule, TrainConfig
from ipose.training.folders import are_several


@dataclass(frozen=True, kw_only=True)
class LoopFlags:
    """Flags of the training loop."""

    steps: int | None = None
    """Number of optimizer steps. None = from the config's epochs or updates."""
    max_minutes: float | None = None
    """Minutes of steps, after which training saves and stops. The last save, with its estimate of the batch norms, and
    the last sheet come on top. None = train all steps."""
    seed: int = 0
    """Random seed of initial weights, data order, augmentation and noise."""
    workers: int = 0
    """Number of processes that prepare batches. The batches are the same for any number."""
    checkpoint_every: int = 1000
    """Steps between checkpoints."""
    sample_every: int = 1000
    """Steps between sample sheets (samples/)."""
    log_every: int = 50
    """Steps between lines of metrics.jsonl."""
    keep: int = 2
    """Number of newest checkpoints to keep."""
    keep_best: str | None = None
    """Validation metric whose best checkpoint is kept, too, and gives the model folder. It is measured at each
    checkpoint. A wrong name lists the system's metrics. "no" = the model folder has the last step. None = from the
    config."""
    precision: Precision = "no"
    """bf16 = compute under bfloat16 autocast. Weights and sensitive losses stay float32."""
    accumulate: int = 1
    """Compute a batch in this number of pieces, to save memory. The gradient is that of the whole batch, for one more
    forward pass. Only batch norms see each piece alone, as on several GPUs."""
    checkpoint_activations: FlagCreatePairsOff[bool] = False
    """Compute the activations of each block again in the backward pass, to save memory. The gradient is the same."""
    compile: FlagCreatePairsOff[bool] = False
    """Compile the networks, which takes minutes and needs a compiler (g++, or on a GPU Triton). Meant for a GPU: on a
    CPU, steps are no faster. Not with --accumulate or --checkpoint-activations."""
    schedule: Schedule | None = None
    """Course of the learning rates. None = from the config."""
    schedule_by_clock: FlagCreatePairsOff[bool] = False
    """Let a falling learning rate follow --max-minutes, not the steps. A resumed run is then not exact."""

    def settings(self) -> dict[str, Any]:
        """Keyword arguments of TrainConfig. None = from the system's config."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "schedule_by_clock"}
        return values | {"decay_by": "clock" if self.schedule_by_clock else "steps"}


@dataclass(frozen=True, kw_only=True)
class SystemCommand:
    """What both commands have for every system. `_commands` adds config, data, preset and options."""

    system: ClassVar[System]

    loop: LoopFlags
    device: str | None = None
    """cpu, cuda, ... None = a GPU if there is one."""

    def settings(self) -> dict[str, Any]:
        """Settings of the loop. Raises ConfigError, before torch is read, which takes seconds."""
        settings = {name: value for name, value in self.loop.settings().items() if value is not None}
        TrainConfig(**{"steps": 1, "batch_size": 1, **settings})
        return settings

    def task(self) -> Any:
        """The `ipose.systems.training.Task`."""
        from ipose.systems.training import Task

        options = {item.name: getattr(self, item.name) for item in fields(self.system.train_options)}
        return Task(
            system=self.system,
            config=getattr(self, "config"),  # noqa: B009 - `_commands` adds it, which mypy cannot see
            data=getattr(self, "data", None),
            options=self.system.train_options(**options),
        )


@dataclass(frozen=True, kw_only=True)
class PlanCommand(SystemCommand):
    """What `ipose plan NAME` has for every system."""

    def run(self) -> None:
        """Measure some steps, and print what the training will take."""
        settings = self.settings()

        from ipose.systems.planning import plan

        print(plan(self.task(), loop=settings, device=self.device).table())


@dataclass(frozen=True, kw_only=True)
class TrainCommand(SystemCommand):
    """What `ipose train NAME` has for every system."""

    out: Path
    """Folder of the run."""
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint in --out."""

    def run(self) -> int:
        """Train, then write the report. A stopped training has no report."""
        if not are_several():  # several have to meet first, which takes torch
            check_run_folder(self.out, resume=self.resume)  # faults are told before torch is read
        settings = self.settings()

        from ipose.systems.training import finish, train_system

        trained = train_system(self.task(), self.out, loop=settings, resume=self.resume, device=self.device)
        if trained.result.stopped == "interrupted":
            return INTERRUPTED
        for line in finish(trained):
            print(line)
        return 0


def train_command(args: Sequence[str]) -> Any:
    """The `train` command as a type for tyro. The defaults are those of the preset in `args`."""
    return _commands("train", TrainCommand, "Train a system", args)


def plan_command(args: Sequence[str]) -> Any:
    """The `plan` command as a type for tyro: the words of a training, but for --out and --resume."""
    told = "Say what a training will take, by some of its steps on this device (type plan in place of train)"
    return _commands("plan", PlanCommand, told, args)


def _commands(name: str, base: type[SystemCommand], told: str, args: Sequence[str]) -> Any:
    """One command for each system. For another command, its name alone: the flags of all systems take time."""
    fields_of_it: list[Any] = []
    if list(args[:1]) == [name]:
        preset = _preset_of(args)
        each = (Annotated[_command(system, preset, base), subcommand(system.name)] for system in systems())
        fields_of_it = [("which", reduce(or_, each))]
    namespace = {"run": lambda self: self.which.run()}
    made = make_dataclass(name.title(), fields_of_it, namespace=namespace, frozen=True)
    made.__doc__ = f"{told}: " + ", ".join(system.name for system in systems()) + "."
    return Annotated[made, subcommand(name)]


def _command(system: System, preset: str | None, base: type[SystemCommand]) -> type:
    """The type of a command for one system."""
    config = system.default_config(preset if preset in system.presets else None)
    added: list[Any] = [("config", system.config, field(default=config))]
    if system.data is not None:
        added.append(("data", system.data, field()))
    if system.presets:
        help_text = "Preset that sets the defaults of the other flags."
        names: Any = Literal.__getitem__(system.presets)
        added.append(("preset", Annotated[names, arg(help=help_text)], field(default=system.presets[0])))
    made = make_dataclass(
        f"{base.__name__.removesuffix('Command')}{system.config.__name__}",
        added,
        bases=(base, system.train_options),
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
    return _with_system_of_preset(args)


def _with_system_of_preset(args: Sequence[str]) -> Sequence[str]:
    """`plan coco-stuff` as `plan synthesis --preset coco-stuff`. Raises ConfigError where no or several systems have
    it."""
    names = [system.name for system in systems()]
    if list(args[:1]) != ["plan"] or len(args) < 2 or args[1] in names or args[1].startswith("-"):
        return args
    having = [system.name for system in systems() if args[1] in system.presets]
    if len(having) > 1:
        lines = " or ".join(f"ipose plan {name} --preset {args[1]}" for name in having)
        raise ConfigError("several systems have this preset", field="preset", found=args[1], mend=f"Type {lines}.")
    if not having:
        presets = sorted({preset for system in systems() for preset in system.presets})
        expected = f"a system ({', '.join(names)}) or a preset ({', '.join(presets)})"
        raise ConfigError("no such system or preset", field="plan", found=args[1], expected=expected)
    return ["plan", having[0], "--preset", *args[1:]]


def _preset_of(args: Sequence[str]) -> str | None:
    for i, word in enumerate(args):
        if word.startswith("--preset="):
            return word.split("=", 1)[1]
        if word == "--preset" and i + 1 < len(args):
            return args[i + 1]
    return None
