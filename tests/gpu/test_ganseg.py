"""GANSeg's contracts and a few of its steps once more, on a GPU."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.data.batch_sources import PhotoBatch
from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.ganseg.heatmaps import part_centres, part_heatmaps, part_scales, pixel_grid
from ipose.ganseg.objective import GANSegObjective
from ipose.losses.part_regions import area_loss, concentration_loss
from ipose.testing import (
    AreaLossContract,
    ConcentrationLossContract,
    GANSegGeneratorContract,
    NetworkContract,
    PartHeatmapsContract,
)
from ipose.training.phases import PhaseRunner
from ipose.training.processes import Processes


@pytest.fixture(autouse=True)
def on_the_gpu(device):
    """Contracts that build before they ask for a device skip here, where there is none."""


def heatmaps(points, parts, size, margin, kind, mode):
    grid = pixel_grid(size, margin, kind).to(points)
    return part_heatmaps(part_centres(points, parts), part_scales(points, parts, mode), grid, mode)


class TestPartHeatmaps(PartHeatmapsContract):
    implementation = staticmethod(heatmaps)


class TestConcentration(ConcentrationLossContract):
    implementation = staticmethod(concentration_loss)


class TestArea(AreaLossContract):
    implementation = staticmethod(area_loss)


class TestGenerator(GANSegGeneratorContract):
    config = TINY_GANSEG


class TestDiscriminator(NetworkContract):
    tolerance = 1e-4

    def make(self):
        return GANSegDiscriminator((4, 6, 8), 8, 32)

    def inputs(self, batch):
        return (2 * torch.rand(batch, 3, 32, 32) - 1,)


@pytest.mark.parametrize("precision", ["no", "bf16"])
@pytest.mark.parametrize("penalty", ["release", "r1"])
def test_steps_of_both_networks_are_finite(device, precision, penalty):
    torch.manual_seed(0)
    objective = GANSegObjective.from_config(replace(TINY_GANSEG, penalty=penalty, penalty_interval=2)).to(device)
    runner = PhaseRunner(objective, Processes(device), precision)
    batch = PhotoBatch(2 * torch.rand(4, 3, 32, 32) - 1, tuple("abcd")).to(device)
    for step in range(3):
        for phase in objective.phases(batch, torch.Generator().manual_seed(step)):
            runner.step(phase)  # raises where a loss is not finite
