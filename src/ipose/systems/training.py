"""Training any system: from a task to a trained run, its model folder and its sheets."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from ipose.errors import ConfigError, IposeError, RunError
from ipose.objective import Objective
from ipose.seeds import kept_random_state
from ipose.systems.checks import check_compiler, check_device, check_run_folder
from ipose.systems.record import System, TrainOptions, function_named
from ipose.systems.reporting import write_run_report
from ipose.training.averaging import without_estimates
from ipose.training.batches import BatchSource
from ipose.training.checkpoint_files import Criterion
from ipose.training.config import NO_METRIC, Better, TrainConfig
from ipose.training.folders import writes
from ipose.training.loop import train
from ipose.training.metrics import append_metrics
from ipose.training.processes import Processes
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, TrainResult
from ipose.whole_files import replace_folder, save_whole


@dataclass(frozen=True, kw_only=True)
class Task:
    """What to train, and on what. With the loop's settings, all that run.json remembers.

    Args:
        config: of the system: networks and objective.
        options: what the system takes beside; None = its defaults.
    """

    system: System
    config: Any
    data: Any = None
    options: Any = None

    def __post_init__(self) -> None:
        options: TrainOptions = self.system.train_options() if self.options is None else self.options
        object.__setattr__(self, "options", options)
        object.__setattr__(self, "config", options.applied(self.config))
        object.__setattr__(self, "data", options.fitted(self.data, self.config))

    def described(self, config: Any = None) -> dict[str, Any]:
        """The configs, and the options as plain values, for run.json; `config`: as it was fitted to the data."""
        data = {} if self.data is None else {"data": self.data}
        return {self.system.config_key: config or self.config, **data, **self.options.described()}


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """A training that is ready for its first step. What a system's `prepare` gives.

    Args:
        config: the task's, fitted to the data (number of classes, ...).
        about: the source in words, for run.json: "200 scenes of my-world".
        loop: what the config says of the loop: batch_size, ema_decay, schedule, ... and steps, by its epochs.
        model: the model of a step, in eval mode, from copies: the training itself does not notice.
        show: a sheet of what that model does, under a title.
        save: writes that model into a new folder.
        load: reads the model folder back, where it takes more than the record's `loading`; None = that.
        watch: numbers to write beside the losses, from that model and the step; None = there are none.
        measure: value of a validation metric of that model, by its name in the record's `metrics`; None = it has none.
        remembered: more options for run.json, as plain values: those that were given from Python.
    """

    config: Any
    objective: Objective
    source: BatchSource
    about: str
    loop: Mapping[str, Any]
    model: Callable[[Snapshot], Any]
    show: Callable[[Any, str], Image.Image]
    save: Callable[[Any, Path], object] = lambda model, folder: model.save_pretrained(folder)
    load: Callable[[Path], Any] | None = None
    watch: Callable[[Any, int], Mapping[str, Any]] | None = None
    measure: Callable[[Any, str], float] | None = None
    remembered: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Trained:
    """A finished (or stopped) training."""

    task: Task
    prepared: Prepared
    run: Run
    result: TrainResult

    @cached_property
    def model(self) -> Any:
        """The model that it left, as the system's `load` reads it."""
        load = self.prepared.load or function_named(self.task.system.loading)
        return load(self.run.model)


def train_system(
    task: Task,
    folder: Path,
    *,
    loop: Mapping[str, Any] | None = None,
    resume: bool = False,
    device: str | None = None,
    progress: bool | None = None,
    **given: Any,
) -> Trained:
    """Train; leaves a run with a model folder.

    Args:
        loop: settings of `TrainConfig`; what is None or left out follows from the config.
        device: None = what is there.
        progress: show bars; None = on a terminal.
        given: what the system's `prepare` need not open or make itself: scenes, a block, a loss, ...
    Raises:
        RunError, ConfigError, DataError, SupportError, MissingWeightsError: before the first step. Folder, device and
            settings are looked at before data are read, which may take minutes.
    """
    check_device(device)
    Processes(device)  # if there are several, they meet first: the others hear of it when one is refused
    check_run_folder(folder, resume=resume)
    prepared, config = prepare(task, loop or {}, device, resume=resume, **given)
    hooks, better = _Hooks(prepared), check_metric(task.system, config.keep_best)
    if better is not None and prepared.measure is None:
        message = "the validation data have nothing to measure the best checkpoint by"
        mend = "Give them photographs, or for PartNet objects of trained categories; or say --keep-best no."
        raise ConfigError(message, field="keep_best", found=config.keep_best, mend=mend)
    if writes():
        check_load(prepared, prepared.load or function_named(task.system.loading), folder.parent)
    run = Run.begin(
        folder,
        resume=resume,
        kind=task.system.kind,
        config={**task.described(prepared.config), **prepared.remembered},
        train=config,
        data=prepared.about,
    )
    result = train(
        prepared.objective,
        prepared.source,
        run,
        config,
        resume=resume,
        on_sample=hooks.sample,
        on_save=hooks.save,
        device=device,
        progress=progress,
        next_step=task.system.next_step.format(run=folder),
        criterion=better and Criterion(config.keep_best, better, partial(hooks.measure, metric=config.keep_best)),
    )
    return Trained(task, prepared, run, result)


