"""GANSeg's settings in the paper and in the authors' release. `ipose info --preset` prints them."""

from collections.abc import Mapping

from ipose.configs import Published
from ipose.ganseg.presets import GANSegConfig

_EVERYWHERE: Mapping[str, Published] = {
    "parts": Published(8, 8),
    "points_per_part": Published(4, 4),
    "noise_channels": Published(release=256),
    "embedding": Published(release=64),
    "sizes": Published((32, 32, 64, 128), (32, 32, 64, 128)),
    "channels": Published(release=(512, 256, 128, 64)),
    "final_channels": Published(release=64),
    "mask_channels": Published(release=64),
    "hidden": Published(release=128),
    "head": Published("two", "two"),
    "heatmap": Published("gauss-paper", "cone"),
    "grid": Published(release="release"),
    "margin": Published(10, 10),
    "point_divisor": Published(release=20.0),
    "point_layers": Published(3, 5),
    "embedding_layers": Published(3, 4),
    "fixed_scale": Published(),
    "use_points": Published(True, True),
    "separate_background": Published(True, True),
    "share_repeated": Published(release=False),
    "fixed_background_row": Published(False, True),
    "discriminator_channels": Published(release=(64, 128, 256, 512, 512, 512)),
    "discriminator_hidden": Published(release=512),
    "silhouettes": Published(False, False),
    "training": Published("gan", "gan"),
    "reconstruction_weight": Published(),
    "concentration_per_part": Published(1.25, 1.25),
    "concentration_weight": Published(),
    "area_weight": Published(1.0, 1.0),
    "concentration": Published("sum", "mean"),
    "area_target": Published("heatmap", "disk"),
    "part_loss_interval": Published(1, 2),
    "penalty": Published("r1", "release"),
    "penalty_weight": Published(10.0, 10.0),
    "penalty_interval": Published(release=16),
    "penalty_scaled": Published(release=False),
    "sync_batch_norm": Published(release=False),
    "lr_generator": Published(1e-4, 1e-4),
    "lr_discriminator": Published(4e-4, 4e-4),
    "beta1": Published(0.5, 0.5),
    "beta2": Published(0.9, 0.9),
    "batch_size": Published(release=64),
    "updates": Published(30_000, "30 epochs of at most 1002 batches"),
    "flip": Published(release=True),
    "random_crop": Published(release=False),
}

_SIX_BLOCKS: Mapping[str, Published] = {
    "sizes": Published((32, 32, 64, 128), (32, 32, 64, 64, 128, 128)),
    "channels": Published(release=(512, 256, 256, 128, 128, 64)),
    "random_crop": Published(release=True),
}

_DATA: Mapping[str, Mapping[str, Published]] = {
    "celeba-wild": {},
    "taichi": {
        "parts": Published(10, 10),
        "concentration_per_part": Published(3.0, 3.0),
        "fixed_background_row": Published(True, True),
    },
    "cub": _SIX_BLOCKS,
    "flowers": {**_SIX_BLOCKS, "head": Published("two", "one"), "concentration_per_part": Published(3.75, 3.75)},
}


def published(preset: str) -> Mapping[str, Published]:
    """The published values of each field of `GANSegConfig`, for the data set of the preset.

    Sources: GANSeg sec. 3, apps. B, F; the release's four runs. A preset without a published data set (`folder`,
    `small`, `tiny`) gets the values of CelebA in the wild.
    """
    known = {**_EVERYWHERE, **_DATA.get(preset, {})}
    return {name: known[name] for name in GANSegConfig.__dataclass_fields__}
