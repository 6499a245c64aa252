"""PartNet computes what the authors' does: logits, features, inner activations, losses; all from the golden files."""

import pytest
import torch

from ipose.interop.release_partnet import partnet
from ipose.partnet.objective import part_bce, part_cross_entropy
from ipose.partnet.partnet import distinct_pairs


def close(found, expected):
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def planes(tokens):
    """The release's layout of tokens: (n, q, t, d) to (n * q, d, side, side)."""
    side = round(tokens.shape[2] ** 0.5)
    return tokens.flatten(0, 1).transpose(1, 2).unflatten(2, (side, side))


@pytest.fixture(scope="module")
def golden(golden_file):
    return golden_file("partnet")


@pytest.fixture(scope="module")
def network(golden):
    return partnet(golden.state)


@pytest.fixture(scope="module")
def supports(golden):
    return golden["in.support_part_maps"][golden["in.category_index"]]


@pytest.fixture(scope="module")
def answer(golden, network, supports):
    with torch.no_grad():
        return network(golden["in.shape"], supports)


class TestGoldenPartNet:
    """Given the release's weights and inputs, ours gives the release's numbers (1e-5 absolute + 1e-4 relative)."""

    def test_logits(self, golden, answer):
        close(answer.logits, golden["out.part_logits"])

    def test_features_channel_by_channel(self, golden, answer):
        close(answer.features, golden["out.part_features"])

    def test_the_config_is_read_off_the_weights(self, golden, network):
        config = golden.config
        assert network.config.features == config["part_feature_channels"]
        assert network.config.attention_blocks == config["attention_blocks"]
        assert list(network.config.encoder_channels) == [config["encoder_channels"][i] for i in (0, 2, 3, 4)]
        assert not network.training

    def test_query_tokens(self, golden, network):
        with torch.no_grad():
            tokens = network.shape_encoder(golden["in.shape"])
        everywhere = tokens[:, None].expand(-1, golden.config["part_channels"], -1, -1)
        close(planes(everywhere), golden["out.query_tokens"])

    def test_tokens_of_the_first_support(self, golden, network, supports):
        with torch.no_grad():
            memory = network.encode_supports(supports)
        shape = memory.keys[:, None, 0].expand(-1, golden.config["part_channels"], -1, -1)
        close(planes(shape), golden["out.support0_shape_tokens"])
        close(planes(memory.values[memory.slot][:, :, 0]), golden["out.support0_mask_tokens"])

    def test_what_each_attention_block_hands_on(self, golden, supports):
        network, handed_on = partnet(golden.state), []
        for block in network.blocks:
            block.update = recorded(block.update, handed_on)
        with torch.no_grad():
            memory = network.encode_supports(supports)
            index = torch.arange(len(supports))
            network.predict(network.shape_encoder(golden["in.shape"]), memory, index)
        *_, slot = distinct_pairs(memory.active)
        wanted = sorted(key for key in golden.tensors if key.startswith("out.attention"))
        assert len(wanted) == len(handed_on) > 0
        for key, tokens in zip(wanted, handed_on, strict=True):
            close(planes(tokens[slot]), golden[key])

    def test_every_output_of_the_file_is_compared(self, golden):
        compared = {"part_logits", "part_features", "query_tokens", "support0_shape_tokens", "support0_mask_tokens"}
        compared |= {f"attention{i}" for i in range(golden.config["attention_blocks"])}
        assert {key for key in golden.tensors if key.startswith("out.")} == {f"out.{name}" for name in compared}


def recorded(function, results):
    def call(*args):
        results.append(function(*args))
        return results[-1]

    return call


@pytest.mark.parametrize(("loss", "name"), [(part_bce, "bce"), (part_cross_entropy, "cross_entropy")])
def test_golden_part_losses(golden_file, loss, name):
    golden = golden_file("partnet_loss")
    close(loss(golden["in.part_logits"], golden["in.part_map"]), golden[f"out.{name}"])
