"""A GANSeg that is whole in kind and small in every width, to test with."""

from ipose.ganseg.presets import GANSegConfig

TINY_GANSEG = GANSegConfig(
    parts=3,
    noise_channels=6,
    embedding=4,
    sizes=(8, 8, 16, 32),
    channels=(8, 6, 6, 4),
    final_channels=4,
    mask_channels=4,
    hidden=8,
    margin=2,
    discriminator_channels=(4, 6, 8),
    discriminator_hidden=8,
    batch_size=4,
    updates=4,
)
"""Images of 32x32, three parts."""
