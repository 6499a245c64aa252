"""Synthesis (iPOSE secs. 3.2, 3.3): an image from a label map, parts and noise, and how that is learned.

generator      label map, parts and noise in, image out        discriminator  the class of every pixel, or "fake"
part_branch    parts and structure noise on their way in       objective      the losses of one step
presets        every number on one page                        style_crops    what the style loss looks at
scene_noise    the noise of a scene, from its name             scene_source   batches of scenes
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.synthesis.discriminator import Discriminator, DiscriminatorOutput
    from ipose.synthesis.generator import Generator
    from ipose.synthesis.objective import SynthesisObjective
    from ipose.synthesis.presets import PRESETS, SynthesisConfig, preset
    from ipose.synthesis.scene_noise import SceneNoise
    from ipose.synthesis.scene_source import SceneSource
    from ipose.synthesis.style_crops import StyleCrops

__all__ = [
    "PRESETS",
    "Discriminator",
    "DiscriminatorOutput",
    "Generator",
    "SceneNoise",
    "SceneSource",
    "StyleCrops",
    "SynthesisConfig",
    "SynthesisObjective",
    "preset",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "discriminator": ("Discriminator", "DiscriminatorOutput"),
        "generator": ("Generator",),
        "objective": ("SynthesisObjective",),
        "presets": ("PRESETS", "SynthesisConfig", "preset"),
        "scene_noise": ("SceneNoise",),
        "scene_source": ("SceneSource",),
        "style_crops": ("StyleCrops",),
    },
)
