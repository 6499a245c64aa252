"""GroupDNet's settings in the paper and in the authors' release. `ipose info --preset` prints them."""

from collections.abc import Mapping
from typing import Any

from ipose.configs import Published
from ipose.groupdnet.presets import GroupDNetConfig, preset

_EVERYWHERE: Mapping[str, Published] = {
    "class_images": Published("mask", "crop"),
    "encoder_grouped": Published(True, True),
    "code": Published("map", "map"),
    "code_channels": Published(8, 8),
    "first_grouped": Published(release=True),
    "fusing_layers": Published(release=0),
    "modulation": Published("block"),
    "modulation_form": Published("paper", "release"),
    "activation": Published("relu", "leaky_relu"),
    "norm": Published("batch", "batch"),
    "sync_batch_norm": Published(True, True),
    "spectral_norm": Published("all", "release"),
    "discriminator_width": Published(64, 64),
    "discriminator_layers": Published(4, 4),
    "discriminator_scales": Published(2, 2),
    "feature_weight": Published(10.0, 10.0),
    "perceptual": Published("vgg", "vgg"),
    "perceptual_weight": Published(10.0, 10.0),
    "l1_weight": Published(0.0, 0.0),
    "kl_weight": Published(0.05, 0.05),
    "kl": Published(release="sum"),
    "kl_devices": Published(4, 4),
    "lr_generator": Published(1e-4, 1e-4),
    "lr_discriminator": Published(4e-4, 4e-4),
    "beta1": Published(0.0, 0.0),
    "beta2": Published(0.9, 0.9),
    "ema_decay": Published(release=0.0),
    "init": Published("glorot", "effective"),
    "init_gain": Published(release=0.02),
    "flip": Published(release=True),
}

_AS_PRINTED = ("height", "width", "decoder_groups", "epochs", "decay_epochs")
"""Fields of a data set's preset for which paper and release agree."""

_ENCODER_WIDTH = {"deepfashion": 64, "cityscapes": 8, "ade20k": 3}
"""The paper's. The release's, 32, 10 and 4, give the paper's number of parameters."""

_DATA: Mapping[str, Mapping[str, Published]] = {
    "deepfashion": {
        "batch_size": Published(32, 8),
        "modulation": Published("block", "block"),
        "edges": Published(False, False),
    },
    "cityscapes": {
        "batch_size": Published(32, 4),
        "modulation": Published("block", "class"),
        "edges": Published(False, True),
    },
    "ade20k": {
        "batch_size": Published(16, 4),
        "modulation": Published("block", "class_to_block"),
        "edges": Published(False, False),
        "num_classes": Published(150, 151),
        "load_size": Published(286, 286, of="SPADE"),
        "decoder_groups": Published((*preset("ade20k").decoder_groups, 1), preset("ade20k").decoder_groups),
    },
}


def published(name: str) -> Mapping[str, Published]:
    """The published values of each field of `GroupDNetConfig`, for the data set of the preset.

    Sources: GroupDNet secs. 3, 4.1, app. A; the released networks and scripts. Nothing is known of the settings of
    baselines, and nobody published our own presets: both get no value.
    """
    silent = {field: Published() for field in GroupDNetConfig.__dataclass_fields__}
    if name not in _DATA:
        return silent
    config: Any = preset(name)
    agreed = {field: Published(getattr(config, field), getattr(config, field)) for field in _AS_PRINTED}
    released = {field: Published(release=getattr(config, field)) for field in ("num_classes", "decoder_channels")}
    width = f"C = {_ENCODER_WIDTH[name]}, the first layer's width for one class (table 4)"
    released["encoder_channels"] = Published(width, config.encoder_channels)
    return {**silent, **_EVERYWHERE, **released, **agreed, **_DATA[name]}
