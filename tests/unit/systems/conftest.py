"""Tiny models with random weights of the systems that make images, their model folders, and label maps for them."""

from pathlib import Path

import pytest
import torch

from ipose.data.png import write_index
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.pretrained import save_ganseg
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.pipeline import IPose
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset
from ipose.testing.tiny_ganseg import TINY_GANSEG
from ipose.testing.tiny_scenes import SPEC, make_scene

SYNTHESIS = preset(
    "toy",
    num_classes=SPEC.num_classes,
    unknown=SPEC.unknown,
    height=32,
    width=48,
    channels=2,
    channel_multipliers=(2, 2, 2, 2, 2),
    spade_hidden=3,
    part_hidden=2,
    part_noise_channels=2,
    part_feature_channels=2,
    z_channels=3,
)

GROUPDNET = GroupDNetConfig(
    num_classes=SPEC.num_classes,
    height=32,
    width=48,
    encoder_channels=(2, 3, 3, 3),
    code_channels=3,
    decoder_channels=(20, 20, 10, 10, 5, 5),
    decoder_groups=(5, 5, 5, 1, 1),
    modulation_hidden=10,
    perceptual="none",
)


def supports(*categories: str) -> SupportSet:
    """Two supports of each category, with two parts."""
    maps = torch.zeros(2, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    return SupportSet(dict.fromkeys(categories, ("top", "bottom")), dict.fromkeys(categories, maps))


@pytest.fixture(scope="session")
def ipose_model() -> IPose:
    torch.manual_seed(0)
    partnet = PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=2))
    return IPose(Generator(SYNTHESIS), partnet, supports("car", "dog"), SPEC)


@pytest.fixture(scope="session")
def groupdnet_model() -> GroupDNet:
    torch.manual_seed(0)
    return GroupDNet(Encoder(GROUPDNET), Decoder(GROUPDNET), SPEC)


@pytest.fixture(scope="session")
def ganseg_model() -> GANSegGenerator:
    torch.manual_seed(0)
    return GANSegGenerator(TINY_GANSEG).eval()


@pytest.fixture(scope="session")
def folders(ipose_model, groupdnet_model, ganseg_model, tmp_path_factory) -> dict[str, Path]:
    """Model folders by the system's name."""
    root = tmp_path_factory.mktemp("models")
    ipose_model.save_pretrained(root / "synthesis")
    groupdnet_model.save_pretrained(root / "groupdnet")
    save_ganseg(root / "ganseg", ganseg_model)
    return {path.name: path for path in root.iterdir()}


@pytest.fixture
def maps(tmp_path) -> Path:
    """`label/` and `instance/` of scenes 0 and 1, whose ids are those of the spec's files."""
    file_ids = torch.tensor([item.file_id for item in SPEC.classes], dtype=torch.uint8)
    for kind in ("label", "instance"):
        (tmp_path / kind).mkdir()
    for seed in (0, 1):
        scene = make_scene(seed)
        write_index(tmp_path / "label" / f"{seed}.png", file_ids[scene.label])
        write_index(tmp_path / "instance" / f"{seed}.png", scene.instance)
    return tmp_path
