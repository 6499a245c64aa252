"""A tiny model with random weights, and its model folder."""

import pytest
import torch
from torch import nn

from helpers.tiny_ipose import SYNTHESIS
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.pipeline import IPose
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.testing.tiny_scenes import SPEC

PARTNET = PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=2)


def supports() -> SupportSet:
    maps = torch.zeros(2, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    return SupportSet({"car": ("top", "bottom"), "dog": ("front", "back")}, {"car": maps, "dog": maps.flip(1)})


@pytest.fixture(scope="session")
def config() -> SynthesisConfig:
    return SYNTHESIS


@pytest.fixture(scope="session")
def build():
    """Makes models of one seed: `build(block=..., seed=...)`."""

    def make(block: type[nn.Module] | None = None, seed: int = 0) -> IPose:
        torch.manual_seed(seed)
        return IPose(Generator(SYNTHESIS, block), PartNet(PARTNET), supports(), SPEC)

    return make


@pytest.fixture(scope="session")
def model(build) -> IPose:
    return build()


@pytest.fixture
def folder(model, tmp_path):
    model.save_pretrained(tmp_path / "model")
    return tmp_path / "model"
