"""Whatever has networks, optimizers and phases can be trained."""

import torch

from ipose.objective import Objective
from ipose.types import Scene


def test_a_system_is_whatever_has_networks_optimizers_and_phases():
    class Mine:
        networks: dict[str, torch.nn.Module] = {}  # noqa: RUF012
        optimizers: dict[str, torch.optim.Optimizer] = {}  # noqa: RUF012

        def phases(self, batch, generator):
            yield from ()

    assert isinstance(Mine(), Objective)
    assert not isinstance(Scene, Objective)
