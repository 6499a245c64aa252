"""The record of a system: all that commands, training, evaluation and reports must know of it. No torch in here.

A record names functions as "module:function" and imports none of them, so that `ipose --help` is instant. Commands go
through records and know no system by name. A package of anybody's brings a system by the entry point `ipose.systems`
(`ipose.systems.registry`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from operator import attrgetter
from typing import Any

from ipose.configs import Published
from ipose.data.data_config import DataConfig


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What `ipose train NAME` takes beside config, data and the loop's settings. A system subclasses it."""

    def applied(self, config: Any) -> Any:
        """The config with what the options change in it."""
        return config

    def described(self) -> dict[str, Any]:
        """The options as plain values, for run.json."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value and str(value) for name, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class MakeOptions:
    """What `ipose generate` takes of a system's own, all None or empty by default. A system subclasses it."""


@dataclass(frozen=True, kw_only=True)
class AblateOptions:
    """What `ipose ablate` takes of a system's own, all None or False by default. A system subclasses it."""


@dataclass(frozen=True, kw_only=True)
class ReleaseOptions:
    """What `ipose convert` takes of a system's own, all None by default. A system subclasses it."""


@dataclass(frozen=True, kw_only=True)
class System:
    """One system, declared once. Functions are named as "module:function".

    Args:
        name: in `ipose train NAME`.
        kind: in run.json.
        formats: what config.json of its model folders may call it; a new model folder has the first one.
        title: for people: messages, the report's title.
        summary: first sentence of its help.
        config: frozen dataclass of networks, objective and presets' fields.
        config_key: field of run.json that holds the config.
        preset: config by preset name; None = the config's defaults are all there is.
        presets: names that `preset` knows, the default one first.
        published: what was published about each field of a preset's config; None = nothing.
        differences: page that explains where a preset leaves paper or release; "" = none.
        data: config dataclass of what it learns from; None = the options say so.
        train_options: what `ipose train NAME` takes more.
        training: `prepare(task, *, seed, resume, **given) -> ipose.systems.training.Prepared`.
        loading: `load(folder) -> model`, of a run or model folder, in eval mode, with `.to(device)`.
        describing: `describe(config, folder) -> list[str]`, of a model folder and its config.json: what it holds, in
            words; more than one: lines of their own. Imports no torch.
        making: `make(model, request) -> Iterator[Path]` (`ipose.systems.generating`); None = it makes no images.
        reads_maps: whether it makes images from label maps, and not from noise alone.
        make_options: what `ipose generate` takes more.
        judging: `judge(run, data, options, name) -> Judged` (`ipose.systems.judging`); None = it gets no cards.
        class_noise: `noise(run, device) -> (sampler, size)` for protocol "classes" (`ipose.evaluation.class_cards`);
            None = it has no noise for each class.
        judged_by: options of `ipose evaluate` that mean something for it, by family of protocols, the default first.
        tables: "module:TABLES", its ablation tables (`ipose.ablations.table.AblationTable`); None = it has none.
        rows: class that trains and scores their rows (`ipose.systems.ablating.SystemRows`); None = it has no tables.
        ablate_options: what `ipose ablate` takes more.
        page: `page(run) -> ipose.systems.reporting.RunPage`; None = it has no report.
        figures: `draw(folder, out, **options) -> list[str]` of `ipose figures`; None = it has none.
        finishing: `finish(trained) -> Iterator[str]`: lines to print when a training is done; None = none.
        released: functions that make model folders of the authors' files, by the network's name
            (`ipose.interop.release.recognise`).
        to_release: `write(folder, out) -> list[str]`: the way back; None = there is none.
        release_options: what `ipose convert` takes more.
        next_step: what to type when a training is done, with {run}.
        instead: what to do where something is asked for that the system does not do.
    """

    name: str
    kind: str
    formats: tuple[str, ...]
    title: str
    summary: str
    config: type
    config_key: str
    preset: Callable[..., Any] | None = None
    presets: tuple[str, ...] = ()
    published: Callable[[str], Mapping[str, Published]] | None = None
    differences: str = ""
    data: type | None = DataConfig
    train_options: type[TrainOptions] = TrainOptions
    training: str
    loading: str
    describing: str
    making: str | None = None
    reads_maps: bool = True
    make_options: type[MakeOptions] = MakeOptions
    judging: str | None = None
    class_noise: str | None = None
    judged_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: str | None = None
    rows: str | None = None
    ablate_options: type[AblateOptions] = AblateOptions
    page: str | None = None
    figures: str | None = None
    finishing: str | None = None
    released: Mapping[str, str] = field(default_factory=dict)
    to_release: str | None = None
    release_options: type[ReleaseOptions] = ReleaseOptions
    next_step: str = ""
    instead: str = ""

    def default_config(self, preset: str | None = None) -> Any:
        """The config of a preset; None = the default preset. Raises ConfigError for an unknown one."""
        return self.config() if self.preset is None else self.preset(preset or self.presets[0])


def function_named(name: str) -> Callable[..., Any]:
    """The function that "module:function" names; its module is imported now."""
    module, _, attribute = name.partition(":")
    found: Callable[..., Any] = attrgetter(attribute)(import_module(module))
    return found
