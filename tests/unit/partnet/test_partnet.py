"""PartNet infers parts from shapes by reading supports; the fast version means what the loops say."""

import pytest
import torch
from torch import nn

from ipose.errors import ShapeMismatchError
from ipose.partnet.partnet import PartDecoder, PartNet, PartPrediction, distinct_pairs
from ipose.partnet.presets import PartNetConfig, preset
from ipose.reference.operations import Layers
from ipose.reference.partnet import decode
from ipose.testing.literal import assert_same_function, randomise
from ipose.testing.network_contract import NetworkContract
from ipose.testing.partnet_contract import PartNetContract, blocky_part_map, tiny_config

NORMS_AND_ACTIVATIONS = (nn.BatchNorm2d, nn.InstanceNorm2d, nn.ReLU, nn.LeakyReLU)


class TestPartNet(PartNetContract):
    """Part channels are a batch: no channel knows its number."""

    implementation = PartNet

    def test_channels_without_support_pixels_share_one_answer(self, device):
        network, (shapes, supports) = self.network(0, device), self.objects(0, device)
        with torch.no_grad():
            logits = network(shapes, supports).logits
        assert torch.equal(logits[:, 5], logits[:, 8])
        assert not torch.equal(logits[:, 4], logits[:, 5])

    def test_replacing_a_support_equals_giving_the_other_support(self, device):
        network, (shapes, supports) = self.network(1, device), self.objects(1, device, n=2, k=3)
        own = torch.stack([blocky_part_map(torch.Generator().manual_seed(i), parts=6) for i in (7, 8)]).to(device)
        which = torch.tensor([2, 0], device=device)
        everyone = torch.arange(2, device=device)
        expected = supports.clone()
        expected[everyone, which] = own
        with torch.no_grad():
            memory = network.encode_supports(supports).replace_one(
                everyone, network.encode_supports(own[:, None]), which
            )
            answer = network.predict(network.shape_encoder(shapes), memory, everyone)
            wanted = network(shapes, expected)
        torch.testing.assert_close(answer.logits, wanted.logits)

    def test_no_objects_give_no_parts(self, device):
        network = self.network(0, device)
        shapes = torch.zeros(0, 1, 64, 64, dtype=torch.float64, device=device)
        answer = network(shapes, torch.zeros(0, 3, 64, 64, dtype=torch.uint8, device=device))
        assert answer.logits.shape == (0, 9, 64, 64)
        assert answer.features.shape == (0, 18, 64, 64)

    def test_another_side_than_64_is_refused(self, device):
        with pytest.raises(ShapeMismatchError, match=r"64.*Crop objects"):
            self.network(0, device)(
                torch.zeros(1, 1, 32, 32, dtype=torch.float64), torch.zeros(1, 1, 32, 32, dtype=torch.uint8)
            )

    def test_a_part_id_above_8_is_refused(self, device):
        shapes, supports = self.objects(0, device)
        supports[0, 0, 0, 0] = 9
        with pytest.raises(ShapeMismatchError, match=r"found 9, expected 0\.\.8"):
            self.network(0, device)(shapes, supports)


class TestPartNetIsANetwork(NetworkContract):
    """The contract of every network."""

    # the bias of a convolution is taken away by the instance norm behind it; a key's bias by the softmax
    def learns(self, name, parameter):
        return parameter.ndim > 1

    def make(self):
        return PartNet(tiny_config())

    def inputs(self, batch):
        generator = torch.Generator().manual_seed(batch)
        part_maps = torch.stack([blocky_part_map(generator) for _ in range(batch * 3)])
        return (part_maps[:batch, None] > 0).float(), part_maps[batch:].unflatten(0, (batch, 2))


