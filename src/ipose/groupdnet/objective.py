"""Training of GroupDNet: one step of encoder and decoder, then one step of the discriminator on a new fake (sec.
3.5)."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ConfigError, DataError
from ipose.groupdnet.codes import Codes
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator, ScaleOutput
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.label_tensor import instance_edges, one_hot
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.layers.semantic_maps import check_ids
from ipose.losses.adversarial import hinge_d_fake, hinge_d_real, hinge_g
from ipose.losses.feature_matching import feature_matching_loss
from ipose.losses.kl import kl_divergence
from ipose.objective import Phase
from ipose.types import SceneBatch


class GroupDNetObjective:
    """The training objective: hinge + 10 feature matching + 10 VGG + 0.05 KL for G; hinge for D (GroupDNet eq. 6).

    The terms are weighted. A term of weight 0 is left out. Encoder and decoder share one optimizer. The names of the
    networks are "encoder", "generator" (the decoder) and "discriminator".

    Args:
        encoder: called like `Encoder`.
        decoder: called like `Decoder`.
        discriminator: called like `MultiScaleDiscriminator`.
        config: of losses and optimizers.
        perceptual: called as perceptual(fake, real). Needed if config.perceptual is "vgg".
    Raises:
        ConfigError: the config has a perceptual loss, and `perceptual` is None.
    """

    averaged = ("encoder", "generator")

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        discriminator: nn.Module,
        config: GroupDNetConfig,
        *,
        perceptual: nn.Module | None = None,
    ) -> None:
        wanted = config.perceptual == "vgg" and config.perceptual_weight > 0
        if wanted and perceptual is None:
            message = "the perceptual loss is asked for, but there is no network for it"
            mend = "Pass perceptual=load_vgg_loss(..., imagenet=False), or set perceptual to none."
            raise ConfigError(message, field="perceptual", found=config.perceptual, mend=mend)
        self.encoder, self.decoder, self.discriminator, self.config = encoder, decoder, discriminator, config
        self.perceptual = perceptual if wanted else None
        self.sync_batch_norm = config.sync_batch_norm
        self.networks: Mapping[str, nn.Module] = {
            "encoder": encoder,
            "generator": decoder,
            "discriminator": discriminator,
        }
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            "generator": _adam([encoder, decoder], config.lr_generator, config),
            "discriminator": _adam([discriminator], config.lr_discriminator, config),
        }

    @classmethod
    def from_config(cls, config: GroupDNetConfig, *, perceptual: nn.Module | None = None) -> "GroupDNetObjective":
        """The objective with new networks of the config, initialised from torch's global random numbers."""
        return cls(Encoder(config), Decoder(config), MultiScaleDiscriminator(config), config, perceptual=perceptual)

    def to(self, device: torch.device | str) -> "GroupDNetObjective":
        """Move everything, including the frozen helper."""
        for module in (*self.networks.values(), self.perceptual):
            if module is not None:
                module.to(device)
        return self

    def phases(self, batch: SceneBatch, generator: torch.Generator) -> Iterator[Phase]:
        """One step of encoder and decoder, then one step of D. The fakes for D are made after the first step.

        Raises:
            DataError: the batch has no photographs.
            ConfigError: a class id that the model does not know.
        """
        if batch.image is None:
            raise DataError("training needs photographs", found="scenes without images", file=", ".join(batch.names))
        check_ids(batch.label, self.config.num_classes)  # compiled networks check none
        real = batch.image
        yield Phase(
            "generator", ("encoder", "generator"), "generator", lambda: self.generator_losses(batch, real, generator)
        )
        yield Phase(
            "discriminator",
            ("discriminator",),
            "discriminator",
            lambda: self.discriminator_losses(batch, real, generator),
        )

    def generator_losses(
        self, batch: SceneBatch, real: Float[Tensor, "b 3 h w"], noise: torch.Generator
    ) -> dict[str, Tensor]:
        """The weighted losses of encoder and decoder."""
        config, (fake, codes) = self.config, self._fake(batch, real, noise)
        on_fake, on_real = self._judge(batch, fake, real)
        losses = {"gan": _mean(hinge_g, on_fake)}
        if config.feature_weight > 0:
            features = ([output.features for output in outputs] for outputs in (on_fake, on_real))
            losses["features"] = config.feature_weight * feature_matching_loss(*features)
        if self.perceptual is not None:
            losses["perceptual"] = config.perceptual_weight * self.perceptual(fake, real)
        if config.l1_weight > 0:
            losses["l1"] = config.l1_weight * F.l1_loss(fake, real)
        if config.kl_weight > 0:
            losses["kl"] = config.kl_weight * config.kl_images * kl_divergence(codes.mean, codes.log_variance, "mean")
        return losses

    def discriminator_losses(
        self, batch: SceneBatch, real: Float[Tensor, "b 3 h w"], noise: torch.Generator
    ) -> dict[str, Tensor]:
        """The losses of D. The fake is made again, without gradients."""
        with torch.no_grad():
            fake, _ = self._fake(batch, real, noise)
        on_fake, on_real = self._judge(batch, fake, real)
        return {"fake": _mean(hinge_d_fake, on_fake), "real": _mean(hinge_d_real, on_real)}

    def _fake(self, batch: SceneBatch, real: Tensor, noise: torch.Generator) -> tuple[Tensor, Codes]:
        """Images from the codes of the photographs, always in float32; and the codes."""
        codes: Codes = self.encoder(real, batch.label)
        epsilon = torch.randn(codes.mean.shape, generator=noise).to(codes.mean)
        fake: Tensor = self.decoder(batch.label, codes.sample(epsilon), batch.instance)
        return fake.float(), codes

    def _judge(self, batch: SceneBatch, fake: Tensor, real: Tensor) -> tuple[list[ScaleOutput], list[ScaleOutput]]:
        """The answers of D for fakes and photographs, in this order, from one pass."""
        maps = [one_hot(batch.label, self.config.num_classes)]
        if self.config.edges:
            maps.append(instance_edges(batch.instance))
        beside = torch.cat(maps, dim=1)
        outputs: Sequence[ScaleOutput] = self.discriminator(
            torch.cat([torch.cat([beside, fake], dim=1), torch.cat([beside, real], dim=1)])
        )
        halves = [
            [
                ScaleOutput(tuple(tensor.chunk(2)[half] for tensor in output.features), output.score.chunk(2)[half])
                for output in outputs
            ]
            for half in (0, 1)
        ]
        return halves[0], halves[1]


def _mean(loss: Callable[[Tensor], Tensor], outputs: Sequence[ScaleOutput]) -> Tensor:
    """The mean of a loss over the discriminators."""
    return torch.stack([loss(output.score) for output in outputs]).mean()


def _adam(networks: Sequence[nn.Module], rate: float, config: GroupDNetConfig) -> torch.optim.Adam:
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, lr=rate, betas=(float(config.beta1), float(config.beta2)))
