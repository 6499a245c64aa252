"""The encoders turn silhouettes and masks into tokens: which place a token stands for, and what it is made of."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import Tensor, nn

from ipose.layers.instance_norm import InstanceNorm
from ipose.partnet.encoders import MaskEncoder, NormalizedConv, ShapeEncoder, TokenEncoder, norm_layer
from ipose.reference.operations import Layers
from ipose.reference.partnet import encode
from ipose.testing import NetworkContract, law
from ipose.testing.literal import assert_same_function, randomise

WIDTHS = (2, 3, 3, 4)
SEEDS = st.integers(0, 2**32 - 1)
NORMALIZATIONS = ("instance", "batch")


def images(seed: int, channels: int, side: int = 32, count: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, side, side, generator=generator, dtype=torch.float64)


def settled(encoder: nn.Module, *inputs: Tensor) -> nn.Module:
    """In float64 and eval mode, batch norm's running statistics not 0 and 1."""
    encoder = encoder.double()
    encoder(*inputs)
    return encoder.eval()


class TestNormalizedConv:
    """Convolution, norm, activation, in this order; the size is divided by the stride."""

    @law(seed=SEEDS)
    def test_is_instance_norm_and_a_leak_of_a_fifth(self, seed):
        block, x = NormalizedConv(3, 5, 4, 2).double(), images(seed, 3, side=8)
        y = F.conv2d(x, block[0].weight, block[0].bias, stride=2, padding=1)
        mean, variance = y.mean((2, 3), keepdim=True), y.var((2, 3), keepdim=True, correction=0)
        y = (y - mean) / (variance + 1e-5).sqrt()
        torch.testing.assert_close(block(x), torch.where(y > 0, y, 0.2 * y))

    def test_or_batch_norm_and_relu(self):
        block, x = NormalizedConv(3, 5, 7, 1, "batch").double(), images(0, 3, side=8)
        y = F.conv2d(x, block[0].weight, block[0].bias, padding=3)
        mean, variance = y.mean((0, 2, 3), keepdim=True), y.var((0, 2, 3), keepdim=True, correction=0)
        torch.testing.assert_close(block(x), ((y - mean) / (variance + 1e-5).sqrt()).clamp(min=0))

    @pytest.mark.parametrize(("kernel", "stride", "side"), [(7, 1, 16), (4, 2, 8), (3, 1, 16)])
    def test_the_side_is_divided_by_the_stride(self, kernel, stride, side):
        assert NormalizedConv(1, 1, kernel, stride)(torch.rand(1, 1, 16, 16)).shape == (1, 1, side, side)

    def test_the_norm_has_weights_for_batch_norm_alone(self):
        assert list(norm_layer("instance", 3).parameters()) == []
        assert isinstance(norm_layer("instance", 3), InstanceNorm)
        assert [tuple(p.shape) for p in norm_layer("batch", 3).parameters()] == [(3,), (3,)]


def literal_tokens(encoder: TokenEncoder, x: Tensor) -> Tensor:
    """The stem's map, then each coarser map resized to it, all channels of one place a token, row by row."""
    scale = x
    for conv in encoder.stem:
        scale = conv(scale)
    side, scales = scale.shape[-1], [scale]
    for conv in encoder.coarser:
        scale = conv(scale)
        scales.append(F.interpolate(scale, size=(side, side), mode="bilinear"))
    rows = []
    for item in range(len(x)):
        tokens = [torch.cat([m[item, :, i, j] for m in scales]) for i in range(side) for j in range(side)]
        rows.append(torch.stack(tokens))
    return torch.stack(rows)


