"""How long a training step of generator and discriminator takes, and one image."""

import pytest
import torch

from ipose.part_annotations import PART_CHANNELS
from ipose.partnet.scene_parts import SceneParts
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.types import SceneBatch

SIZE = 64


@pytest.fixture
def config():
    return preset("toy", num_classes=PARTWORLD.num_classes)


@pytest.fixture
def batch(config, where):
    world = PartWorld(PartWorldConfig(count=config.batch_size, size=(SIZE, SIZE)))
    return SceneBatch.from_scenes(list(world)).to(where)


@pytest.fixture
def parts(config, batch, where):
    """Random part features in the place of a PartNet's, where parts are."""
    mask = (batch.part[:, None] > 0).float()
    features = torch.randn(
        len(mask), config.part_input_channels, SIZE, SIZE, generator=torch.Generator().manual_seed(0)
    )
    return SceneParts(features.to(where) * mask, mask.expand(-1, PART_CHANNELS, -1, -1), mask)


def test_training_step(config, batch, parts, where, measure):
    """One step of G and one of D on a batch of the toy preset; PartNet's time is not in it."""
    torch.manual_seed(0)
    objective = SynthesisObjective.from_config(config, infer_parts=lambda _: parts).to(where)

    def step():
        for phase in objective.phases(batch, torch.Generator().manual_seed(0)):
            for name, network in objective.networks.items():
                network.requires_grad_(name in phase.networks)
            optimizer = objective.optimizers[phase.optimizer]
            optimizer.zero_grad()
            sum(phase.losses().values()).backward()
            optimizer.step()

    measure(step, rounds=5)


def test_one_image(config, batch, parts, where, measure):
    """The generator alone, in eval mode, one scene."""
    torch.manual_seed(0)
    generator = Generator(config).to(where).requires_grad_(False).eval()
    multiple = config.size_multiple
    z = torch.randn(1, config.z_channels, device=where)
    noise = torch.randn(1, config.part_noise_channels, SIZE // multiple, SIZE // multiple, device=where)
    measure(lambda: generator(batch.label[:1], parts.features[:1], parts.mask[:1], z=z, part_noise=noise), rounds=20)
