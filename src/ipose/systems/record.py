"""The record of a system: all that commands, training, evaluation and reports must know of it. No torch in here.

A record names functions as "module:function" and imports none of them, so that `ipose --help` is instant. Commands go
through records and know no system by name. A package of anybody's brings a system by the entry point `ipose.systems`
(`ipose.systems.registry`). What all models that make images of label maps can share is in `ipose.systems.scene_models`
and `ipose.systems.image_judging`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

from ipose.ablations.table import AblationTable
from ipose.configs import Published
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.training.config import Better

Options = TypeVar("Options")

IMAGE_OPTIONS = (
    *("data", "spec", "split", "protocol", "features", "segmenter", "class_map", "ignore", "segmenter_size", "lpips"),
    *("seeds", "limit", "precision"),
)
"""Of `ipose evaluate`, for whatever makes images of label maps (`ipose.systems.image_judging`)."""

CLASS_OPTIONS = ("data", "spec", "split", "protocol", "maps", "pairs", "masking", "lpips")
"""Of `ipose evaluate --protocol classes`, for a model with noise for each class."""

RECONSTRUCTION_OPTIONS = ("data", "spec", "protocol", "lpips", "limit", "split")
"""Of `ipose evaluate --protocol reconstruction`, for a model with an encoder."""


ROBUSTNESS_OPTIONS = (
    *("data", "spec", "split", "protocol", "segmenter", "class_map", "segmenter_size", "seeds", "limit"),
    "without_parts",
)
"""Of `ipose evaluate --protocol robustness`, for a model whose parts can be looked at."""


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What `ipose train NAME` takes beside config, data and the loop's settings. A system subclasses it."""

    def applied(self, config: Any) -> Any:
        """The config with what the options change in it."""
        return config

    def fitted(self, data: Any, config: Any) -> Any:
        """The data's config with what the system's config says of it."""
        return data

    def described(self) -> dict[str, Any]:
        """The options as plain values, for run.json."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: value and str(value) for name, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class MakeOptions:
    """What `ipose generate` takes of a system's own, all None, empty or False by default. A system subclasses it."""


@dataclass(frozen=True, kw_only=True)
class AblateOptions:
    """What `ipose ablate` takes of a system's own, all None or False by default. A system subclasses it."""

    def applied(self, table: AblationTable) -> AblationTable:
        """The table, with the rows that the options add."""
        return table


@dataclass(frozen=True, kw_only=True)
class ImageAblateOptions(AblateOptions):
    """What `ipose ablate` takes for tables of images, of several systems."""

    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19. None = torch.hub's cache. Without a file, rows with a VGG loss are left
    out."""
    tiny_encoders: bool = False
    """Use tiny random networks in place of CLIP and VGG, for trials. The table says so."""
    features: str | None = None
    """Feature network of Frechet and kernel distance: inception, random, or a file. None = inception if its weights are
    here, else random."""
    segmenter: Path | None = None
    """Run of ipose train segmenter, or a TorchScript or torch.export file. Adds mIoU and pixel accuracy."""
    class_map: Path | None = None
    """What the segmenter's channels stand for: a built-in name or a JSON list, as for ipose evaluate."""


@dataclass(frozen=True, kw_only=True)
class ReleaseOptions:
    """What `ipose convert` takes of a system's own, all None by default. A system subclasses it."""


@dataclass(frozen=True, kw_only=True)
class Released:
    """What `ipose convert` does with the file of one network that somebody released.

    Args:
        making: `make(file, state, hints) -> Converted` (`ipose.systems.converting`); None = no model comes of it.
        instead: what to do with it, where no model comes of it alone.
        names: what the names of its tensors begin with, as a pattern ("enc\\d\\.|fc_mu\\."); "" = it is one of those
            that `ipose.interop.release.recognise` knows.
    """

    making: str | None = None
    instead: str = ""
    names: str = ""


