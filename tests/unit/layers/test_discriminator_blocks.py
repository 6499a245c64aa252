"""The U-Net's two blocks do what their sentences say, and nothing else."""

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from ipose.layers import discriminator_blocks
from ipose.layers.discriminator_blocks import DownBlock, UpBlock
from ipose.testing import NetworkContract, law


@pytest.fixture(autouse=True, params=[0, 1024], ids=["4x4 kernels", "plain"])
def form(request, monkeypatch):
    """Every claim holds for the 4x4 kernels, which large maps have, and for the plain form of small ones."""
    monkeypatch.setattr(discriminator_blocks, "MANY_PIXELS", request.param)


WIDTHS = [(3, 5), (4, 4), (5, 2)]


def leaky(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, 0.2 * x)


def halved(x: Tensor) -> Tensor:
    """The mean of each 2x2 square."""
    return (x[..., 0::2, 0::2] + x[..., 0::2, 1::2] + x[..., 1::2, 0::2] + x[..., 1::2, 1::2]) / 4


def doubled(x: Tensor) -> Tensor:
    """Each pixel four times."""
    return x.repeat_interleave(2, -2).repeat_interleave(2, -1)


def one_by_one(shortcut: nn.Module, x: Tensor) -> Tensor:
    """A matrix on the channels of each pixel, with a bias; the identity where there is no layer."""
    if isinstance(shortcut, nn.Identity):
        return x
    return torch.einsum("oi,bihw->bohw", shortcut.weight[:, :, 0, 0], x) + shortcut.bias[:, None, None]


def literal_down(block: DownBlock, x: Tensor) -> Tensor:
    residual = block.conv2(leaky(block.conv1(x if block.first else leaky(x))))
    return halved(residual) + halved(one_by_one(block.shortcut, x))


def literal_up(block: UpBlock, x: Tensor) -> Tensor:
    residual = block.conv2(leaky(block.conv1(doubled(leaky(x)))))
    return residual + doubled(one_by_one(block.shortcut, x))


def random_case(block, seed: int, rows: int, cols: int) -> tuple[nn.Module, Tensor]:
    """The block in float64 and eval mode with biases that are not 0, and some features."""
    generator = torch.Generator().manual_seed(seed)
    for bias in (p for name, p in block.named_parameters() if name.endswith("bias")):
        nn.init.normal_(bias, generator=generator)
    width = block.conv1.in_channels
    return block.double().eval(), torch.randn(2, width, rows, cols, generator=generator, dtype=torch.float64)


class _BlockContract(NetworkContract):
    """Both blocks are networks; `first` blocks, and blocks of one width, too."""

    block: nn.Module
    factor: float
    literal = None

    def inputs(self, batch):
        return (torch.randn(batch, self.make().conv1.in_channels, 4, 6),)

    def test_the_size_changes_by_its_factor(self):
        block, x = random_case(self.make(), 0, 4, 6)
        assert block(x).shape == (2, block.conv2.out_channels, int(4 * self.factor), int(6 * self.factor))

    @law(seed=st.integers(0, 2**32 - 1), rows=st.sampled_from([2, 4]), cols=st.sampled_from([2, 6]))
    def test_agrees_with_the_sentence_in_float64(self, seed, rows, cols):
        block, x = random_case(self.make(), seed, rows, cols)
        torch.testing.assert_close(block(x), type(self).literal(block, x))

    def test_every_convolution_is_under_spectral_norm(self):
        block = self.make().eval()
        for conv in (module for module in block.modules() if isinstance(module, nn.Conv2d)):
            assert torch.linalg.matrix_norm(conv.weight.flatten(1), 2).item() == pytest.approx(1, rel=0.05)


class TestDownBlock(_BlockContract):
    """Half the size; both branches pass an activation before their convolutions."""

    factor, literal = 0.5, staticmethod(literal_down)

    def make(self):
        return DownBlock(3, 5)


class TestFirstDownBlock(TestDownBlock):
    """Reads the image as it is."""

    def make(self):
        return DownBlock(3, 5, first=True)


class TestDownBlockOfOneWidth(TestDownBlock):
    """Its shortcut is the identity."""

    def make(self):
        return DownBlock(4, 4)


class TestUpBlock(_BlockContract):
    """Twice the size."""

    factor, literal = 2, staticmethod(literal_up)

    def make(self):
        return UpBlock(5, 3)


class TestUpBlockOfOneWidth(TestUpBlock):
    """Its shortcut is the identity."""

    def make(self):
        return UpBlock(4, 4)


@pytest.mark.parametrize("make", [DownBlock, UpBlock])
@pytest.mark.parametrize("widths", WIDTHS)
def test_the_shortcut_has_weights_only_where_the_width_changes(make, widths):
    shortcut = make(*widths).shortcut
    assert isinstance(shortcut, nn.Identity) == (widths[0] == widths[1])
    assert isinstance(shortcut, nn.Identity) or shortcut.kernel_size == (1, 1)


def test_what_is_below_0_reaches_the_first_block_whole_and_the_others_at_a_fifth():
    """Given a negative image and convolutions that copy, the residual branch shows the activations it passed."""
    for first, expected in ((True, -1 * 0.2), (False, -1 * 0.2 * 0.2)):
        block = DownBlock(1, 1, first=first)
        block.conv1 = block.conv2 = nn.Conv2d(1, 1, 1, bias=False)
        nn.init.ones_(block.conv1.weight)
        out = block(-torch.ones(1, 1, 2, 2))
        assert out.item() == pytest.approx(expected - 1)
