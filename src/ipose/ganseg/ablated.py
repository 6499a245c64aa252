"""GANSeg's generator without one of its ideas: without points, or without a background of its own (GANSeg fig. 9).

The paper shows what each idea gives by leaving it out. It prints no layers of these networks, so they are ours: what is
left out is replaced by what the network has for the background, and all else stays.
"""

import itertools
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.ganseg.blocks import AdaINBlock, PositionalStart
from ipose.ganseg.generator import GANSegGenerator, GANSegOutput
from ipose.ganseg.heatmaps import pixel_grid
from ipose.ganseg.points import linear_layers
from ipose.ganseg.presets import GANSegConfig
from ipose.losses.part_regions import EPSILON


def build_generator(config: GANSegConfig) -> GANSegGenerator:
    """The generator of a config, whole or without one of its ideas."""
    if not config.use_points:
        return WithoutPoints(config)
    return GANSegGenerator(config) if config.separate_background else WithoutBackground(config)


class MaskLooks(NamedTuple):
    """Level 1 without points.

    Args:
        masks: (b, e), embedding of the masks.
        embeddings: (b, k, e), of the parts.
        background: (b, e), of the background.
    """

    masks: Float[Tensor, "b e"]
    embeddings: Float[Tensor, "b k e"]
    background: Float[Tensor, "b e"]


class _MaskLooksNetwork(nn.Module):
    """The three branches of level 1. The first one gives an embedding of the masks in place of points."""

    def __init__(self, config: GANSegConfig) -> None:
        super().__init__()
        width, shared = config.noise_channels, config.share_repeated
        self.to_masks = linear_layers(width, config.embedding, config.point_layers, shared)
        self.to_appearance = linear_layers(width, config.embedding, config.embedding_layers, shared)
        self.to_background = linear_layers(width, config.embedding, config.embedding_layers, shared)
        self.part_table = nn.Embedding(config.parts, config.embedding)

    def forward(self, mask_noise: Tensor, background_noise: Tensor, part_noise: Tensor) -> MaskLooks:
        embeddings = self.to_appearance(part_noise)[:, None] * self.part_table.weight
        return MaskLooks(self.to_masks(mask_noise), embeddings, self.to_background(background_noise))


class WithoutPoints(GANSegGenerator):
    """Masks come from noise, by AdaIN blocks as the background's. There are no points, no heatmaps, no area to reach.

    A part's centre is the mean position of its mask. `points` of the output are these centres.
    """

    def __init__(self, config: GANSegConfig) -> None:
        super().__init__(config)
        first, count = config.channels[0], len(config.sizes)
        widths = [first, *[config.mask_channels] * (count - 1), config.parts + 1]
        # another level 1 than the method's, with a `render` of its own for what it gives: both replace, neither extends
        self.level1 = _MaskLooksNetwork(config)  # type: ignore[assignment]
        self.mask_start = PositionalStart(1, first, pixel_grid(config.sizes[0], config.margin, config.grid))
        self.mask_blocks = nn.ModuleList(
            AdaINBlock(a, b, config.embedding, config.hidden) for a, b in itertools.pairwise(widths)
        )

    def render(  # type: ignore[override]  # takes what its own level 1 gives
        self, level1: MaskLooks, background_position: Float[Tensor, "b 2"]
    ) -> GANSegOutput:
        """Levels 2 and 3, from a `MaskLooks`."""
        x: Tensor = self.mask_start(torch.zeros_like(background_position)[:, None])
        mask = self._after(self.mask_blocks, x, level1.masks).float().softmax(dim=1)
        centres = mask_centres(mask[:, :-1], crop_grid(self))
        looks = level1.embeddings, level1.background
        image, foreground, background = self.level3(*looks, centres, mask, background_position)
        return GANSegOutput(image, mask, foreground, background, mask[:, :-1], centres, centres)


class WithoutBackground(GANSegGenerator):
    """The background is one more part: its mask times its embedding enters the foreground's blocks, and nothing is
    blended."""

    def __init__(self, config: GANSegConfig) -> None:
        super().__init__(config)
        del self.background_start, self.background_blocks

    def level3(
        self,
        embeddings: Float[Tensor, "b k e"],
        background_embedding: Float[Tensor, "b e"],
        centres: Float[Tensor, "b k 2"],
        mask: Float[Tensor, "b k1 s s"],
        background_position: Float[Tensor, "b 2"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Image and foreground of all masks, and zeros for the background."""
        foreground = self._under(mask, torch.cat([embeddings, background_embedding[:, None]], dim=1), centres)
        return self.colours(foreground), foreground.float(), torch.zeros_like(foreground.float())


def mask_centres(masks: Float[Tensor, "b k h w"], grid: Float[Tensor, "h w 2"]) -> Float[Tensor, "b k 2"]:
    """The mean position of each mask."""
    total: Tensor = torch.einsum("bkhw,hwd->bkd", masks, grid)
    return total / (masks.sum((2, 3)) + EPSILON)[..., None]


def crop_grid(network: GANSegGenerator) -> Float[Tensor, "h w 2"]:
    """(row, column) of the image's pixels, without the margin."""
    config = network.config
    inside = slice(config.margin, config.margin + config.image_size)
    return network.get_buffer(f"grid_{config.image_size}")[inside, inside]
