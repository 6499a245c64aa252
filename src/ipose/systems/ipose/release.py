"""iPOSE's generator and PartNet for `ipose convert`: from the authors' file to a model folder, and back.

Which classes a generator was trained on, its channels, a preset, a spec and z tell together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from torch import Tensor

from ipose.data.part_sources.release_tree import release_supports
from ipose.data.specs import load_spec, spec_names
from ipose.data.support_folder import load_supports
from ipose.errors import ConfigError, RunError
from ipose.interop.release import generator, partnet, to_release
from ipose.interop.release.generator_form import map_channels
from ipose.interop.release.recognise import PARTNET_IN_GENERATOR
from ipose.interop.weight_files import write_weights
from ipose.label_spec import LabelSpec
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet, save_partnet
from ipose.pipeline import IPose
from ipose.synthesis.presets import PRESETS, SILENT, SynthesisConfig
from ipose.synthesis.presets import preset as synthesis_preset
from ipose.systems.converting import Converted, Hints, at_home

RELEASES = ("cityscapes-release", "ade20k-release", "coco-stuff-release")
"""Presets with published weights."""

_IN_WEIGHTS = (
    *("num_classes", "z_channels", "channels", "channel_multipliers", "spade_hidden", "part_hidden"),
    *("part_noise_channels", "part_feature_channels", "part_input"),
)


@dataclass(frozen=True)
class ReleasedClasses:
    """The classes of a generator. No preset = defaults."""

    preset: str | None
    spec: LabelSpec
    z_channels: int


def released_classes(
    state: Mapping[str, Tensor], preset: str | None, spec: LabelSpec | None, z_channels: int | None
) -> ReleasedClasses:
    """Preset, spec and z that agree with the weights. None = not given.

    The first convolution has Z + C input channels, and the weights do not tell Z from C.

    Raises:
        ConfigError: no published data set has this number of classes, or preset, spec and weights contradict one
            another.
    """
    channels = map_channels(state)
    if preset is None and spec is None:
        preset = _published(channels - (z_channels or 64), channels)
    settings = None if preset is None else synthesis_preset(preset)
    z_channels = z_channels or (64 if settings is None else settings.z_channels)
    spec = load_spec(_data_set(str(preset))) if spec is None else spec
    if spec.num_classes != channels - z_channels:
        message = f"the weights do not fit the classes of {spec.name}"
        found = f"{channels} channels: {z_channels} of z, {channels - z_channels} classes"
        expected = f"{spec.num_classes} classes"
        raise ConfigError(message, found=found, expected=expected, mend=_advice(spec, channels - z_channels, channels))
    return ReleasedClasses(preset, spec, z_channels)


SLOTS_BY_SUPPORTS = ("microwave",)
"""Classes of ADE20K and COCO-Stuff that have parts where the supports bring their category, in converted models and in
trainings. The release has a slot for them (number 38). Without its supports nothing can be inferred, so the built-in
specs give them no parts."""


def slot_classes(spec: LabelSpec) -> frozenset[int]:
    """Ids of the spec's classes of `SLOTS_BY_SUPPORTS`. The release's style crops show them, whatever the supports."""
    return frozenset(i for i, item in enumerate(spec.classes) if item.thing and item.name in SLOTS_BY_SUPPORTS)


def with_slots(spec: LabelSpec, categories: Sequence[str]) -> LabelSpec:
    """The spec, with parts for the classes of `SLOTS_BY_SUPPORTS` whose category is in `categories`."""
    return spec.with_parts([name for name in SLOTS_BY_SUPPORTS if name in categories])


def _advice(spec: LabelSpec, classes: int, channels: int) -> str:
    if spec.unknown is not None and spec.num_classes == classes + 1:
        unknown = spec.classes[spec.unknown].name
        return f"The spec counts {unknown!r}, the weights do not: name a spec without it (--spec)."
    beside = channels - spec.num_classes
    plausible = beside > 0 and beside % 8 == 0
    return "Name the data set that they were trained on (--preset, or --spec for a spec's name or dataset.toml)" + (
        f", or say --z-channels {beside} if it was trained with so many." if plausible else "."
    )


def with_preset(config: SynthesisConfig, classes: ReleasedClasses) -> SynthesisConfig:
    """The preset's settings, with the fields that the weights decide."""
    from_weights = {name: getattr(config, name) for name in _IN_WEIGHTS}
    if classes.preset is None:
        return replace(config, **SILENT, unknown=classes.spec.unknown)
    return synthesis_preset(classes.preset, **from_weights, unknown=classes.spec.unknown)


