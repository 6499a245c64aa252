"""Discriminator: the contract at several depths, the paper's size, spectral norm, and what it refuses."""

import inspect

import pytest
import torch
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.presets import preset
from ipose.testing.claims import failed_tests
from ipose.testing.discriminator_contract import CLASSES, DiscriminatorContract

FOUR_BLOCKS = (3, 4, 4, 6, 8)


def seeded(channels: tuple[int, ...], **options: str) -> Discriminator:
    torch.manual_seed(0)
    return Discriminator(CLASSES, channels, last_decoder_channels=5, **options)


class TestDiscriminator(DiscriminatorContract):
    """Four blocks: multiples of 16, scores at H/16.

    Claims of DiscriminatorContract: answers for every pixel and every region; a batch equals its images one by one;
    every parameter receives gradient; both answers pull on every pixel of the image; save then load changes no answer;
    no two layers share weights; a size that does not halve evenly is refused in a sentence.
    """

    def build(self) -> nn.Module:
        return seeded(FOUR_BLOCKS)


class TestDiscriminatorWithSpectralNormEverywhere(DiscriminatorContract):
    def build(self) -> nn.Module:
        return seeded(FOUR_BLOCKS, spectral_norm="all")


class TestShallowDiscriminator(DiscriminatorContract):
    """Two blocks: multiples of 4; the global head reads the last block, H/4."""

    size = (8, 12)
    score_size = (2, 3)
    wrong_size = (8, 10)

    def build(self) -> nn.Module:
        return seeded((3, 4, 6))


@pytest.fixture(scope="module")
def published() -> Discriminator:
    return Discriminator(183)


class TestPublishedDiscriminator:
    """The paper's network, by its numbers."""

    def test_has_22_263_289_parameters_for_183_classes(self, published: Discriminator) -> None:
        assert sum(p.numel() for p in published.parameters()) == 22_263_289

    def test_decoder_widths_are_the_published_ones(self, published: Discriminator) -> None:
        widths = [(block.conv1.in_channels, block.conv1.out_channels) for block in published.decoder]
        assert widths == [(512, 512), (1024, 256), (512, 256), (512, 128), (256, 128), (256, 64)]

    def test_takes_multiples_of_64_and_scores_at_a_sixteenth(self) -> None:
        network = seeded((3, 2, 2, 2, 2, 2, 2)).eval()
        assert network(torch.zeros(1, 3, 64, 128)).score.shape == (1, 1, 4, 8)
        with pytest.raises(ShapeMismatchError, match="found 96x64, expected height and width multiples of 64"):
            network(torch.zeros(1, 3, 96, 64))

    def test_weights_begin_with_the_gain_of_the_config_and_biases_at_0(self) -> None:
        begun = [Discriminator.from_config(preset("toy", num_classes=4, init_gain=gain)) for gain in (0.01, 1.0)]
        small, large = (float(network.segmentation_head.weight.detach().std()) for network in begun)
        assert small < 0.05 * large
        assert not any(p.any() for name, p in begun[0].named_parameters() if name.endswith("bias"))

    def test_spectral_norm_stands_on_the_blocks_and_by_option_on_the_heads(self) -> None:
        def normed(network: nn.Module) -> set[str]:
            named = network.named_modules()
            return {name for name, m in named if isinstance(m, nn.Conv2d) and hasattr(m, "parametrizations")}

        release, everywhere = seeded(FOUR_BLOCKS), seeded(FOUR_BLOCKS, spectral_norm="all")
        convolutions = {name for name, m in everywhere.named_modules() if isinstance(m, nn.Conv2d)}
        assert normed(everywhere) == convolutions
        assert convolutions - normed(release) == {"global_head", "segmentation_head"}


@pytest.mark.parametrize(
    ("options", "field"), [({"channels": (3, 8)}, "channels"), ({"spectral_norm": "some"}, "spectral_norm")]
)
def test_what_cannot_work_is_refused(options: dict[str, object], field: str) -> None:
    with pytest.raises(ConfigError, match=rf"\[{field}\]"):
        inspect.unwrap(Discriminator.__init__)(Discriminator.__new__(Discriminator), CLASSES, **options)


class Crossed(Discriminator):
    """Planted: an image's answer depends on its neighbours."""

    def forward(self, image: Tensor) -> object:
        return super().forward(image - image.mean(dim=0))


class Blinkered(nn.Module):
    """Planted: answers from 1x1 convolutions alone, and never looks at the whole."""

    def __init__(self) -> None:
        super().__init__()
        self.segmentation, self.score = nn.Conv2d(3, CLASSES + 1, 1), nn.Conv2d(3, 1, 1, stride=16)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        return self.segmentation(image), self.score(image)


@pytest.mark.parametrize("wrong", [lambda: Crossed(CLASSES, FOUR_BLOCKS, 5), Blinkered], ids=["crossed", "blinkered"])
def test_the_contract_rejects(wrong: object) -> None:
    assert failed_tests(DiscriminatorContract, None, build=lambda self: wrong())


def test_the_contract_accepts_the_right_version() -> None:
    assert not failed_tests(DiscriminatorContract, None, build=lambda self: seeded(FOUR_BLOCKS))
