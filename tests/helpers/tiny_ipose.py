"""A generator that is whole in kind and small in every width, for the scenes of `ipose.testing.tiny_scenes`."""

from ipose.synthesis.presets import preset
from ipose.testing.tiny_scenes import SPEC

SYNTHESIS = preset(
    "toy",
    num_classes=SPEC.num_classes,
    unknown=SPEC.unknown,
    height=32,
    width=48,
    channels=2,
    channel_multipliers=(2, 2, 2, 2, 2),
    spade_hidden=3,
    part_hidden=2,
    part_noise_channels=2,
    part_feature_channels=2,
    z_channels=3,
)
