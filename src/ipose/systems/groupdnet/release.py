"""GroupDNet for `ipose convert`: from the authors' two files, generator and encoder, to a model folder, and back."""

import re
from pathlib import Path

from torch import Tensor

from ipose.data.spec_entries import parse_class
from ipose.data.specs import load_spec
from ipose.errors import ConfigError, RunError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.groupdnet.presets import preset as groupdnet_preset
from ipose.interop.release import groupdnet_encoder, groupdnet_generator, to_release
from ipose.interop.release.recognise import without_prefix
from ipose.interop.weight_files import read_weights, refuse_weights, write_weights
from ipose.label_spec import LabelSpec
from ipose.systems.converting import Converted, Hints, at_home

_OF_DECODER = (
    *("num_classes", "code", "code_channels", "decoder_channels", "decoder_groups", "first_grouped"),
    *("modulation", "modulation_hidden", "edges"),
)
_OF_ENCODER = ("class_images", "encoder_grouped", "encoder_channels")
_BY_MODULATION = {"block": "deepfashion", "class": "cityscapes", "class_to_block": "ade20k"}
_SPECS = ("cityscapes", "ade20k")
"""Presets whose data set has a spec of the same name. The authors published no list of DeepFashion's classes."""


def from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """Convert a generator and its encoder to a model folder, for `ipose generate`."""
    hints.refuse_all_but("preset", "spec", "encoder", file=file, network="GroupDNet")
    beside = hints.encoder or _encoder_of(file)
    if beside is None or not beside.is_file():
        message = "this is GroupDNet's generator, and a model also needs the encoder"
        mend, found = "Name the encoder's file: --encoder FILE.", "no such file" if beside is not None else None
        expected = beside if beside is not None else "_E in place of _G in a file beside, as in latest_net_E.pth"
        raise RunError(message, file=file, found=found, expected=expected, mend=mend)
    size = None if hints.preset is None else at_home(file, lambda: _size_of(groupdnet_preset(str(hints.preset))))
    decoder = at_home(file, lambda: groupdnet_generator(state, size=size))
    seen = without_prefix(read_weights(beside))
    encoder = at_home(
        beside, lambda: groupdnet_encoder(seen, num_classes=decoder.config.num_classes, size=_size_of(decoder.config))
    )
    _check_fit(beside, encoder.config, decoder.config)
    name = hints.preset or _BY_MODULATION[decoder.config.modulation]
    spec = at_home(file, lambda: _spec(decoder.config.num_classes, name, hints))
    return Converted(
        at_home(file, lambda: _model(encoder, decoder, name, spec)).save_pretrained,
        [
            f"GroupDNet of {file} and {beside}: {spec.num_classes} classes of {spec.name}, preset {name}",
            *([_NUMBERED] if spec.name == "numbered" else []),
        ],
    )


def to_files(folder: Path, out: Path) -> list[str]:
    """Write a model folder as the authors' two files: `out`, named NAME_G, for the generator, and NAME_E beside it."""
    beside = _renamed(out)
    if beside is None:
        message = "GroupDNet is written as two files, named like the authors'"
        expected = f"a name that ends in _G, such as {out.with_name(f'latest_net_G{out.suffix}').name}"
        mend = "The encoder's file is written beside, with _E in place of _G."
        raise ConfigError(message, file=out, expected=expected, mend=mend)
    refuse_weights(beside)
    model = GroupDNet.from_pretrained(folder)
    states = at_home(folder, lambda: (to_release(model.encoder), to_release(model.decoder)))
    for path, state in zip((beside, out), states, strict=True):
        write_weights(path, state)
    return [f"GroupDNet of {folder}", f"Encoder: {beside}", *_lost_settings(model.config)]


_NUMBERED = (
    "The classes have numbers, not names: ids 0, 1, ... of the label maps are the classes in the order of training. "
    "--spec gives names (ccp-cloth has DeepFashion's eight classes, in another order)."
)


def _encoder_of(file: Path) -> Path | None:
    """The encoder's file beside the generator's, if there is one."""
    named = _renamed(file)
    return named if named is not None and named.is_file() else None


def _renamed(file: Path) -> Path | None:
    """The path of the encoder's file. None = the generator's name does not end in _G, as in latest_net_G.pth."""
    stem = re.sub(r"(^|_)G$", r"\1E", file.stem)
    return None if stem == file.stem else file.with_name(stem + file.suffix)


def _size_of(config: GroupDNetConfig) -> tuple[int, int]:
    return config.height, config.width


def _check_fit(file: Path, encoder: GroupDNetConfig, decoder: GroupDNetConfig) -> None:
    """Raises RunError, which names the encoder's file, if the two were not trained together."""
    for what, theirs, ours in (
        ("classes", encoder.num_classes if encoder.encoder_grouped else decoder.num_classes, decoder.num_classes),
        ("form of the code", encoder.code, decoder.code),
        ("channels of the code", encoder.z_channels, decoder.z_channels),
        ("halvings", len(encoder.encoder_channels), len(decoder.decoder_groups) - 1),
    ):
        if theirs != ours:
            message = "this encoder is of another model than the generator"
            mend = "Name the encoder of the same training: --encoder FILE."
            raise RunError(message, file=file, field=what, found=theirs, expected=ours, mend=mend)


def _spec(classes: int, preset: str, hints: Hints) -> LabelSpec:
    """The given spec, or else that of the preset's data set, or else numbered classes."""
    settings = groupdnet_preset(preset)
    if hints.spec is not None:
        spec = load_spec(hints.spec)
    elif preset in _SPECS and (hints.preset is not None or settings.num_classes == classes):
        spec = load_spec(preset)
    else:
        named = (parse_class({"id": i, "name": f"class {i}"}, i + 1) for i in range(classes))
        spec = LabelSpec("numbered", tuple(named))
    if spec.num_classes != classes:
        message = f"the weights do not fit the classes of {spec.name}"
        mend = "Name the data set that they were trained on: --spec for a spec's name or dataset.toml."
        raise ConfigError(message, found=f"{classes} classes", expected=f"{spec.num_classes} classes", mend=mend)
    return spec


def _model(encoder: Encoder, decoder: Decoder, preset: str, spec: LabelSpec) -> GroupDNet:
    """Both networks with one config: the preset's settings, with the fields that the weights decide."""
    from_weights = {name: getattr(decoder.config, name) for name in _OF_DECODER}
    from_weights |= {name: getattr(encoder.config, name) for name in _OF_ENCODER}
    if decoder.config.code == "vector":
        from_weights |= {"height": decoder.config.height, "width": decoder.config.width}
    encoder.config = decoder.config = groupdnet_preset(preset, **from_weights)
    return GroupDNet(encoder.float(), decoder.float(), spec)


def _lost_settings(config: GroupDNetConfig) -> list[str]:
    released = {"class_images": ("crop", "whole"), "code": ("map", "vector"), "activation": ("leaky_relu",)}
    other = [f"{name} {value}" for name, known in released.items() if (value := getattr(config, name)) not in known]
    if not other:
        return []
    return [f"The files do not have {', '.join(other)}. The authors' code computes with other settings."]
