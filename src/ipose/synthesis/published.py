"""The synthesis settings in the paper and in the authors' release. `ipose info --preset` prints them."""

from collections.abc import Mapping, Sequence

from ipose.configs import Published
from ipose.synthesis.presets import SynthesisConfig


def _oasis(value: object) -> Published:
    """A value that the paper takes from OASIS (ICLR 2021), and that the release has, too."""
    return Published(value, value, of="OASIS")


_EVERYWHERE: Mapping[str, Published] = {
    "z_channels": _oasis(64),
    "channels": _oasis(64),
    "channel_multipliers": _oasis((16, 16, 16, 8, 4, 2, 1)),
    "spade_hidden": _oasis(128),
    "part_hidden": Published(release=32),
    "part_noise_channels": Published(release=31),
    "part_channels": Published(release=9),
    "part_feature_channels": Published(release=32),
    "part_injection": Published("psm", "psm"),
    "parts": Published("predicted", "predicted"),
    "part_input": Published("logits", "features"),
    "paste": Published(release="release"),
    "object_shape": Published(release="instance"),
    "spectral_norm": Published("all", "release"),
    "discriminator_channels": _oasis((3, 128, 128, 256, 256, 512, 512)),
    "last_decoder_channels": _oasis(64),
    "global_loss": Published("log", "hinge"),
    "global_weight": Published(1.0, 1.0),
    "style_loss": Published("clip", "clip"),
    "style_weight": Published(10.0, 10.0),
    "style_crops": Published("objects", "release"),
    "style_resize": Published(release="release"),
    "style_block": Published("the eighth layer", 8),
    "label_mix_weight": Published(10.0, 10.0),
    "label_mix_mask": Published("constant on each class", "release"),
    "diversity": Published(0.0, 0.0),
    "lr_generator": Published(1e-4),
    "lr_discriminator": Published(4e-4, 4e-4),
    "beta1": Published(0.0, 0.0),
    "beta2": Published(0.999, 0.999),
    "ema_decay": Published(release=0.9999),
    "init_gain": _oasis(0.02),
    "flip": _oasis(True),
}

_DATA: Mapping[str, Mapping[str, Published]] = {
    "cityscapes": {
        "num_classes": Published(35, 35),
        "unknown": Published(release=0),
        "height": Published(256, 256),
        "width": Published(512, 512),
        "label_mix_weight": Published(10.0, 5.0),
        "lr_generator": Published(1e-4, 4e-4),
        "ema_decay": Published(release=0.999),
        "batch_size": Published(release=4),
        "epochs": Published(200, 500, of="OASIS"),
    },
    "ade20k": {
        "num_classes": Published(151, 151),
        "unknown": Published(release=0),
        "height": Published(256, 256),
        "width": Published(256, 256),
        "lr_generator": Published(1e-4, 2e-4),
        "batch_size": Published(release=24),
        "epochs": Published(200, 500, of="OASIS"),
    },
    "coco-stuff": {
        "num_classes": Published(183, 183),
        "unknown": Published(release=0),
        "height": Published(256, 256),
        "width": Published(256, 256),
        "lr_generator": Published(1e-4, 1e-4, release_from="none passed: its config.py's default"),
        "batch_size": Published(release=28),
        "epochs": Published(100, 500, of="OASIS"),
    },
}


def published(preset: str) -> Mapping[str, Published]:
    """The published values of each field of `SynthesisConfig`, for the data set of the preset.

    Sources: iPOSE secs. 3.2, 3.3, 4.1; the released networks and scripts. A preset without a published data set (`toy`)
    gets the values that are the same for all data sets, and "by data set" for the others.
    """
    data = preset.removesuffix("-release")
    sets = [data] if data in _DATA else list(_DATA)
    return {
        name: _common([{**_EVERYWHERE, **_DATA[each]}[name] for each in sets])
        for name in SynthesisConfig.__dataclass_fields__
    }


def _common(entries: Sequence[Published]) -> Published:
    """The value that all entries share, or "by data set"."""
    first = entries[0]
    if all(entry == first for entry in entries):
        return first
    paper, release = (
        values[0] if all(value == values[0] for value in values) else "by data set"
        for values in ([each.paper for each in entries], [each.release for each in entries])
    )
    return Published(paper, release, first.of)
