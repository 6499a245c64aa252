"""Whatever has networks, optimizers and phases can be trained."""

import torch

from ipose.objective import Objective, called_modules
from ipose.partnet.objective import PartNetObjective
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.types import Scene


def test_a_system_is_whatever_has_networks_optimizers_and_phases():
    class Mine:
        networks: dict[str, torch.nn.Module] = {}  # noqa: RUF012
        optimizers: dict[str, torch.optim.Optimizer] = {}  # noqa: RUF012

        def phases(self, batch, generator):
            yield from ()

    assert isinstance(Mine(), Objective)
    assert not isinstance(Scene, Objective)


def test_partnet_is_called_by_its_parts():
    """So these are what --compile compiles, and what --accumulate calls in pieces."""
    config = PartNetConfig(encoder_channels=(2, 2, 2, 2))
    partnet = PartNet(config)
    assert called_modules(PartNetObjective(partnet, config)) == (
        partnet.shape_encoder,
        partnet.mask_encoder,
        partnet.decoder,
    )
