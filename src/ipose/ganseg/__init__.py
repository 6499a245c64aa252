"""GANSeg (CVPR 2022): parts without labels, from photographs alone, by generating them in levels.

points         level 1: noise to points and embeddings   heatmaps       from points to places
grids          pixels as coordinates, and the margin     blocks         start tensors, SPADE and AdaIN blocks
generator      points -> masks -> image                  discriminator  a score an image
objective      the losses of one step                    start          how weights begin
noise          drawn for a batch, or by number           photographs    real images for the loop
collapse       whether the parts are alive               moves          a part, elsewhere
pretrained     a model folder                            segmenter      stage 2: parts of real photographs
presets        every number on one page
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.ganseg.discriminator import GANSegDiscriminator
    from ipose.ganseg.generator import GANSegGenerator, GANSegNoise, GANSegOutput
    from ipose.ganseg.points import PartPoints, PointNetwork
    from ipose.ganseg.presets import PRESETS, GANSegConfig, preset

__all__ = [
    "PRESETS",
    "GANSegConfig",
    "GANSegDiscriminator",
    "GANSegGenerator",
    "GANSegNoise",
    "GANSegOutput",
    "PartPoints",
    "PointNetwork",
    "preset",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "discriminator": ("GANSegDiscriminator",),
        "generator": ("GANSegGenerator", "GANSegNoise", "GANSegOutput"),
        "points": ("PartPoints", "PointNetwork"),
        "presets": ("PRESETS", "GANSegConfig", "preset"),
    },
)
