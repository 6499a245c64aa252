"""Claims about where PartNet looks."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.partnet.attention import SupportAttention, support_attention, to_support_frames
from ipose.partnet.partnet import PartNet
from ipose.reference.support_attention import support_attention as literal
from ipose.testing.claims import law
from ipose.testing.partnet_contract import PartNetContract, tiny_config

SEEDS = st.integers(0, 2**32 - 1)
CONTRACT = PartNetContract()


def network(seed: int, device: torch.device, **changes: object) -> PartNet:
    torch.manual_seed(seed)
    return PartNet(tiny_config(**changes)).double().eval().to(device)


def made_up(query_token: int, support: int, row: int, column: int, channel: int = 1) -> SupportAttention:
    """Two blocks, two supports: one query token reads one support token, all else spreads evenly."""
    weights = torch.full((2, 9, 64, 2, 8, 8), 1 / 128)
    weights[:, channel, query_token] = 0
    weights[:, channel, query_token, support, row, column] = 1
    supports, part_map = torch.zeros(2, 64, 64, dtype=torch.uint8), torch.zeros(64, 64, dtype=torch.uint8)
    supports[:, :22], supports[:, 22:] = 1, 2
    part_map[8:24, 8:24] = channel
    return SupportAttention(weights, supports, part_map)


class TestSupportAttention:
    """support_attention shows what the forward pass computes, and changes nothing of it."""

    @law(seed=SEEDS, k=st.integers(1, 3))
    def test_every_query_pixel_spreads_a_weight_of_1_over_its_supports(self, device, seed, k):
        (attention,) = support_attention(network(seed, device), *CONTRACT.objects(seed, device, n=1, k=k))
        assert attention.weights.shape == (2, 9, 64, k, 8, 8)
        assert (attention.weights >= 0).all()
        torch.testing.assert_close(attention.weights.sum((-3, -2, -1)), torch.ones(2, 9, 64, dtype=torch.float64))
        torch.testing.assert_close(attention.read_by(31, 17, block=1).sum(), torch.ones((), dtype=torch.float64))
        torch.testing.assert_close(attention.shares(31, 17).sum(), torch.ones((), dtype=torch.float64))

    def test_agrees_with_the_literal_version_in_float64(self, device):
        model, (shapes, supports) = network(3, device), CONTRACT.objects(3, device, n=2, k=2)
        found = support_attention(model, shapes, supports)[1]
        with torch.no_grad():
            expected = literal(model.state_dict(), shapes[1], supports[1], channel=2, attention_blocks=2)
        torch.testing.assert_close(found.weights[:, 2].flatten(-3), expected.cpu())

    def test_comes_with_the_parts_of_the_ordinary_forward(self, device):
        model, (shapes, supports) = network(4, device), CONTRACT.objects(4, device, n=2, k=3)
        with torch.no_grad():
            expected = model(shapes, supports).part_maps(shapes)
        for attention, part_map in zip(support_attention(model, shapes, supports), expected, strict=True):
            assert torch.equal(attention.part_map, part_map.cpu())

    def test_in_the_first_block_all_part_channels_look_alike_and_later_not(self, device):
        (attention,) = support_attention(network(5, device), *CONTRACT.objects(5, device, n=1))
        first, second = attention.weights
        torch.testing.assert_close(first, first[:1].expand_as(first))
        assert not torch.allclose(second[1], second[2])

    def test_equal_supports_share_evenly(self, device):
        model, (shapes, supports) = network(6, device), CONTRACT.objects(6, device, n=1, k=1)
        (once,) = support_attention(model, shapes, supports)
        (twice,) = support_attention(model, shapes, supports.repeat(1, 2, 1, 1))
        torch.testing.assert_close(twice.weights, once.weights.repeat(1, 1, 1, 2, 1, 1) / 2)

    def test_the_order_of_supports_is_kept(self, device):
        model, (shapes, supports) = network(7, device), CONTRACT.objects(7, device, n=1, k=3)
        (forth,) = support_attention(model, shapes, supports)
        (back,) = support_attention(model, shapes, supports.flip(1))
        torch.testing.assert_close(back.weights, forth.weights.flip(3))
        assert not torch.allclose(back.weights, forth.weights)

    def test_one_scale_has_the_same_grid(self, device):
        (attention,) = support_attention(
            network(8, device, multi_scale=False), *CONTRACT.objects(8, device, n=1)
        )  # 4x4 and 2x2 maps are resized to the 8x8 grid, so they add no tokens
        assert attention.weights.shape == (2, 9, 64, 2, 8, 8)

    def test_another_side_than_64_is_refused(self, device):
        shapes, supports = CONTRACT.objects(0, device)
        with pytest.raises(ShapeMismatchError, match=r"64.*Crop objects"):
            support_attention(network(0, device), shapes[..., :32, :32], supports[..., :32, :32])


class TestPixels:
    """A pixel asks for its token; a token answers with its pixels."""

    def test_a_pixel_reads_as_the_token_of_its_8x8_block(self):
        attention = made_up(query_token=1 * 8 + 2, support=1, row=5, column=0)  # pixels of rows 8..15, columns 16..23
        for row, column in ((8, 16), (15, 23), (11, 20)):
            assert attention.at(row, column)[:, 1, 5, 0].tolist() == [1, 1]
        for row, column in ((7, 16), (8, 15), (16, 16)):
            assert attention.at(row, column)[0, 1, 5, 0].item() == pytest.approx(1 / 128)

    def test_the_channel_is_that_of_the_inferred_part_unless_one_is_named(self):
        attention = made_up(query_token=10, support=0, row=0, column=0, channel=4)
        assert attention.at(8, 16)[0, 0, 0, 0] == 1
        for channel in (0, 3):
            assert attention.at(8, 16, channel)[0, 0, 0, 0].item() == pytest.approx(1 / 128)

    def test_what_was_read_lies_around_the_tokens_pixels(self):
        read = made_up(query_token=10, support=1, row=5, column=0).read_by(8, 16)
        assert read.shape == (2, 64, 64)
        assert read[0].sum() == 0
        # by hand: row 5 is centred at 43.5 and fades over 8 pixels each way; column 0 has no neighbour on its left
        rows, columns = read[1].sum(1), read[1].sum(0)
        assert rows.nonzero().flatten().tolist() == list(range(36, 52))
        assert columns.nonzero().flatten().tolist() == list(range(12))
        assert columns[:4].tolist() == pytest.approx([1 / 8] * 4)
        assert rows[43].item() == pytest.approx(15 / 16 / 8)

    def test_shares_count_a_tokens_pixels_by_part(self):
        """Rows 16..23 of the supports: 6 rows of part 1, 2 of part 2."""
        found = made_up(10, support=0, row=2, column=3).shares(8, 16)
        assert found.tolist() == pytest.approx([0, 0.75, 0.25, *[0] * 6])
        assert made_up(10, support=0, row=1, column=3).shares(8, 16).tolist() == pytest.approx([0, 1, *[0] * 7])

    def test_each_block_has_its_own_shares(self):
        attention = made_up(10, support=0, row=2, column=3)
        attention.weights[1] = attention.weights[1].roll(-1, dims=3)  # the second block reads a row above
        assert attention.shares(8, 16, block=0).tolist() == pytest.approx([0, 0.75, 0.25, *[0] * 6])
        assert attention.shares(8, 16, block=1).tolist() == pytest.approx([0, 1, *[0] * 7])

    @law(seed=SEEDS, mode=st.sampled_from(["bilinear", "nearest"]))
    def test_frames_keep_the_sum_at_the_edges_too(self, seed, mode):
        weights = torch.rand(3, 8, 8, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).pow(8)
        torch.testing.assert_close(to_support_frames(weights, mode).sum((-2, -1)), weights.sum((-2, -1)))

    @pytest.mark.parametrize(
        ("row", "column", "channel", "said"), [(64, 0, None, "row"), (0, -1, None, "column"), (0, 0, 9, "channel")]
    )
    def test_a_pixel_outside_the_frame_is_refused(self, row, column, channel, said):
        with pytest.raises(ConfigError, match=said):
            made_up(0, 0, 0, 0).at(row, column, channel)
