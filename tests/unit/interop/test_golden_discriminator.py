"""The authors' discriminator gives the same numbers here; everything is taken from the file."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from ipose.interop.release_discriminator import discriminator_from_release
from ipose.synthesis.discriminator import Discriminator


@pytest.fixture(scope="module")
def golden(golden_file: Callable[[str], Any]) -> tuple[dict[str, Any], dict[str, Tensor]]:
    file = golden_file("discriminator")
    return file.config, file.tensors


def state_of(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("state."): tensor for name, tensor in tensors.items() if name.startswith("state.")}


@pytest.fixture(scope="module")
def discriminator(golden: tuple[dict[str, Any], dict[str, Tensor]]) -> Discriminator:
    return discriminator_from_release(state_of(golden[1]))


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


class TestGoldenDiscriminator:
    """Outputs and the gradient in the image, to 1e-5 absolute and 1e-4 relative, in eval mode."""

    def test_widths_come_from_the_shapes(self, golden: Any, discriminator: Discriminator) -> None:
        config = golden[0]
        widths = [block.conv1.in_channels for block in discriminator.encoder]
        assert [*widths, discriminator.encoder[-1].conv1.out_channels] == config["channels_D"]
        assert discriminator.num_classes == config["semantic_classes"]
        assert discriminator.segmentation_head.in_channels == config["last_decoder_channels"]
        assert not discriminator.training

    def test_outputs(self, golden: Any, discriminator: Discriminator) -> None:
        output = discriminator(golden[1]["in.image"])
        close(output.segmentation, golden[1]["out.segmentation_logits"])
        close(output.score, golden[1]["out.global_score"])

    def test_gradient_in_the_image_flows_through_sigma(self, golden: Any, discriminator: Discriminator) -> None:
        image = golden[1]["in.image"].clone().requires_grad_()
        output = discriminator(image)
        (grad,) = torch.autograd.grad(output.segmentation.mean() + output.score.sum(), image)
        close(grad, golden[1]["out.grad.image"])

    def test_eval_mode_makes_no_power_iteration(self, golden: Any, discriminator: Discriminator) -> None:
        before = {name: tensor.clone() for name, tensor in discriminator.state_dict().items()}
        discriminator(golden[1]["in.image"])
        assert all(torch.equal(tensor, before[name]) for name, tensor in discriminator.state_dict().items())

    def test_a_prefix_of_parallel_training_is_stripped(self, golden: Any, discriminator: Discriminator) -> None:
        state = {f"module.{name}": tensor for name, tensor in state_of(golden[1]).items()}
        image = golden[1]["in.image"]
        assert torch.equal(discriminator_from_release(state)(image).score, discriminator(image).score)