class TestTokenEncoder:
    """A token stands for 8x8 pixels; with multi-scale, the coarser maps stand behind in its channels."""

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    @pytest.mark.parametrize("multi_scale", [True, False])
    def test_agrees_with_the_loop_in_float64(self, multi_scale, normalization):
        x = images(0, 3, side=64)
        encoder = settled(TokenEncoder(3, WIDTHS, multi_scale, normalization), x)
        torch.testing.assert_close(encoder(x), literal_tokens(encoder, x))

    @pytest.mark.parametrize("normalization", NORMALIZATIONS)
    @pytest.mark.parametrize("multi_scale", [True, False])
    def test_outputs_and_gradients_are_those_of_the_table_of_layers(self, multi_scale, normalization):
        """Spelled out in plain operations, which know no layer of ours: norms, activations, strides and resizes."""
        encoder = randomise(TokenEncoder(3, WIDTHS, multi_scale, normalization), 0).eval()
        assert_same_function(
            encoder,
            lambda state, x: torch.stack([encode(Layers(state), one[None], multi_scale, normalization) for one in x]),
            (images(1, 3, side=64),),
            seed=2,
        )

    def test_kernels_strides_and_widths_are_those_of_the_table(self):
        convolutions = [module for module in TokenEncoder(3, WIDTHS, True).modules() if isinstance(module, nn.Conv2d)]
        assert [(c.kernel_size, c.stride, c.padding) for c in convolutions] == [
            ((7, 7), (1, 1), (3, 3)),
            *[((4, 4), (2, 2), (1, 1))] * 5,
        ]
        assert [c.out_channels for c in convolutions] == [*WIDTHS, WIDTHS[-1], WIDTHS[-1]]

    @pytest.mark.parametrize(("multi_scale", "width"), [(True, 12), (False, 4)])
    def test_64_pixels_a_side_give_64_tokens(self, multi_scale, width):
        assert TokenEncoder(3, WIDTHS, multi_scale)(torch.rand(2, 3, 64, 64)).shape == (2, 64, width)

    def test_tokens_stand_row_by_row(self):
        """Given one bright pixel, without a norm that spreads it, the tokens that see it lie around its place."""
        encoder = TokenEncoder(1, (1, 1, 1, 1), False)
        for block in encoder.stem:
            nn.init.ones_(block[0].weight)
            nn.init.zeros_(block[0].bias)
            block[1] = nn.Identity()
        x = torch.zeros(1, 1, 64, 64)
        x[0, 0, 12, 44] = 1  # row 1 of 8, column 5 of 8
        seen = encoder(x)[0, :, 0].view(8, 8)
        assert seen.argmax() == 1 * 8 + 5
        assert seen[4:].abs().max() == seen[:, :3].abs().max() == 0


class TestShapeEncoder:
    """Silhouettes with the coordinates of their pixels, so that a token knows where it is."""

    def first_layer_sees(self, shapes: Tensor) -> Tensor:
        encoder, seen = ShapeEncoder(WIDTHS, True), []
        encoder.stem[0].register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
        encoder(shapes)
        return seen[0]

    def test_the_network_is_given_x_y_and_the_silhouette_three_times(self):
        shapes = images(0, 1, side=64).float()
        seen = self.first_layer_sees(shapes)
        side = torch.tensor([-1 + 2 * i / 63 for i in range(64)])
        torch.testing.assert_close(seen[:, 0], side.expand(2, 64, 64))  # x grows to the right
        torch.testing.assert_close(seen[:, 1], side[:, None].expand(2, 64, 64))  # y grows downwards
        assert torch.equal(seen[:, 2:], shapes.expand(2, 3, 64, 64))

    @law(seed=SEEDS)
    def test_a_moved_object_gives_other_tokens_than_the_moved_ones(self, seed):
        torch.manual_seed(seed)
        encoder = ShapeEncoder(WIDTHS, False).double()
        x = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
        x[..., 24:40, 16:32] = 1
        here = encoder(x)[0].view(8, 8, -1)
        there = encoder(x.roll(16, dims=-1))[0].view(8, 8, -1)
        assert not torch.allclose(there[:, 4:6], here[:, 2:4])

    def test_an_empty_batch_gives_no_tokens(self):
        assert ShapeEncoder(WIDTHS, True)(torch.zeros(0, 1, 64, 64)).shape == (0, 64, 12)


class TestMaskEncoder:
    """Masks alone: no coordinates."""

    def test_the_network_is_given_the_mask_alone(self):
        assert MaskEncoder(WIDTHS, True).stem[0][0].in_channels == 1

    @law(seed=SEEDS)
    def test_a_mask_moved_by_a_token_gives_the_moved_tokens(self, seed):
        """Given a mask far from the border and no instance norm over the moved frame's edge."""
        torch.manual_seed(seed)
        encoder = MaskEncoder(WIDTHS, False).double()
        for block in encoder.stem:
            nn.init.zeros_(block[0].bias)  # then the ground is 0 everywhere, at the border too
        x = torch.zeros(1, 1, 64, 64, dtype=torch.float64)
        x[..., 24:36, 24:38] = 1
        before, after = (encoder(mask)[0].view(8, 8, -1) for mask in (x, x.roll(8, dims=-1)))
        torch.testing.assert_close(after.roll(-1, dims=1)[1:7, 1:6], before[1:7, 1:6])


class _EncoderContract(NetworkContract):
    def inputs(self, batch):
        return (torch.rand(batch, 1, 64, 64),)


class TestShapeEncoderIsANetwork(_EncoderContract):
    def make(self):
        return ShapeEncoder(WIDTHS, True)


class TestMaskEncoderIsANetwork(_EncoderContract):
    def make(self):
        return MaskEncoder(WIDTHS, True)


class TestMaskEncoderOfBatchNormIsANetwork(_EncoderContract):
    def make(self):
        return MaskEncoder(WIDTHS, False, "batch")
