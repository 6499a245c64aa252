"""The authors' discriminator gives the same numbers here; everything is taken from the file."""

import pytest
import torch

from helpers.golden_files import assert_all_outputs
from helpers.golden_outputs import discriminator_outputs
from ipose.interop.release import discriminator


@pytest.fixture(scope="module")
def golden(golden_file):
    return golden_file("discriminator")


class TestGoldenDiscriminator:
    """Outputs and the gradient in the image, to 1e-5 of the largest value and 1e-4 of each, in eval mode."""

    def test_outputs_and_gradients_of_the_file(self, golden):
        assert_all_outputs(golden, discriminator_outputs(golden))

    def test_widths_come_from_the_shapes(self, golden):
        network, config = discriminator(golden.state), golden.config
        widths = [block.conv1.in_channels for block in network.encoder]
        assert [*widths, network.encoder[-1].conv1.out_channels] == config["channels_D"]
        assert network.num_classes == config["semantic_classes"]
        assert network.segmentation_head.in_channels == config["last_decoder_channels"]
        assert not network.training

    def test_eval_mode_makes_no_power_iteration(self, golden):
        network = discriminator(golden.state)
        before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        network(golden["in.image"])
        assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