@dataclass(frozen=True, kw_only=True)
class System:
    """One system, declared once. Functions are named as "module:function".

    Args:
        name: in `ipose train NAME`.
        summary: first sentence of its help.
        title: for people: messages, the report's title; "" = the name.
        kind: in run.json; "" = the name.
        formats: what config.json of its model folders may call it; a new model folder has the first one. () = the name.
        config: frozen dataclass of networks, objective and presets' fields. Its module imports no torch.
        config_key: field of run.json that holds the config; "" = the name.
        preset: config by preset name; None = the config's defaults are all there is.
        presets: names that `preset` knows, the default one first.
        published: what was published about each field of a preset's config; None = nothing.
        differences: page that explains where a preset leaves paper or release; "" = none.
        data: config dataclass of what it learns from; None = the options say so.
        train_options: what `ipose train NAME` takes more.
        training: `prepare(task, *, seed, resume, **given) -> ipose.systems.training.Prepared`.
        metrics: validation metrics that its training can keep the best checkpoint by (--keep-best), the main one first:
            whether "higher" or "lower" values are better. `Prepared.measure` computes them.
        loading: `load(folder) -> model`, in eval mode, with `.to(device)`. `folder`: path to a run or model folder, or
            an `ipose.model_folder.ModelFolder`; `ipose.model_folder.open_model` takes either.
        describing: `describe(config, folder) -> list[str]`, of a model folder and its config.json: what it holds, in
            words; more than one: lines of their own. Imports no torch. None = the title.
        making: `make(model, request) -> Iterator[Path]` (`ipose.systems.generating`); None = it makes no images.
        reads_maps: whether it makes images from label maps, and not from noise alone.
        make_options: what `ipose generate` takes more.
        exporting: `exports(model) -> Exports` (`ipose.systems.exporting`), of what `loading` gives; None = it has no
            `ipose export`.
        judging: `judge(run, data, options, name) -> Judged` (`ipose.systems.judging`), of a run, or of a model folder
            alone (`ipose.systems.judging.ModelAlone`); None = it gets no cards.
        class_noise: `noise(run, device) -> (sampler, size)` for protocol "classes"
            (`ipose.evaluation.class_diversity`); None = it has no noise for each class.
        reconstruction: `coder(run, device) -> (reconstruct, size)` for protocol "reconstruction"
            (`ipose.evaluation.reconstruction`); None = it has no encoder.
        judged_by: options of `ipose evaluate` that mean something for it, by family of protocols, the default first.
        tables: "module:TABLES", its ablation tables (`ipose.ablations.table.AblationTable`); None = it has none.
        rows: class that trains and scores their rows (`ipose.systems.ablating.SystemRows`); None = it has no tables.
        ablate_options: what `ipose ablate` takes more.
        page: `page(run) -> ipose.systems.reporting.RunPage`; None = it has no report.
        figures: `draw(folder, out, **options) -> list[str]` of `ipose figures`; None = it has none.
        finishing: `finish(trained) -> Iterator[str]`: lines to print when a training is done; None = none.
        released: networks of the authors' files, by name, and what becomes of each.
        to_release: `write(folder, out) -> list[str]`: the way back; None = there is none.
        release_options: what `ipose convert` takes more.
        next_step: what to type when a training is done, with {run}.
        instead: what to do where something is asked for that the system does not do.
    Raises:
        ConfigError: fields that contradict one another.
    """

    name: str
    summary: str
    title: str = ""
    kind: str = ""
    formats: tuple[str, ...] = ()
    config: type
    config_key: str = ""
    preset: Callable[..., Any] | None = None
    presets: tuple[str, ...] = ()
    published: Callable[[str], Mapping[str, Published]] | None = None
    differences: str = ""
    data: type | None = DataConfig
    train_options: type[TrainOptions] = TrainOptions
    training: str
    metrics: Mapping[str, Better] = field(default_factory=dict)
    loading: str
    describing: str | None = None
    making: str | None = None
    reads_maps: bool = True
    make_options: type[MakeOptions] = MakeOptions
    exporting: str | None = None
    judging: str | None = None
    class_noise: str | None = None
    reconstruction: str | None = None
    judged_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tables: str | None = None
    rows: str | None = None
    ablate_options: type[AblateOptions] = AblateOptions
    page: str | None = None
    figures: str | None = None
    finishing: str | None = None
    released: Mapping[str, Released] = field(default_factory=dict)
    to_release: str | None = None
    release_options: type[ReleaseOptions] = ReleaseOptions
    next_step: str = ""
    instead: str = ""

    def __post_init__(self) -> None:
        for name in ("title", "kind", "config_key"):
            object.__setattr__(self, name, getattr(self, name) or self.name)
        object.__setattr__(self, "formats", self.formats or (self.name,))
        families = set(self.judged_by)
        self._need_each_other("preset", self.preset, "presets", self.presets)
        self._need_each_other("class_noise", self.class_noise, 'judged_by["classes"]', families & {"classes"})
        encodes = 'judged_by["reconstruction"]'
        self._need_each_other("reconstruction", self.reconstruction, encodes, families & {"reconstruction"})
        self._need_each_other("judging", self.judging, "judged_by", families - {"classes", "reconstruction"})
        self._need_each_other("rows", self.rows, "tables", self.tables)

    def _need_each_other(self, name: str, value: object, other: str, others: Any) -> None:
        if (value is None) == bool(others):
            said = "is missing" if value is None else "is there"
            raise ConfigError(f"{name} and {other} need each other, and {name} {said}", field=f"record {self.name!r}")

    def default_config(self, preset: str | None = None) -> Any:
        """The config of a preset; None = the default preset. Raises ConfigError for an unknown one."""
        return self.config() if self.preset is None else self.preset(preset or self.presets[0])


def own_options(kind: type[Options], given: Mapping[str, Any], refusal: str, mend: str) -> Options:
    """The options of a system, of those that were given. Raises ConfigError (`refusal`) for one of another system."""
    own = sorted(item.name for item in fields(kind))  # type: ignore[arg-type]  # no bound of a TypeVar says "dataclass"
    if other := next((name for name in given if name not in own), None):
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in own) or "no options of its own"
        raise ConfigError(refusal, field=other, found=given[other], expected=flags, mend=mend)
    return kind(**given)


def function_named(name: str) -> Any:
    """The function (or record) that "module:name" names; its module is imported now.

    Raises:
        ConfigError: nothing of this name, or its module cannot be imported.
    """
    module, _, attribute = name.partition(":")
    try:
        return attrgetter(attribute)(import_module(module))
    except (ImportError, AttributeError, ValueError) as error:
        message = "a record names what cannot be imported"
        mend = "Mend the package that brings the system, or install what it needs."
        raise ConfigError(message, field=name, found=str(error), expected='"module:function"', mend=mend) from error