class TestPartNetOfBatchNorm(NetworkContract):
    """The paper's words: batch norm and ReLU behind every convolution."""

    # the bias of a convolution is taken away by the batch norm behind it; a key's bias by the softmax
    def learns(self, name, parameter):
        return parameter.ndim > 1

    def make(self):
        return PartNet(tiny_config(normalization="batch"))

    inputs = TestPartNetIsANetwork.inputs

    def test_has_batch_norm_and_relu_where_the_release_has_instance_norm_and_leaky_relu(self):
        def layers(network):
            return [type(m).__name__ for m in network.modules() if isinstance(m, NORMS_AND_ACTIVATIONS)]

        batch, instance = layers(self.make()), layers(PartNet(tiny_config()))
        assert batch == ["BatchNorm2d", "ReLU"] * 15
        assert instance == ["InstanceNorm", "LeakyReLU"] * 12 + ["InstanceNorm", "ReLU"] * 3


class TestPartDecoder:
    """Three doublings, then one map of logits."""

    @pytest.mark.parametrize("normalization", ["instance", "batch"])
    def test_outputs_and_gradients_are_those_of_the_table_of_layers(self, normalization):
        decoder = randomise(PartDecoder(5, (2, 3, 4, 5), normalization), 0).eval()
        tokens = torch.randn(2, 16, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

        def spelled_out(state, tokens):
            features, logits = zip(*(decode(Layers(state), one, normalization) for one in tokens), strict=True)
            return torch.stack(features), torch.stack(logits)

        assert_same_function(decoder, spelled_out, (tokens,), seed=2)

    def test_kernels_and_widths_are_those_of_the_table(self):
        decoder = PartDecoder(12, (2, 3, 4, 5))
        doublings = [layer[0] for layer in decoder.doublings]
        assert [(c.in_channels, c.out_channels) for c in doublings] == [(12, 4), (4, 3), (3, 2)]
        assert {(c.kernel_size, c.stride, c.padding) for c in doublings} == {((4, 4), (2, 2), (1, 1))}
        assert (decoder.head.kernel_size, decoder.head.in_channels, decoder.head.out_channels) == ((5, 5), 2, 1)


class TestSizes:
    """The released size, and what the ablations change."""

    @pytest.mark.parametrize("name", ["paper", "release"])
    def test_the_paper_has_5133825_parameters(self, name):
        assert sum(p.numel() for p in PartNet(preset(name)).parameters()) == 5_133_825

    def test_batch_norm_adds_its_scales_and_shifts(self):
        """One of each for every channel of the 15 convolutions that have a norm behind them."""
        with torch.device("meta"):
            network = PartNet(preset("paper", normalization="batch"))
        encoder, decoder = 32 + 64 + 64 + 96 + 96 + 96, 64 + 64 + 32
        assert sum(p.numel() for p in network.parameters()) == 5_133_825 + 2 * (2 * encoder + decoder)

    def test_without_multi_scale_tokens_are_a_third_as_wide(self):
        network = PartNet(tiny_config(multi_scale=False))
        tokens = network.shape_encoder(torch.zeros(1, 1, 64, 64))
        assert tokens.shape == (1, 64, 4)

    @pytest.mark.parametrize("blocks", [1, 2, 3, 4])
    def test_attention_blocks_are_as_many_as_asked_for(self, blocks):
        assert len(PartNet(tiny_config(attention_blocks=blocks)).blocks) == blocks


def test_distinct_pairs_compute_active_channels_and_one_stand_in():
    active = torch.tensor([[True, False, True, False], [True, True, True, True]])
    rows, channel, slot = distinct_pairs(active)
    assert list(zip(rows.tolist(), channel.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (0, 2),
        (1, 0),
        (1, 1),
        (1, 2),
        (1, 3),
    ]
    assert slot.tolist() == [[0, 1, 2, 1], [3, 4, 5, 6]]


class TestPartMaps:
    """Logits as part ids: all channels in the running, or the silhouette taken at its word."""

    def prediction(self):
        logits = torch.zeros(1, 9, 2, 2)
        logits[0, 0] = 5.0  # background wins everywhere
        logits[0, 3, 0, 0] = 1.0
        logits[0, 2, 0, 1] = 9.0
        return PartPrediction(logits, torch.zeros(1, 9, 2, 2))

    def test_without_a_silhouette_the_most_likely_channel_wins(self):
        assert self.prediction().part_maps().tolist() == [[[0, 2], [0, 0]]]

    def test_with_a_silhouette_every_object_pixel_gets_a_part_and_no_other_does(self):
        shapes = torch.tensor([[[[1.0, 0.0], [0.0, 0.0]]]])
        assert self.prediction().part_maps(shapes).tolist() == [[[3, 0], [0, 0]]]


class TestEmptyMasks:
    """A mask without pixels has tokens of 0, as the formulas say, in every precision."""

    def values_of_an_empty_channel(self, dtype, **changes):
        torch.manual_seed(0)
        network = PartNet(tiny_config(**changes)).to(dtype)
        supports = blocky_part_map(torch.Generator().manual_seed(0))[None, None]
        with torch.no_grad():
            memory = network.encode_supports(supports)
        return memory.values[memory.slot[0, 8]]

    def test_no_tokens_in_float32(self):
        assert self.values_of_an_empty_channel(torch.float32).abs().max() == 0

    def test_the_formulas_agree_as_far_as_float64_can_tell(self):
        computed = self.values_of_an_empty_channel(torch.float64, zero_empty_masks=False, multi_scale=False)
        assert computed.abs().max() < 1e-6  # 2e-16 enlarged 316 times by each of four norms

    def test_a_support_that_lacks_a_part_of_its_neighbour_has_none_either(self):
        network = PartNet(tiny_config())
        maps = torch.zeros(1, 2, 64, 64, dtype=torch.uint8)
        maps[0, :, 10:20, 10:20] = 1
        maps[0, 0, 30:40, 30:40] = 2
        with torch.no_grad():
            memory = network.encode_supports(maps)
        with_part, without = memory.values[memory.slot[0, 2]]
        assert with_part.abs().max() > 0
        assert without.abs().max() == 0


class TestReleasedInit:
    """How the release's training begins: Xavier normal with gain 0.02, but for the attention's own projections."""

    def test_the_query_convolution_has_the_published_deviation(self):
        torch.manual_seed(0)
        network = PartNet(PartNetConfig(weight_init="release"))
        assert network.blocks[0].query_conv.weight.std().item() == pytest.approx(0.0012, rel=0.03)

    def test_convolutions_and_linear_maps_are_normal_with_gain_002_and_biases_are_zero(self):
        torch.manual_seed(0)
        network = PartNet(PartNetConfig(weight_init="release"))
        projections = {id(layer) for block in network.blocks for layer in (block.query, block.key, block.value)}
        for layer in network.modules():
            if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) or id(layer) in projections:
                continue
            fan_in, fan_out = nn.init._calculate_fan_in_and_fan_out(layer.weight)
            wanted = 0.02 * (2 / (fan_in + fan_out)) ** 0.5
            few = layer.weight.numel() < 2000
            assert layer.weight.std().item() == pytest.approx(wanted, rel=0.2 if few else 0.05)
            assert not layer.bias.any()

    def test_the_attention_projections_are_uniform_over_the_three_as_one_matrix(self):
        torch.manual_seed(0)
        block = PartNet(PartNetConfig(weight_init="release")).blocks[0]
        width = block.query.in_features
        bound = (6 / (width + 3 * width)) ** 0.5
        for projection in (block.query, block.key, block.value):
            assert projection.weight.abs().max().item() == pytest.approx(bound, rel=0.01)
            assert projection.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)

    def test_presets_of_paper_and_release_begin_so_and_those_of_our_own_do_not(self):
        assert [preset(name).weight_init for name in ("paper", "release", "half", "toy")] == ["release"] * 2 + [
            "torch"
        ] * 2