def prepare(
    task: Task, loop: Mapping[str, Any], device: str | None, *, resume: bool = False, **given: Any
) -> tuple[Prepared, TrainConfig]:
    """What the system's `prepare` gives, and the settings of the loop: the given ones, else the config's. Device and
    settings are looked at first."""
    settings = {name: value for name, value in loop.items() if value is not None}
    check_device(device)
    asked = TrainConfig(**{"steps": 1, "batch_size": 1, **settings})
    check_metric(task.system, asked.keep_best)
    if asked.compile:
        check_compiler(device)
    prepared: Prepared = function_named(task.system.training)(task, seed=asked.seed, resume=resume, **given)
    return prepared, TrainConfig(**{**prepared.loop, **settings})


def check_load(prepared: Prepared, load: Callable[[Path], Any], place: Path) -> None:
    """Write the model of step 0 into a folder in `place`, load it, and remove it. Raises RunError where that fails.

    So what cannot be loaded is told before the first step, and not after hours.
    """
    place.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".model-", dir=place) as name, kept_random_state(), without_estimates():
        run = Run(Path(name), {})
        model = prepared.model(Snapshot(0, 0.0, run, False, prepared.objective.networks, {}))
        prepared.save(model, run.model)
        try:
            load(run.model)
        except IposeError as error:
            why = str(error).replace(f"{run.model}", "model")
            message = "the model that this training would leave cannot be loaded again"
            raise RunError(message, found=why, mend="Nothing was trained.") from error


def check_metric(system: System, metric: str) -> Better | None:
    """Which values of a metric for --keep-best are better. None for "no".

    Raises:
        ConfigError: the system has no such metric. Lists those that it has.
    """
    if metric != NO_METRIC and metric not in system.metrics:
        message = f"no validation metric of a {system.title} to keep the best checkpoint by"
        raise ConfigError(message, field="keep_best", found=metric, expected=" or ".join([*system.metrics, NO_METRIC]))
    return system.metrics.get(metric)


class _Hooks:
    """Sheets, numbers and the model folder of a training on the way."""

    def __init__(self, prepared: Prepared) -> None:
        self.prepared = prepared
        self._latest: tuple[int, Any] | None = None

    def sample(self, snapshot: Snapshot) -> None:
        """A sheet in samples/, and numbers in metrics.jsonl."""
        model, prepared = self._model(snapshot), self.prepared
        if prepared.watch is not None:
            seen = {"step": snapshot.step, "seconds": round(snapshot.seconds, 1)}
            append_metrics(snapshot.run.metrics, {**seen, **prepared.watch(model, snapshot.step)})
        snapshot.run.samples.mkdir(exist_ok=True)
        sheet = prepared.show(model, f"step {snapshot.step}")
        save_whole(sheet, snapshot.run.sheet(snapshot.step))

    def save(self, snapshot: Snapshot) -> None:
        """The model folder, written beside and renamed into place. Not if an earlier step is better."""
        if not snapshot.best:
            return
        model = self._model(snapshot)
        replace_folder(snapshot.run.model, lambda folder: self.prepared.save(model, folder))

    def measure(self, snapshot: Snapshot, *, metric: str) -> float:
        """The validation metric of the step's model."""
        assert self.prepared.measure is not None  # `train_system` checked it
        return float(self.prepared.measure(self._model(snapshot), metric))

    def _model(self, snapshot: Snapshot) -> Any:
        """The model of this step; made once, as saving and sampling often come together."""
        if self._latest is None or self._latest[0] != snapshot.step:
            self._latest = snapshot.step, self.prepared.model(snapshot)
        return self._latest[1]


def steps_of_epochs(epochs: int, items: int, batch_size: int) -> int:
    """Steps that so many passes over the data take; less than a batch of items counts as one batch."""
    return epochs * max(items // batch_size, 1)


def loop_of_epochs(config: Any, items: int, **more: Any) -> dict[str, Any]:
    """Settings of the loop that follow from a config with epochs and batch_size, and from the number of items."""
    steps = steps_of_epochs(config.epochs, items, config.batch_size)
    return {"steps": steps, "batch_size": config.batch_size, "ema_decay": getattr(config, "ema_decay", 0.0), **more}


def finish(trained: Trained) -> Iterator[str]:
    """What follows a training: the system's own last look, and the report; yields lines to print.

    Of several processes, the first one does so.
    """
    if not writes():
        return
    system = trained.task.system
    if system.finishing is not None:
        yield from function_named(system.finishing)(trained)
    if system.page is not None:
        yield f"Report: {write_run_report(trained.run)}"
