"""GANSeg's generator keeps its contract in every form, and its masks follow its points."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG as SMALL
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.generator import GANSegGenerator, GANSegOutput
from ipose.ganseg.points import PartPoints
from ipose.ganseg.presets import GANSegConfig
from ipose.testing import GANSegGeneratorContract

SIX = replace(SMALL, sizes=(8, 8, 16, 16, 32, 32), channels=(8, 6, 6, 4, 4, 4), head="one", heatmap="gauss-var")


class TestFourBlocks(GANSegGeneratorContract):
    """As for CelebA and Taichi.

    Claims of GANSegGeneratorContract: shapes are those of the config; the masks of a pixel sum to 1; pixels and
    points are between minus 1 and 1; centres are the means of their points; points depend on the first noise alone;
    the noise of the background reaches the background alone; the row of the background counts only where the config
    lets it; noise of another width is refused by name; those of NetworkContract.
    """

    config = SMALL


class TestSixBlocks(GANSegGeneratorContract):
    """As for CUB and Flowers."""

    config = SIX


class TestOtherSizesPartsAndPoints(GANSegGeneratorContract):
    """Three blocks to 64 pixels, 5 parts of 3 points, the paper's heatmaps, a background that moves both ways."""

    config = replace(
        SMALL,
        sizes=(16, 32, 64),
        channels=(8, 6, 4),
        parts=5,
        points_per_part=3,
        heatmap="gauss-paper",
        grid="pixel-centre",
        fixed_background_row=False,
    )


def level_1(config: GANSegConfig, seed: int = 0) -> PartPoints:
    """Points of the middle of the image, spread enough to see."""
    generator = torch.Generator().manual_seed(seed)
    points = 0.6 * torch.rand(2, config.points, 2, generator=generator) - 0.3
    embeddings = torch.randn(2, config.parts, config.embedding, generator=generator)
    return PartPoints(points, embeddings, torch.randn(2, config.embedding, generator=generator))


def settled(config: GANSegConfig) -> GANSegGenerator:
    """In eval mode, with running statistics that are not 0 and 1."""
    torch.manual_seed(0)
    network = GANSegGenerator(config)
    start_weights(network)
    with torch.no_grad():
        for i in range(3):
            network.train().render(level_1(config, i), torch.zeros(2, 2))
    return network.eval()


@torch.no_grad()
def masks_before_and_after(config: GANSegConfig, steps: int = 1):
    """Masks of points, of the same points moved down and right by coarse pixels, and pixels of the image that is."""
    network, level1 = settled(config), level_1(config)
    step = 2 / config.sizes[0] if config.grid == "pixel-centre" else 2 / (config.sizes[0] - 1)
    moved = level1._replace(points=level1.points + torch.tensor([steps * step, -steps * step]))
    position = torch.zeros(2, 2)
    pixels = steps * config.image_size // config.sizes[0]
    before, after = network.render(level1, position).mask, network.render(moved, position).mask
    return before[:, :, :-pixels, pixels:], after[:, :, pixels:, :-pixels]


class TestTranslation:
    """Shifting all points by a pixel of the coarsest grid shifts the masks."""

    @pytest.mark.parametrize("steps", [1, 2])
    @pytest.mark.parametrize("config", [SMALL, SIX], ids=["4 blocks", "6 blocks"])
    def test_exactly_on_the_pixel_centre_grid(self, config, steps):
        before, after = masks_before_and_after(replace(config, grid="pixel-centre", margin=10), steps)
        assert (before.amax((2, 3)) - before.amin((2, 3))).max() > 0.1  # there is something to shift
        torch.testing.assert_close(after, before, atol=1e-5, rtol=1e-5)

    def test_approximately_on_the_releases_grid(self):
        """In this random net, whose coarsest grid has 8x8 pixels: to 0.05 on average (0.5 at most), not to 0.001."""
        before, after = masks_before_and_after(replace(SMALL, margin=10))
        assert 1e-3 < (after - before).abs().mean() < 0.05


class TestMargin:
    """The margin keeps zero padding out of the image: with more of it, nothing changes; with less, something does."""

    @pytest.mark.parametrize(("margin", "same"), [(14, True), (2, False)])
    def test_ten_pixels_are_enough(self, margin, same):
        config, position = replace(SMALL, margin=10), torch.rand(2, 2)
        network, level1 = settled(config), level_1(config)
        other = GANSegGenerator(replace(config, margin=margin)).eval()
        other.load_state_dict(network.state_dict())
        with torch.no_grad():
            one, two = network.render(level1, position).image, other.render(level1, position).image
        assert torch.allclose(one, two, atol=1e-5) == same


def test_the_part_map_counts_parts_from_1_and_the_background_which_is_last_as_0():
    mask = torch.eye(4)[torch.tensor([[3, 0], [1, 2]])].permute(2, 0, 1)[None]
    nothing = torch.zeros(1, 1, 2, 2)
    output = GANSegOutput(nothing, mask, nothing, nothing, nothing, torch.zeros(1, 3, 2), torch.zeros(1, 3, 2))
    assert output.part_map().tolist() == [[[0, 1], [2, 3]]]
    assert output.part_map().dtype == torch.uint8


class TestSharedLayers:
    """Layers are shared where the config asks for it; that they are nowhere else, the contract says."""

    def test_one_layer_in_place_of_each_run_of_equal_ones(self):
        shared = GANSegGenerator(replace(SMALL, share_repeated=True))
        assert shared.level1.to_points[0] is shared.level1.to_points[3]
        first, one, same, last = shared.mask_blocks
        assert one is same
        assert len({first, one, last}) == 3
        assert shared.level1.to_points[0] is not shared.level1.to_background[0]
        assert shared.state_dict().keys() == GANSegGenerator(SMALL).state_dict().keys()


def test_moving_one_part_moves_its_mask_and_leaves_the_others_points():
    network, level1 = settled(SMALL), level_1(SMALL)
    points = level1.points.clone()
    points[:, 4:8] += 0.3
    with torch.no_grad():
        one, two = (network.render(level1._replace(points=p), torch.zeros(2, 2)) for p in (level1.points, points))
    assert torch.equal(one.centres[:, [0, 2]], two.centres[:, [0, 2]])
    torch.testing.assert_close(two.centres[:, 1] - one.centres[:, 1], torch.full((2, 2), 0.3))
    assert (one.mask - two.mask).abs().max() > 1e-2
