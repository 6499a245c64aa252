"""What a CPU computes, a GPU computes: networks, scene parts, losses and gradients, to the rounding of float32."""

import pytest
import torch

from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.scene_parts import infer_scene_parts
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.testing.generator_contract import TINY, GeneratorContract
from ipose.testing.partnet_contract import blocky_part_map, tiny_config
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import SceneBatch

CPU = torch.device("cpu")


def close(found, expected):
    torch.testing.assert_close(found.cpu(), expected, atol=1e-4, rtol=1e-3)


@pytest.fixture(scope="module")
def supports():
    maps = {
        name: torch.stack([blocky_part_map(torch.Generator().manual_seed(first + i)) for i in range(2)])
        for name, first in {"car": 0, "dog": 9}.items()
    }
    return SupportSet(dict.fromkeys(maps, ("a", "b", "c", "d")), maps)


@pytest.fixture(scope="module")
def batch():
    return SceneBatch.from_scenes([make_scene(seed, (64, 64)) for seed in range(3)])


@pytest.mark.parametrize("paste", ["release", "own_pixels"])
def test_scene_parts(device, batch, supports, paste):
    torch.manual_seed(0)
    network = PartNet(tiny_config()).requires_grad_(False).eval()
    expected = infer_scene_parts(network, batch, supports, paste=paste)
    found = infer_scene_parts(network.to(device), batch.to(device), supports, paste=paste)
    assert found.features.is_cuda
    assert torch.equal(found.shapes.cpu(), expected.shapes)
    close(found.features, expected.features)
    close(found.logits, expected.logits)


def test_generator(device):
    torch.manual_seed(0)
    generator = Generator(TINY).eval()
    case = GeneratorContract()
    inputs = case.inputs(2)
    with torch.no_grad():
        expected = case.call(generator, inputs)
        close(case.call(generator.to(device), [tensor.to(device) for tensor in inputs]), expected)


def test_discriminator(device):
    torch.manual_seed(0)
    discriminator, images = Discriminator(5, (3, 4, 4, 6, 8), 5).eval(), torch.rand(2, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        expected, found = discriminator(images), discriminator.to(device)(images.to(device))
    close(found.segmentation, expected.segmentation)
    close(found.score, expected.score)


def test_every_loss_and_gradient_of_a_training_step(device, batch):
    """Given the same weights, scenes and noise (drawn on the CPU), each phase has the same terms and gradients."""
    config = preset("toy", num_classes=SPEC.num_classes, unknown=0, part_injection="none")

    def phases(where):
        torch.manual_seed(0)
        system = SynthesisObjective.from_config(config).to(where)
        for phase in system.phases(batch.to(where), torch.Generator().manual_seed(0)):
            losses = phase.losses()
            parameters = [p for name in phase.networks for p in system.networks[name].parameters()]
            yield losses, torch.autograd.grad(sum(losses.values()), parameters, allow_unused=True)

    for (losses, gradients), (expected, wanted) in zip(phases(device), phases(CPU), strict=True):
        assert losses.keys() == expected.keys()
        for name, loss in losses.items():
            close(loss.detach(), expected[name].detach())
        for found, gradient in zip(gradients, wanted, strict=True):
            if gradient is not None:
                assert (found.cpu() - gradient).norm() <= 1e-2 * gradient.norm() + 1e-4
