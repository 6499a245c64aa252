"""The generator of GANSeg: points -> part masks -> foreground and background -> image (GANSeg sec. 3, fig. 2).

`ipose.reference.ganseg_generator` is the literal version.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError
from ipose.ganseg.blocks import SLOPE, AdaINBlock, PositionalStart, SPADEBlock
from ipose.ganseg.heatmaps import crop, doubled, part_centres, part_heatmaps, part_scales, pixel_grid
from ipose.ganseg.points import PartPoints, PointNetwork
from ipose.ganseg.presets import GANSegConfig


class GANSegNoise(NamedTuple):
    """The noise of images.

    Args:
        points: (b, z), for the places of the parts.
        background: (b, z), for the look of the background.
        parts: (b, z), for the look of the parts.
        background_position: (b, 2), (row, column) in [-1, 1]. The row has no effect if the config fixes it.
    """

    points: Float[Tensor, "b z"]
    background: Float[Tensor, "b z"]
    parts: Float[Tensor, "b z"]
    background_position: Float[Tensor, "b 2"]

    def to(self, device: torch.device | str) -> "GANSegNoise":
        """The noise on `device`."""
        return GANSegNoise(*(tensor.to(device) for tensor in self))


class GANSegOutput(NamedTuple):
    """The generator's output for k parts and images of s x s pixels.

    Args:
        image: (b, 3, s, s) in [-1, 1].
        mask: (b, k+1, s, s), sums to 1 over its channels: first the parts, and LAST the background.
        foreground: (b, f, s, s) features.
        background: (b, f, s, s) features.
        heatmaps: (b, k, s, s) in [0, 1], of the parts at the image's resolution.
        points: (b, n, 2) in (-1, 1), (row, column), part by part.
        centres: (b, k, 2), the mean of each part's points.
    """

    image: Float[Tensor, "b 3 s s"]
    mask: Float[Tensor, "b k1 s s"]
    foreground: Float[Tensor, "b f s s"]
    background: Float[Tensor, "b f s s"]
    heatmaps: Float[Tensor, "b k s s"]
    points: Float[Tensor, "b n 2"]
    centres: Float[Tensor, "b k 2"]

    def part_map(self) -> Tensor:
        """The most likely part of each pixel, uint8 (b, s, s): 0 = background, 1..k = parts."""
        return ((self.mask.argmax(1) + 1) % self.mask.shape[1]).to(torch.uint8)


class GANSegGenerator(nn.Module):
    """From noise to image and part masks.

    Every path also computes `margin` pixels around the image and cuts them off at the end. So the zero padding of the
    convolutions has no effect in the image, and does not tell the network where a pixel is.
    """

    def __init__(self, config: GANSegConfig) -> None:
        super().__init__()
        self.config = config
        self.release_grid: Tensor | None = None  # what a release checkpoint held, to the last bit; no weight
        sizes, margin, kind = config.sizes, config.margin, config.grid
        start = pixel_grid(sizes[0], margin, kind)
        e, hidden, widths = config.embedding, config.hidden, (*config.channels, config.final_channels)
        self.level1 = PointNetwork(config)
        self.mask_start = PositionalStart(config.points, config.channels[0], start)
        self.foreground_start = PositionalStart(config.parts, config.channels[0], start)
        self.background_start = PositionalStart(1, config.channels[0], start)
        self.mask_blocks = _mask_blocks(config)
        pairs = list(itertools.pairwise(widths))
        self.foreground_blocks = nn.ModuleList(SPADEBlock(a, b, e, hidden) for a, b in pairs)
        self.background_blocks = nn.ModuleList(AdaINBlock(a, b, e, hidden) for a, b in pairs)
        self.head = _head(config)
        for size in sorted(set(sizes)):
            self.register_buffer(f"grid_{size}", pixel_grid(size, margin, kind), persistent=False)

    def forward(
        self,
        points: Float[Tensor, "b z"],
        background: Float[Tensor, "b z"],
        parts: Float[Tensor, "b z"],
        background_position: Float[Tensor, "b 2"],
    ) -> GANSegOutput:
        """Images from noise. The arguments are the four fields of a `GANSegNoise`.

        Raises:
            ShapeMismatchError: noise of another width.
        """
        width = self.config.noise_channels
        for name, noise in (("points", points), ("background", background), ("parts", parts)):
            if noise.shape[1] != width:
                raise ShapeMismatchError(
                    "noise of another width", field=name, found=noise.shape[1], expected=f"{width} channels"
                )
        return self.render(self.level1(points, background, parts), background_position)

    def render(self, level1: PartPoints, background_position: Float[Tensor, "b 2"]) -> GANSegOutput:
        """Levels 2 and 3: images from points, which may have been moved after level 1."""
        config, points = self.config, level1.points
        centres, scales = part_centres(points, config.parts), part_scales(points, config.parts, config.heatmap)
        if config.fixed_scale is not None:
            scales = torch.full_like(scales, config.fixed_scale)
        mask = self.masks(level1, centres, scales)
        heatmaps = crop(self._heatmaps(centres, scales, config.image_size), config.margin)
        looks = level1.embeddings, level1.background
        image, foreground, background = self.level3(*looks, centres, mask, background_position)
        return GANSegOutput(image, mask, foreground, background, heatmaps, points, centres)

    def level3(
        self,
        embeddings: Float[Tensor, "b k e"],
        background_embedding: Float[Tensor, "b e"],
        centres: Float[Tensor, "b k 2"],
        mask: Float[Tensor, "b k1 s s"],
        background_position: Float[Tensor, "b 2"],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Image, foreground and background of masks. The background's mask blends the two."""
        foreground = self.foreground(embeddings, centres, mask)
        background = self.background(background_embedding, background_position)
        behind = mask[:, -1:]
        image = self.colours((1 - behind) * foreground + behind * background)
        return image, _wide(foreground), _wide(background)

    def masks(
        self, level1: PartPoints, centres: Float[Tensor, "b k 2"], scales: Float[Tensor, "b k"]
    ) -> Float[Tensor, "b k1 s s"]:
        """Level 2: the part masks, with the background last. Each block reads heatmaps times embeddings."""
        maps = {size: self._heatmaps(centres, scales, size) for size in set(self.config.sizes)}
        x = self._after(self.mask_blocks, self.mask_start(level1.points), level1.embeddings, maps)
        return _wide(x).softmax(dim=1)

    def foreground(
        self, embeddings: Float[Tensor, "b k e"], centres: Float[Tensor, "b k 2"], mask: Float[Tensor, "b k1 s s"]
    ) -> Float[Tensor, "b f s s"]:
        """Level 3: the foreground. Each block reads the part masks at its own size, times the embeddings."""
        return self._under(mask[:, :-1], embeddings, centres)

    def _under(self, masks: Tensor, embeddings: Float[Tensor, "b k e"], centres: Tensor) -> Float[Tensor, "b f s s"]:
        """SPADE blocks that read these masks at their own size, times the embeddings."""
        margin, maps = self.config.margin, {}
        for size in set(self.config.sizes):
            resized = F.interpolate(masks, size=(size, size), mode="bilinear", align_corners=False)
            maps[size] = _with_repeated_border(resized, margin)
        return self._after(self.foreground_blocks, self.foreground_start(centres), embeddings, maps)

    def background(self, embedding: Float[Tensor, "b e"], position: Float[Tensor, "b 2"]) -> Float[Tensor, "b f s s"]:
        """Level 3: the background, by AdaIN blocks with its embedding. One point is the origin of the start tensor's
        sines."""
        if self.config.fixed_background_row:
            position = position * position.new_tensor([0.0, 1.0])
        return self._after(self.background_blocks, self.background_start(position[:, None]), embedding)

    def colours(self, features: Float[Tensor, "b f s s"]) -> Float[Tensor, "b 3 s s"]:
        """Features as an image in [-1, 1]: of the blend, or of foreground or background only."""
        return _wide(torch.tanh(self.head(features)))

    def _heatmaps(self, centres: Tensor, scales: Tensor, size: int) -> Tensor:
        return part_heatmaps(centres, scales, self.get_buffer(f"grid_{size}"), self.config.heatmap)

    def _after(
        self, blocks: nn.ModuleList, x: Tensor, embeddings: Tensor, maps: Mapping[int, Tensor] | None = None
    ) -> Tensor:
        """x after blocks of one kind, without the margin. SPADE blocks also read the maps of their size."""
        sizes, margin = self.config.sizes, self.config.margin
        around = margins(sizes, margin, whole=any(module.training for module in blocks.modules()))
        x = crop(x, margin - around[0][0])
        for i, (block, (before, after)) in enumerate(zip(blocks, around, strict=True)):
            if maps is None:
                x = block(x, embeddings, before - after)
            else:
                x = block(x, maps[sizes[i]], embeddings, margin - after)
            if i + 1 < len(sizes) and sizes[i + 1] != sizes[i]:
                x = doubled(x, after, around[i + 1][0])
        return x


