"""The generator computes what the authors' does: image, inner activations and gradients, from the golden file alone."""

import pytest
import torch

from helpers.golden_files import assert_all_outputs, close
from helpers.golden_outputs import generator_outputs
from helpers.golden_scenes import golden_scene_parts, golden_supports
from ipose.interop.release import generator, partnet


@pytest.fixture(scope="module")
def golden(golden_file):
    return golden_file("generator")


class TestGoldenGenerator:
    """Given the release's weights and inputs, ours gives the release's numbers (1e-5 of the largest, 1e-4 of each)."""

    def test_image_inner_activations_gradients_and_part_logits_of_the_file(self, golden):
        assert_all_outputs(golden, generator_outputs(golden))

    def test_what_it_is_fed_is_what_our_partnet_composes(self, golden):
        parts = golden_scene_parts(golden, partnet(golden.state), golden_supports(golden))
        close(parts.features, golden["in.part_features"])
        best, second = parts.logits.topk(2, dim=1).values.unbind(1)
        decided = (best - second)[:, None] > 1e-4  # elsewhere rounding may choose the channel
        assert torch.equal(parts.mask[decided], golden["in.part_mask"].to(parts.mask.dtype)[decided])

    def test_widths_and_counts_are_read_off_the_weights(self, golden):
        network, config = generator(golden.state, z_channels=golden.config["z_dim"]), golden.config
        assert network.config.num_classes == config["semantic_classes"]
        assert network.config.channels * network.config.channel_multipliers[-1] == config["channels_G"]
        assert network.config.part_feature_channels == config["part_feature_channels"]
        assert network.config.z_channels == config["z_dim"]
        assert not any(module.training for module in network.modules())
