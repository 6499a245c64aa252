"""GANSeg's generator trained as an auto-encoder, without D (GANSeg app. F.1): an encoder takes the place of the noise.

The paper says that an adversarial training finds better parts. It prints no layers of the encoder, so it is ours: D's
blocks, then the codes.
"""

from collections.abc import Iterator, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.data.batch_sources import PhotoBatch
from ipose.ganseg.ablated import build_generator
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.discriminator import HalvingBlock
from ipose.ganseg.generator import GANSegNoise, GANSegOutput
from ipose.ganseg.objective import adam, steps_of
from ipose.ganseg.part_losses import PartLosses
from ipose.ganseg.presets import GANSegConfig
from ipose.objective import Phase


class PhotoEncoder(nn.Module):
    """From photographs to the generator's noises.

    The codes are normalised over the batch, so that normal noise can take their place in `ipose generate` and in the
    pairs of the part segmenter.

    Args:
        config: gives D's widths and the noise's.
    """

    def __init__(self, config: GANSegConfig) -> None:
        super().__init__()
        self.noise_channels = config.noise_channels
        channels = config.discriminator_channels
        self.blocks = nn.Sequential(
            *(HalvingBlock(a, b) for a, b in zip((3, *channels), channels, strict=False)), nn.Flatten()
        )
        left = config.image_size // 2 ** len(channels)
        self.codes = nn.Linear(channels[-1] * left * left, 3 * config.noise_channels)
        self.position = nn.Linear(channels[-1] * left * left, 2)
        self.norm = nn.BatchNorm1d(3 * config.noise_channels, affine=False)

    def forward(self, image: Float[Tensor, "b 3 s s"]) -> GANSegNoise:
        """The noises of images in [-1, 1]; positions by tanh."""
        features = self.blocks(image)
        points, background, parts = self.norm(self.codes(features)).split(self.noise_channels, dim=1)
        return GANSegNoise(points, background, parts, torch.tanh(self.position(features)))


class AutoencoderObjective:
    """The objective of encoder and generator: the mean absolute error of the image, and the part losses as in `gan`.

    Args:
        encoder: of the config.
        generator: of the config.
        config: of losses and optimizer.
    """

    averaged = ()

    def __init__(self, encoder: nn.Module, generator: nn.Module, config: GANSegConfig) -> None:
        self.encoder, self.generator, self.config = encoder, generator, config
        self.sync_batch_norm = config.sync_batch_norm
        self.parts = PartLosses(config)
        self.networks: Mapping[str, nn.Module] = {"encoder": encoder, "generator": generator}
        both = nn.ModuleList([encoder, generator])
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {"both": adam(both, config.lr_generator, config)}

    @classmethod
    def from_config(cls, config: GANSegConfig) -> "AutoencoderObjective":
        """The objective with new networks of the config, initialised from torch's global random numbers."""
        encoder, generator = PhotoEncoder(config), build_generator(config)
        start_weights(encoder)
        start_weights(generator)
        return cls(encoder, generator, config)

    def to(self, device: torch.device | str) -> "AutoencoderObjective":
        """Move everything."""
        self.encoder.to(device)
        self.generator.to(device)
        self.parts.to(device)
        return self

    def phases(self, batch: PhotoBatch, generator: torch.Generator) -> Iterator[Phase]:
        """The one step of a batch."""
        yield Phase("auto-encoder", ("encoder", "generator"), "both", lambda: self.losses(batch.image))

    def losses(self, real: Float[Tensor, "b 3 s s"]) -> dict[str, Tensor]:
        """The reconstruction's error, and the part losses at their interval."""
        output: GANSegOutput = self.generator(*self.encoder(real))
        losses = {"reconstruction": self.config.reconstruction_weight * (output.image - real).abs().mean()}
        due = steps_of(self.optimizers["both"]) % self.config.part_loss_interval == 0
        return {**losses, **self.parts(output)} if due else losses
