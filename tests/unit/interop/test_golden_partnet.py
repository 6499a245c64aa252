"""PartNet computes what the authors' does: logits, features, inner activations, losses; all from the golden files."""

import pytest
import torch

from helpers.golden_files import assert_all_outputs, close
from helpers.golden_outputs import partnet_loss_outputs, partnet_outputs
from ipose.interop.release import partnet


@pytest.fixture(scope="module")
def golden(golden_file):
    return golden_file("partnet")


class TestGoldenPartNet:
    """Given the release's weights and inputs, ours gives the release's numbers (1e-5 of the largest, 1e-4 of each)."""

    def test_every_output_and_inner_activation_of_the_file(self, golden):
        assert_all_outputs(golden, partnet_outputs(golden))

    def test_logits_and_features_come_from_one_call_with_shapes_and_supports(self, golden):
        supports = golden["in.support_part_maps"][golden["in.category_index"]]
        with torch.no_grad():
            prediction = partnet(golden.state)(golden["in.shape"], supports)
        close(prediction.logits, golden["out.part_logits"])
        close(prediction.features, golden["out.part_features"])

    def test_the_config_is_read_off_the_weights(self, golden):
        network, config = partnet(golden.state), golden.config
        assert network.config.features == config["part_feature_channels"]
        assert network.config.attention_blocks == config["attention_blocks"]
        assert list(network.config.encoder_channels) == [config["encoder_channels"][i] for i in (0, 2, 3, 4)]
        assert not network.training


def test_golden_part_losses_every_output_of_the_file(golden_file):
    golden = golden_file("partnet_loss")
    assert_all_outputs(golden, partnet_loss_outputs(golden))
