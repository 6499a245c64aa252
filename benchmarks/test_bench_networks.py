"""Every network against its plain form, at the published widths: same weights and inputs, same answer, by turns.

Label maps are photographs' of COCO-Stuff where the shared data is beside the project (`IPOSE_SHARED`), else drawn ones
of PartWorld with its class ids spread over 183.
"""

import os
from pathlib import Path

import pytest
import torch

from ipose.data.png import read_index
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import draw_noise
from ipose.ganseg.presets import preset as ganseg_preset
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.presets import preset as groupdnet_preset
from ipose.partnet.scene_parts import SceneParts
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.types import SceneBatch

SIDE = 256


def label_map():
    """int64 (1, 256, 256), ids 0..182."""
    shared = Path(os.environ.get("IPOSE_SHARED", Path(__file__).parents[2] / "shared"))
    files = sorted((shared / "data" / "coco_stuff_sample" / "val_label").glob("*.png"))
    if not files:
        scene = next(iter(PartWorld(PartWorldConfig(count=1, size=(SIDE, SIDE)))))
        return scene.label[None] * 7
    found = torch.as_tensor(read_index(files[0])).long()
    rows, columns = (torch.arange(SIDE) * side // SIDE for side in found.shape)
    return found[rows][:, columns][None].clamp(0, 182)


def settled(network, where):
    """Eval mode, with running statistics that are not 0 and 1."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network.to(where).requires_grad_(False).eval()


@pytest.fixture(params=["float32", "bf16"])
def precision(request):
    """The fast form in full precision, and under bfloat16 autocast. The plain form is always float32."""
    return request.param


def in_precision(function, precision, where):
    if precision == "float32":
        return function

    def run():
        with torch.autocast(where.type, torch.bfloat16):
            return function().float()

    return run


def test_generator(against_plain, precision, where):
    """iPOSE's generator: one map of 256x256 pixels, 183 classes."""
    torch.manual_seed(0)
    config = preset("coco-stuff")
    network, label = settled(Generator(config), where), label_map().to(where)
    parts = torch.randn(1, config.part_input_channels, SIDE, SIDE, device=where)
    mask = (torch.arange(SIDE, device=where) < 100).float().expand(1, 1, SIDE, SIDE)
    z, noise = torch.randn(1, 64, device=where), torch.randn(1, 31, SIDE // 32, SIDE // 32, device=where)
    image = torch.no_grad()(lambda: network(label, parts * mask, mask, z=z, part_noise=noise))
    against_plain(f"generator, 256x256, 183 classes, {precision}", in_precision(image, precision, where), image)


def test_discriminator(against_plain, precision, where):
    torch.manual_seed(0)
    network = settled(Discriminator.from_config(preset("coco-stuff")), where)
    image = torch.rand(1, 3, SIDE, SIDE, device=where) * 2 - 1
    segmented = torch.no_grad()(lambda: network(image).segmentation)
    against_plain(f"discriminator, one image, {precision}", in_precision(segmented, precision, where), segmented)


def test_groupdnet(against_plain, precision, where):
    torch.manual_seed(0)
    config = groupdnet_preset("deepfashion")
    network, label = settled(Decoder(config), where), label_map().to(where) % config.num_classes
    z = torch.randn(1, config.z_channels, *config.start, device=where)
    image = torch.no_grad()(lambda: network(label, z))
    against_plain(f"GroupDNet's generator, DeepFashion, {precision}", in_precision(image, precision, where), image)


def test_ganseg(against_plain, where):
    torch.manual_seed(0)
    config = ganseg_preset("celeba-wild")
    network = settled(GANSegGenerator(config), where)
    noise = draw_noise(config, 2, torch.Generator().manual_seed(0)).to(where)
    image = torch.no_grad()(lambda: network(*noise).image)
    against_plain("GANSeg's generator, 2 images", image, image)


@pytest.mark.parametrize("name", ["toy", "coco-stuff"])
def test_training_step(against_plain, where, name):
    """One step of G and one of D, without the style loss; `fast` and `plain` begin from the same weights."""
    config = preset(name, style_loss="none", num_classes=183 if name == "coco-stuff" else PARTWORLD.num_classes)
    world = PartWorld(PartWorldConfig(count=4 if name == "toy" else 1, size=(config.height, config.width)))
    batch = SceneBatch.from_scenes(list(world)).to(where)
    mask = (batch.part[:, None] > 0).float()
    features = torch.randn(len(mask), config.part_input_channels, *batch.size, device=where) * mask
    torch.manual_seed(0)
    objective = SynthesisObjective.from_config(config, infer_parts=lambda _: SceneParts(features, features, mask))
    objective = objective.to(where)

    def step():
        for phase in objective.phases(batch, torch.Generator().manual_seed(0)):
            for key, network in objective.networks.items():
                network.requires_grad_(key in phase.networks)
            objective.optimizers[phase.optimizer].zero_grad()
            total = sum(phase.losses().values())
            total.backward()
        return total.detach()

    against_plain(f"training step of G and D, {name}, batch {len(mask)}", step, step)
