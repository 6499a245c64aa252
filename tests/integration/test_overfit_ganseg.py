"""GANSeg learns: the segmenter memorises four pairs, the generator makes its parts compact and large enough."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.data.batch_sources import PhotoSource
from ipose.data.data_config import PhotoConfig
from ipose.data.photo_folder import open_photographs
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.objective import GANSegObjective
from ipose.ganseg.presets import preset
from ipose.segmentation.pairs import PartSegmenterObjective, draw_pairs
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.phases import PhaseRunner
from ipose.training.processes import Processes

STEPS, RATE = 90, 3e-3


@pytest.mark.overfit
def test_the_segmenter_memorises_four_pairs():
    """Given four fixed pairs, when trained on them alone, then 99 % of the pixels are right."""
    torch.manual_seed(0)
    generator = GANSegGenerator(replace(TINY_GANSEG, point_divisor=1.0))
    start_weights(generator)
    with torch.no_grad():  # parts of the size of a quarter of the image, as training makes them
        generator.train()(*numbered_noise(TINY_GANSEG, 1, range(32)))
    image, target = draw_pairs(generator.eval(), numbered_noise(TINY_GANSEG, 0, range(4)))
    network = PartSegmenter(3, "lraspp_mobilenet_v3_large", enlarge=4)
    objective = PartSegmenterObjective(network.train(), generator, PartSegmenterConfig(learning_rate=RATE))
    optimizer = objective.optimizers["segmenter"]
    before = accuracy(network, image, target)
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        optimizer.zero_grad()
        torch.stack(list(objective.losses(image, target).values())).sum().backward()
        optimizer.step()
    assert accuracy(network, image, target) > 0.99 > before


def accuracy(network, image, target):
    reestimate_batch_norm(network, lambda: network(image), passes=1)
    found = (network.part_map(image) == target).float().mean().item()
    network.train()
    return found


@pytest.mark.slow
@pytest.mark.overfit
def test_the_generator_on_64_images_makes_parts_compact_and_large_enough():
    """Given 64 scenes, when trained 100 steps, then concentration falls by a quarter, no part is smaller than its disk
    by more than two pixels, and nothing diverges."""
    torch.manual_seed(0)
    config = preset("tiny", parts=3, batch_size=2, margin=4, lr_generator=1e-3, lr_discriminator=1e-3)
    photographs = open_photographs(PhotoConfig(scenes=64, val_scenes=1, categories=("car",)), "train", 32)
    objective, source = GANSegObjective.from_config(config), PhotoSource(photographs.images, photographs.names)
    runner, history = PhaseRunner(objective, Processes("cpu")), []
    for step in range(100):
        draw = torch.Generator().manual_seed(step)
        chosen = torch.randperm(64, generator=draw)[:2].tolist()
        batch = source.collate([source.item(i, draw) for i in chosen], draw)
        history.append(
            {name: value for phase in objective.phases(batch, draw) for name, value in runner.step(phase).items()}
        )
    concentration = [losses["concentration"] for losses in history if "concentration" in losses]
    area = [losses["area"] / config.lambda_area for losses in history if "area" in losses]  # in pixels
    assert sum(concentration[-10:]) / 10 < 0.75 * concentration[0]
    assert sum(area[-5:]) / 5 < 2
    assert max(abs(value) for losses in history[-20:] for value in losses.values()) < 50
