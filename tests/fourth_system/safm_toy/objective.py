"""What the networks learn: the discriminator names the class of each real pixel, or calls it fake; G wants no fakes."""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from ipose.errors import DataError
from ipose.label_spec import LabelSpec
from ipose.losses.n_plus_one import NPlusOneLoss
from ipose.objective import Phase
from ipose.synthesis.discriminator import Discriminator
from ipose.types import SceneBatch
from safm_toy.config import SafmConfig
from safm_toy.network import Conditions, Generator


class SafmObjective:
    """An `ipose.types.Objective`: networks and optimizers by name, and two phases a batch."""

    averaged = ("generator",)
    """Networks whose weights are averaged, for use."""

    def __init__(self, config: SafmConfig, spec: LabelSpec) -> None:
        self.config, self.conditions, self.loss = config, Conditions(config), NPlusOneLoss(spec.unknown)
        self.generator = Generator(config)
        self.discriminator = Discriminator(config.num_classes, config.discriminator_channels, config.hidden)
        self.networks: Mapping[str, nn.Module] = {"generator": self.generator, "discriminator": self.discriminator}
        self.optimizers: Mapping[str, torch.optim.Optimizer] = {
            name: torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=(0.0, 0.999))
            for name, network in self.networks.items()
        }

    def phases(self, batch: SceneBatch, generator: torch.Generator) -> Iterator[Phase]:
        """A step of G, then one of D, on new images of the G that has stepped. All noise is of `generator`."""
        conditions, photographs = self.conditions(batch), batch.image
        if photographs is None:
            raise DataError("training needs photographs", file=", ".join(batch.names))

        def fake() -> Tensor:
            z = torch.randn(len(conditions), self.config.z_channels, generator=generator)
            images: Tensor = self.generator(conditions, z.to(conditions.device))
            return images

        def of_generator() -> Mapping[str, Tensor]:
            return {"n_plus_one": self.loss(self.discriminator(fake()).segmentation, batch.label, "real")}

        def of_discriminator() -> Mapping[str, Tensor]:
            seen = self.discriminator(torch.cat([photographs, fake().detach()])).segmentation
            real, made = seen.chunk(2)
            return {"real": self.loss(real, batch.label, "real"), "fake": self.loss(made, None, "fake")}

        yield Phase("generator", ("generator",), "generator", of_generator)
        yield Phase("discriminator", ("discriminator",), "discriminator", of_discriminator)