def _wide(x: Tensor) -> Tensor:
    """float32 in place of bfloat16 or float16."""
    return x.float() if x.dtype in (torch.bfloat16, torch.float16) else x


def margins(sizes: Sequence[int], margin: int, whole: bool) -> list[tuple[int, int]]:
    """Width of the margin before and after each block: the pixels around the image that what comes later reads.

    A block's two convolutions read two pixels around their result. Doubling the size to a margin of m reads m/2 + 1.

    Args:
        sizes: of the blocks, in pixels.
        margin: the largest.
        whole: all of it before each block, because batch statistics are of all pixels.
    Example:
        >>> margins((32, 32, 64, 128), 10, whole=False)
        [(7, 5), (5, 3), (4, 2), (2, 0)]
    """
    found: list[tuple[int, int]] = []
    before, later = 0, sizes[-1]
    for size in reversed(sizes):
        after = before if size == later else min(before // 2 + 1, margin)
        before, later = margin if whole else min(after + 2, margin), size
        found.insert(0, (before, after))
    return found


def _mask_blocks(config: GANSegConfig) -> nn.ModuleList:
    count = len(config.sizes)
    widths = [config.channels[0], *[config.mask_channels] * (count - 1), config.parts + 1]
    pairs = list(itertools.pairwise(widths))
    blocks = [SPADEBlock(a, b, config.embedding, config.hidden) for a, b in pairs]
    if config.share_repeated and count > 3:
        blocks[1:-1] = [blocks[1]] * (count - 2)
    return nn.ModuleList(blocks)


def _head(config: GANSegConfig) -> nn.Sequential:
    width = config.final_channels
    if config.head == "one":
        return nn.Sequential(nn.LeakyReLU(SLOPE), nn.Conv2d(width, 3, 1))
    convolutions = nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, 3, 3, padding=1)
    return nn.Sequential(nn.LeakyReLU(SLOPE), convolutions[0], nn.LeakyReLU(SLOPE), convolutions[1])


def _with_repeated_border(x: Float[Tensor, "b c h w"], margin: int) -> Float[Tensor, "b c h2 w2"]:
    if not torch.compiler.is_compiling():
        return F.pad(x, (margin,) * 4, mode="replicate")
    # compiled on a CPU, torch 2.14 expects other strides of that padding's gradient than it gives
    lines = [torch.arange(-margin, side + margin, device=x.device).clamp(0, side - 1) for side in x.shape[-2:]]
    return x.index_select(2, lines[0]).index_select(3, lines[1])
