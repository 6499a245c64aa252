"""Training of GANSeg: one step of D, then one step of G on new noise (GANSeg sec. 3.4, app. B.4)."""

from collections.abc import Iterator, Mapping

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.data.batch_sources import PhotoBatch
from ipose.errors import ConfigError
from ipose.ganseg.ablated import build_generator
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.ganseg.generator import GANSegOutput
from ipose.ganseg.noise import draw_noise
from ipose.ganseg.part_losses import PartLosses
from ipose.ganseg.presets import GANSegConfig
from ipose.losses.adversarial import log_d_fake, log_d_real, log_g
from ipose.losses.gradient_penalty import one_centred_penalty, r1_penalty, score_gradient
from ipose.objective import Phase


class GANSegObjective:
    """The training objective of G and D. The terms are weighted. A term of weight 0 is left out.

    L_D = softplus(D(fake)) + softplus(-D(real)), and on every 16th of its steps 10 times the gradient penalty. L_G =
    softplus(-D(fake)), and on every 2nd of its steps lambda_con concentration + lambda_area area. With `silhouettes`
    (ours), D sees the object's silhouette as a fourth channel: 1 - background mask of a fake.

    The number of the step comes from the optimizers (Adam counts steps), so a resumed run goes on with the right one.
    It counts from the start of training. The release counts from the start of each epoch.

    Args:
        generator: of the config.
        discriminator: of the config.
        config: of losses and optimizers.
    """

    averaged = ()

    def __init__(self, generator: nn.Module, discriminator: nn.Module, config: GANSegConfig) -> None:
        self.generator, self.discriminator, self.config = generator, discriminator, config
        self.sync_batch_norm = config.sync_batch_norm
        self.parts = PartLosses(config)
        self.networks: Mapping[str, nn.Module] = {"generator": generator, "discriminator": discriminator}
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            "generator": adam(generator, config.lr_generator, config),
            "discriminator": adam(discriminator, config.lr_discriminator, config),
        }

    @classmethod
    def from_config(cls, config: GANSegConfig) -> "GANSegObjective":
        """The objective with new networks of the config, initialised from torch's global random numbers."""
        generator, discriminator = build_generator(config), GANSegDiscriminator.from_config(config)
        start_weights(generator)
        start_weights(discriminator)
        return cls(generator, discriminator, config)

    def to(self, device: torch.device | str) -> "GANSegObjective":
        """Move everything."""
        self.generator.to(device)
        self.discriminator.to(device)
        self.parts.to(device)
        return self

    def phases(self, batch: PhotoBatch, generator: torch.Generator) -> Iterator[Phase]:
        """One step of D, then one step of G, each with its own noise."""
        real = _joined(batch.image, batch.silhouette) if self.config.silhouettes else batch.image
        yield Phase(
            "discriminator", ("discriminator",), "discriminator", lambda: self.discriminator_losses(real, generator)
        )
        yield Phase("generator", ("generator",), "generator", lambda: self.generator_losses(len(real), generator))

    def discriminator_losses(self, real: Float[Tensor, "b c s s"], noise: torch.Generator) -> dict[str, Tensor]:
        """The losses of D. G receives no gradient. (The release computes one and does not use it.)"""
        config = self.config
        with torch.no_grad():
            fake = self._judged(self._fake(len(real), noise))
        due = config.penalty != "none" and config.penalty_weight > 0
        due = due and steps_of(self.optimizers["discriminator"]) % config.penalty_interval == 0
        losses = {"fake": log_d_fake(_as_map(self.discriminator(fake)))}
        if not due:
            return {**losses, "real": log_d_real(_as_map(self.discriminator(real)))}
        with torch.autocast(real.device.type, enabled=False):  # a norm over all pixels, differentiated twice
            images = real.detach().float().requires_grad_()
            with torch.compiler.set_stance("force_eager"):  # what --compile made has no second gradient
                scores: Tensor = self.discriminator(images)
            gradient = score_gradient(scores, images)
            penalty = one_centred_penalty(gradient) if config.penalty == "release" else r1_penalty(gradient)
        scale = config.penalty_interval if config.penalty_scaled else 1
        losses["real"] = log_d_real(_as_map(scores))
        return {**losses, "penalty": config.penalty_weight * scale * penalty}

    def generator_losses(self, count: int, noise: torch.Generator) -> dict[str, Tensor]:
        """The losses of G: D should score its images as real, and parts should be compact and large enough."""
        due = steps_of(self.optimizers["generator"]) % self.config.part_loss_interval == 0
        output = self._fake(count, noise)
        losses = {"adversarial": log_g(_as_map(self.discriminator(self._judged(output))))}
        return {**losses, **self.parts(output)} if due else losses

    def _judged(self, output: GANSegOutput) -> Float[Tensor, "b c s s"]:
        """What D sees of the generator: images; with `silhouettes`, also 1 - background mask, in [-1, 1]."""
        return _joined(output.image, 1 - 2 * output.mask[:, -1:]) if self.config.silhouettes else output.image

    def _fake(self, count: int, noise: torch.Generator) -> GANSegOutput:
        drawn = draw_noise(self.config, count, noise).to(self.parts.grid.device)
        output: GANSegOutput = self.generator(*drawn)
        return output


def _joined(image: Float[Tensor, "b 3 s s"], silhouette: Float[Tensor, "b 1 s s"] | None) -> Float[Tensor, "b 4 s s"]:
    """Images with their silhouettes as fourth channel."""
    if silhouette is None:
        mend = "Train on objects (--crops), or without --silhouettes."
        raise ConfigError("these photographs have no silhouettes", field="silhouettes", mend=mend)
    return torch.cat([image, silhouette], dim=1)


def _as_map(scores: Float[Tensor, " b"]) -> Float[Tensor, "b 1 1 1"]:
    return scores[:, None, None, None]


def adam(network: nn.Module, rate: float, config: GANSegConfig) -> torch.optim.Adam:
    """Adam with the config's betas."""
    return torch.optim.Adam(network.parameters(), lr=rate, betas=(float(config.beta1), float(config.beta2)))


def steps_of(optimizer: torch.optim.Optimizer) -> int:
    """Number of steps of an optimizer, over all resumes."""
    state = optimizer.state.get(optimizer.param_groups[0]["params"][0], {})
    return int(state.get("step", 0))
