"""Training of the synthesis model: one step of G, then one step of D on a new fake (iPOSE sec. 3.3)."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.data.object_index import by_instance_alone
from ipose.errors import ConfigError, DataError
from ipose.layers.semantic_maps import check_ids
from ipose.losses.adversarial import AdversarialLoss, adversarial_loss
from ipose.losses.diversity import diversity_loss
from ipose.losses.label_mix import label_mix_loss, label_mix_mask, mix
from ipose.losses.n_plus_one import NPlusOneLoss
from ipose.objective import Phase
from ipose.synthesis.discriminator import Discriminator, DiscriminatorOutput
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.style_crops import style_crops
from ipose.types import SceneBatch

DIVERSITY_WEIGHT = 10.0


class GeneratorParts(Protocol):
    """The parts of scenes that the generator reads. `ipose.partnet.scene_parts.SceneParts` is one."""

    @property
    def features(self) -> Float[Tensor, "b qf h w"]:
        """Part features, zero where no part is known."""

    @property
    def logits(self) -> Float[Tensor, "b q h w"]:
        """Part logits, zero where no part is known."""

    @property
    def mask(self) -> Float[Tensor, "b 1 h w"]:
        """1 where a part is known."""


InferParts = Callable[[SceneBatch], GeneratorParts]
"""Gives the `GeneratorParts` of a batch, for example by a frozen PartNet. If it has `to(device)`, it moves with the
objective."""


class SynthesisObjective:
    """The training objective of G and D: L_G = (N+1) + global + 10 style; L_D = (N+1) real, fake + global + 10
    LabelMix.

    Source: iPOSE sec. 3.3. Weights, forms and rates come from the config. The terms are weighted. A term of weight 0 is
    left out. PartNet and the style encoder are frozen helpers. They are not networks of the objective, so they are not
    saved, averaged or trained.

    Args:
        generator: called like `Generator`.
        discriminator: called like `Discriminator`.
        config: of losses and optimizers.
        infer_parts: gives the parts of a batch; called once for each batch, without gradients. None = a model without
            parts.
        style: the style loss, called as style(fake, real). Needed unless config.style_loss is "none".
        also_compared: class ids whose objects the release's style crops show without a part category, too.
    Raises:
        ConfigError: the config has a style loss, and `style` is None.
    """

    averaged = ("generator",)

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        config: SynthesisConfig,
        *,
        infer_parts: InferParts | None = None,
        style: nn.Module | None = None,
        also_compared: Collection[int] = (),
    ) -> None:
        wants_style = config.style_loss != "none" and config.style_weight > 0
        if wants_style and style is None:
            message = "the style loss is asked for, but there is no style encoder"
            mend = "Pass style=load_clip_style(...) or load_vgg_loss(...), or set style_loss to none."
            raise ConfigError(message, field="style_loss", found=config.style_loss, mend=mend)
        self.generator, self.discriminator, self.config = generator, discriminator, config
        self.infer_parts, self.style = infer_parts, style if wants_style else None
        self.also_compared = also_compared
        self.n_plus_one = NPlusOneLoss(config.unknown)
        wants_global = config.global_loss != "none" and config.global_weight > 0
        self.adversarial: AdversarialLoss | None = adversarial_loss(config.global_loss) if wants_global else None
        self.networks: Mapping[str, nn.Module] = {"generator": generator, "discriminator": discriminator}
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            "generator": _adam(generator, config.lr_generator, config),
            "discriminator": _adam(discriminator, config.lr_discriminator, config),
        }

    @classmethod
    def from_config(
        cls, config: SynthesisConfig, *, infer_parts: InferParts | None = None, style: nn.Module | None = None
    ) -> "SynthesisObjective":
        """The objective with new networks of the config, initialised from torch's global random numbers."""
        discriminator = Discriminator.from_config(config)
        return cls(Generator(config), discriminator, config, infer_parts=infer_parts, style=style)

    def to(self, device: torch.device | str) -> "SynthesisObjective":
        """Move everything, including the frozen helpers."""
        for module in (self.generator, self.discriminator, self.style):
            if module is not None:
                module.to(device)
        move = getattr(self.infer_parts, "to", None)
        if move is not None:
            move(device)
        return self

    def phases(self, batch: SceneBatch, generator: torch.Generator) -> Iterator[Phase]:
        """One step of G, then one step of D. The fakes for D are made after G's step, from new noise.

        Raises:
            DataError: the batch has no photographs.
            ConfigError: a class id that the model does not know.
        """
        if batch.image is None:
            raise DataError("training needs photographs", found="scenes without images", file=", ".join(batch.names))
        check_ids(batch.label, self.config.num_classes)  # compiled networks check none
        real, parts = batch.image, self._parts(batch)
        yield Phase(
            "generator", ("generator",), "generator", lambda: self.generator_losses(batch, real, parts, generator)
        )
        yield Phase(
            "discriminator",
            ("discriminator",),
            "discriminator",
            lambda: self.discriminator_losses(batch, real, parts, generator),
        )

    def generator_losses(
        self, batch: SceneBatch, real: Float[Tensor, "b 3 h w"], parts: tuple[Tensor, Tensor], noise: torch.Generator
    ) -> dict[str, Tensor]:
        """The weighted losses of G: D should give each fake pixel its class, and score the fake as real."""
        config = self.config
        fake = self._fake(batch, parts, noise)
        output: DiscriminatorOutput = self.discriminator(fake)
        losses = {"n_plus_one": self.n_plus_one(output.segmentation, batch.label, "real")}
        if self.adversarial is not None:
            losses["global"] = config.global_weight * self.adversarial.generator(output.score)
        if self.style is not None:
            shown = by_instance_alone(batch) if config.object_shape == "instance" else batch
            crops = style_crops(fake, real, shown, config.style_crops, noise, also=self.also_compared)
            distance = fake.new_zeros(()) if crops is None else self.style(crops.fake, crops.real)
            losses["style"] = config.style_weight * distance
        if config.diversity > 0:
            other = self._fake(batch, parts, noise)
            losses["diversity"] = DIVERSITY_WEIGHT * diversity_loss(
                fake, other, batch.label, config.num_classes, config.diversity
            )
        return losses

    def discriminator_losses(
        self, batch: SceneBatch, real: Float[Tensor, "b 3 h w"], parts: tuple[Tensor, Tensor], noise: torch.Generator
    ) -> dict[str, Tensor]:
        """The weighted losses of D. G receives no gradient."""
        config = self.config
        with torch.no_grad():
            fake = self._fake(batch, parts, noise)
        images = [real, fake]
        if config.label_mix_weight > 0:
            mask = label_mix_mask(batch.label, config.num_classes, noise, config.label_mix_mask)
            images.append(mix(mask, real, fake))
        output: DiscriminatorOutput = self.discriminator(torch.cat(images))  # one pass: no layer of D mixes images
        on_real, on_fake, *on_mixed = output.segmentation.chunk(len(images))
        losses = {
            "real": self.n_plus_one(on_real, batch.label, "real"),
            "fake": self.n_plus_one(on_fake, None, "fake"),
        }
        if self.adversarial is not None:
            score_real, score_fake = output.score.chunk(len(images))[:2]
            losses["global_real"] = config.global_weight * self.adversarial.real(score_real)
            losses["global_fake"] = config.global_weight * self.adversarial.fake(score_fake)
        if on_mixed:
            losses["label_mix"] = config.label_mix_weight * label_mix_loss(mask, on_mixed[0], on_fake, on_real)
        return losses

    @torch.no_grad()
    def _parts(self, batch: SceneBatch) -> tuple[Tensor, Tensor]:
        """The generator's part input, and the part mask. Both are 0, expanded from one number, for a model without
        parts."""
        if self.infer_parts is None:
            nothing = torch.zeros(1, 1, 1, 1, device=batch.label.device)
            b, (h, w) = len(batch.label), batch.size
            return nothing.expand(b, self.config.part_input_channels, h, w), nothing.expand(b, 1, h, w)
        parts = self.infer_parts(batch)
        return (parts.features if self.config.part_tensor == "features" else parts.logits), parts.mask

    def _fake(self, batch: SceneBatch, parts: tuple[Tensor, Tensor], noise: torch.Generator) -> Tensor:
        """Images from new noise, always in float32."""
        config, multiple, device = self.config, self.config.size_multiple, batch.label.device
        start = (batch.size[0] // multiple, batch.size[1] // multiple)
        z = torch.randn(len(batch.label), config.z_channels, generator=noise)
        part_noise = torch.randn(len(batch.label), config.part_noise_channels, *start, generator=noise)
        fake: Tensor = self.generator(batch.label, *parts, z=z.to(device), part_noise=part_noise.to(device))
        return fake.float()


def _adam(network: nn.Module, rate: float, config: SynthesisConfig) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(float(config.beta1), float(config.beta2)))