def _published(classes: int, channels: int) -> str:
    for name in RELEASES:
        if PRESETS[name]["num_classes"] == classes:
            return name
    known = ", ".join(f"{PRESETS[name]['num_classes']} ({name})" for name in RELEASES)
    found = f"{channels} channels of z and classes together, so {classes} classes beside {channels - classes} of z"
    mend = f"Say what they were trained on: --spec ({', '.join(spec_names())}, or a dataset.toml), --z-channels."
    raise ConfigError("no published weights have so many classes", found=found, expected=known, mend=mend)


def _data_set(preset: str) -> str:
    return "partworld" if preset == "toy" else preset.removesuffix("-release")


def generator_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """Convert a generator with its PartNet to a model folder. The state is emptied to save memory."""
    hints.refuse_all_but("supports", "preset", "spec", "z_channels", file=file, network="iPOSE's generator")
    read = _read_supports(hints.supports)
    model, classes = at_home(file, lambda: _model(state, read, hints))
    state.clear()
    summary = f"Generator of {file}: {classes.spec.num_classes} classes of {classes.spec.name}, preset {classes.preset}"
    return Converted(model.save_pretrained, [summary, *_notes_on_supports(read, classes.spec.part_categories)])


def partnet_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """Convert a PartNet without a generator to a model folder, for `ipose parts`."""
    hints.refuse_all_but("supports", file=file, network="a PartNet, which has no classes")
    read = _read_supports(hints.supports)
    network = _for_supports(at_home(file, lambda: partnet(state)), read).float()
    return Converted(
        lambda folder: save_partnet(folder, network, read), [f"PartNet of {file}", *_notes_on_supports(read, ())]
    )


def generator_to_release(folder: Path, out: Path) -> list[str]:
    """Write a model folder with generator and PartNet as one file, with PartNet inside the generator."""
    loaded = IPose.from_pretrained(folder)
    if loaded.partnet is None or loaded.synthesis.parts != "predicted":
        message = "the authors' generator reads the parts that its PartNet predicts, and this one does not"
        mend = "Only models with a PartNet that were trained with --parts predicted can be converted back."
        raise ConfigError(message, file=folder, field="parts", mend=mend)
    carried = {f"{PARTNET_IN_GENERATOR}{name}": tensor for name, tensor in to_release(loaded.partnet).items()}
    write_weights(out, {**to_release(loaded.generator), **carried})
    return [f"Generator and PartNet of {folder}", *_lost_settings(loaded.partnet, loaded.synthesis.part_input)]


def partnet_to_release(folder: Path, out: Path) -> list[str]:
    """Write the PartNet of a model folder as a file."""
    network = load_partnet(folder).partnet
    write_weights(out, to_release(network))
    return [f"PartNet of {folder}", *_lost_settings(network)]


def _read_supports(folder: Path | None) -> SupportSet:
    if folder is None:
        return SupportSet({}, {})
    released = release_supports(folder)
    return released[3 if 3 in released else max(released)] if released else load_supports(folder)


def _model(state: dict[str, Tensor], supports: SupportSet, hints: Hints) -> tuple[IPose, ReleasedClasses]:
    classes = released_classes(
        state, hints.preset, None if hints.spec is None else load_spec(hints.spec), hints.z_channels
    )
    classes = replace(classes, spec=with_slots(classes.spec, supports.categories))
    network = generator(state, z_channels=classes.z_channels)
    if not any(name.startswith(PARTNET_IN_GENERATOR) for name in state):
        raise RunError(
            "this generator has no PartNet, so it gets no parts",
            expected=f"names that begin with {PARTNET_IN_GENERATOR[:-1]}",
            mend="Take the file that the authors' training saved. Or load this one in Python "
            "(ipose.interop.release.generator) and combine it with a PartNet in ipose.IPose.",
        )
    network.config = with_preset(network.config, classes)
    return IPose(network.float(), _for_supports(partnet(state), supports).float(), supports, classes.spec), classes


def _for_supports(network: PartNet, supports: SupportSet) -> PartNet:
    if supports.k:
        network.config = replace(network.config, k=supports.k)
    return network


def _notes_on_supports(supports: SupportSet, categories: tuple[str, ...]) -> list[str]:
    if not supports.categories:
        return ["No supports: no parts can be inferred until the folder has some (--supports DIR, or its supports/)."]
    notes = [f"Supports: {supports.k} for each of {len(supports.categories)} categories."]
    missing = [name for name in categories if name not in supports.categories]
    if missing:
        notes.append(f"No supports for {', '.join(missing)}. Scenes with one of these cannot be used yet.")
    return notes


def _lost_settings(network: PartNet, part_input: str = "features") -> list[str]:
    notes = []
    if network.config.zero_empty_masks:
        notes.append(
            "This PartNet has zeros as tokens of empty masks (zero_empty_masks), and the authors' computes them. So a "
            "network that is read from the file can give other parts to some pixels."
        )
    if part_input == "logits":
        notes.append(
            "This generator reads part logits, and the authors' reads part features. Their code cannot run it."
        )
    return notes
