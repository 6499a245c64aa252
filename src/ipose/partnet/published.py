"""PartNet's settings in the paper and in the authors' release, side by side: what `ipose info --preset` prints."""

from collections.abc import Mapping

from ipose.configs import Published

PUBLISHED: Mapping[str, Published] = {
    "encoder_channels": Published(release=(32, 64, 64, 96)),
    "attention_blocks": Published(3, 3),
    "multi_scale": Published(True, True),
    "normalization": Published("batch", "instance"),
    "k": Published(3, 3),
    "mixed_k": Published(False, False),
    "zero_empty_masks": Published(release=False),
    "cross_entropy": Published(False, True),
    "reconstruction": Published(True, True),
    "random_supports": Published(release=3 / 8),
    "augment": Published(release=True),
    "learning_rate": Published(1e-4, 1e-4),
    "beta1": Published(0.0, 0.0),
    "beta2": Published(0.999, 0.999),
    "batch_size": Published(release=6),
    "epochs": Published(30),
    "ema_decay": Published(0.0, 0.0),
    "decay_learning_rate": Published(False, False),
}
"""By field of `PartNetConfig`. Sources: iPOSE sec. 3.1, suppl. B; the released networks and scripts."""
