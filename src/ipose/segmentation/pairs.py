"""Pairs of images and part maps, drawn from a trained generator, and the loss of a segmenter on them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from ipose.ganseg.generator import GANSegGenerator, GANSegNoise, GANSegOutput
from ipose.ganseg.noise import draw_noise
from ipose.ganseg.presets import GANSegConfig
from ipose.losses.dice import cross_entropy_and_dice
from ipose.objective import Phase
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig


@dataclass(frozen=True, eq=False)
class NoiseBatch:
    """The noise of a step. The generator makes pairs of it on the device."""

    noise: GANSegNoise
    names: tuple[str, ...]

    def to(self, device: torch.device | str) -> "NoiseBatch":
        """The batch on `device`."""
        return NoiseBatch(self.noise.to(device), self.names)

    def __len__(self) -> int:
        return len(self.names)


class NoiseSource:
    """Noise for the training loop. Every item of every epoch is different, so no pair comes twice.

    Args:
        config: of the generator.
        count: number of items in an epoch.
    """

    def __init__(self, config: GANSegConfig, count: int) -> None:
        self.config, self.count = config, count

    def __len__(self) -> int:
        return self.count

    def item(self, index: int, generator: torch.Generator) -> tuple[str, GANSegNoise]:
        """The number of an item, and the noise of one image."""
        return str(index), draw_noise(self.config, 1, generator)

    def collate(self, items: Sequence[tuple[str, GANSegNoise]], generator: torch.Generator) -> NoiseBatch:
        """Stack the items. Nothing is random here."""
        fields = zip(*(noise for _, noise in items), strict=True)
        return NoiseBatch(GANSegNoise(*(torch.cat(field) for field in fields)), tuple(name for name, _ in items))


@torch.no_grad()
def draw_pairs(
    generator: GANSegGenerator, noise: GANSegNoise
) -> tuple[Float[Tensor, "b 3 s s"], Int64[Tensor, "b s s"]]:
    """Images in [-1, 1] and part maps (0 = background, 1..K = parts) from the generator in eval mode."""
    output: GANSegOutput = generator(*noise)
    return output.image, output.part_map().long()


class PartSegmenterObjective:
    """The training objective of a part segmenter: half cross-entropy, half Dice, on new pairs (GANSeg app. B).

    The generator is a frozen helper. It is not a network of the objective, so it is not saved, averaged or trained.

    Args:
        segmenter: from images in [-1, 1] to logits (b, K+1, h, w).
        generator: trained; put in eval mode.
        config: of the optimizer.
    """

    def __init__(self, segmenter: nn.Module, generator: GANSegGenerator, config: PartSegmenterConfig) -> None:
        self.segmenter, self.generator = segmenter, generator.requires_grad_(False).eval()
        self.networks: Mapping[str, nn.Module] = {"segmenter": segmenter}
        adam = torch.optim.Adam(segmenter.parameters(), lr=config.learning_rate, betas=(0.9, 0.999))
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {"segmenter": adam}

    def to(self, device: torch.device | str) -> "PartSegmenterObjective":
        """Move everything, including the frozen generator."""
        self.segmenter.to(device)
        self.generator.to(device)
        return self

    def phases(self, batch: NoiseBatch, generator: torch.Generator) -> Iterator[Phase]:
        """The one step of a batch."""
        image, target = draw_pairs(self.generator, batch.noise)
        yield Phase("segmenter", ("segmenter",), "segmenter", lambda: self.losses(image, target))

    def losses(self, image: Float[Tensor, "b 3 s s"], target: Int64[Tensor, "b s s"]) -> dict[str, Tensor]:
        """Both terms for given pairs."""
        logits: Tensor = self.segmenter(image)
        return cross_entropy_and_dice(logits, target)
