"""The classes that a generator of the release was trained on: from its channels, a preset, a spec, and z."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from ipose.data.specs import load_spec, spec_names
from ipose.errors import ConfigError
from ipose.interop.release.generator_form import map_channels
from ipose.label_spec import LabelSpec
from ipose.synthesis.presets import PRESETS, SILENT, SynthesisConfig
from ipose.synthesis.presets import preset as synthesis_preset

RELEASES = ("cityscapes-release", "ade20k-release", "coco-stuff-release")
"""Presets with published weights."""

_IN_WEIGHTS = (
    *("num_classes", "z_channels", "channels", "channel_multipliers", "spade_hidden", "part_hidden"),
    *("part_noise_channels", "part_feature_channels", "part_input"),
)


@dataclass(frozen=True)
class ReleasedClasses:
    """The classes of a generator.

    Args:
        preset: name of the published settings. None = defaults.
        spec: what the class ids mean.
        z_channels: channels of the texture noise.
    """

    preset: str | None
    spec: LabelSpec
    z_channels: int


def released_classes(
    state: Mapping[str, Tensor], preset: str | None, spec: LabelSpec | None, z_channels: int | None
) -> ReleasedClasses:
    """Preset, spec and z that agree with the weights.

    The first convolution has Z + C input channels, and the weights do not tell Z from C.

    Args:
        state: of the generator, with the release's names.
        preset: given preset. None = none given.
        spec: given spec. None = none given.
        z_channels: given channels of z. None = the preset's, or else 64.
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
