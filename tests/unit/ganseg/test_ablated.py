"""GANSeg's generator without points, or without a background of its own, is a generator all the same."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.errors import ConfigError
from ipose.ganseg.ablated import WithoutBackground, WithoutPoints, build_generator, mask_centres
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.heatmaps import pixel_grid
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.pretrained import load_ganseg, save_ganseg

FORMS = {"without points": {"use_points": False}, "without background": {"separate_background": False}}


def built(**changes):
    torch.manual_seed(0)
    network = build_generator(replace(TINY_GANSEG, **changes))
    start_weights(network)
    return network


def outputs(network, changed=None):
    noise = numbered_noise(network.config, 0, range(3))
    return network(*(-tensor if i == changed else tensor for i, tensor in enumerate(noise)))


class TestBuildGenerator:
    """Which network a config is of."""

    def test_the_whole_one_by_default(self):
        assert type(built()) is GANSegGenerator
        assert type(built(use_points=False)) is WithoutPoints
        assert type(built(separate_background=False)) is WithoutBackground

    def test_one_ablation_at_a_time(self):
        with pytest.raises(ConfigError, match=r"\[use_points\].*one ablation of figure 9 at a time"):
            replace(TINY_GANSEG, use_points=False, separate_background=False)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
class TestBoth:
    """What every generator does."""

    def test_shapes_and_ranges(self, form):
        output = outputs(built(**form))
        assert output.image.shape == (3, 3, 32, 32)
        assert output.image.abs().max() <= 1
        assert output.mask.shape == (3, 4, 32, 32)
        torch.testing.assert_close(output.mask.sum(1), torch.ones(3, 32, 32))
        assert output.centres.shape == (3, 3, 2)

    def test_every_parameter_receives_gradient(self, form):
        network = built(**form)
        output = outputs(network)
        (output.image.square().sum() + output.mask[:, 0].square().sum()).backward()
        without = [name for name, parameter in network.named_parameters() if parameter.grad is None]
        assert without == []

    def test_comes_back_from_disk(self, form, tmp_path):
        network = built(**form).eval()
        save_ganseg(tmp_path / "model", network)
        again = load_ganseg(tmp_path / "model")
        assert type(again) is type(network)
        with torch.no_grad():
            assert torch.equal(outputs(again).image, outputs(network).image)


class TestWithoutPoints:
    """Noise 0 makes the masks; their means are the centres."""

    def test_the_first_noise_alone_changes_the_masks(self):
        with torch.no_grad():
            network = built(use_points=False).eval()
            mask = outputs(network).mask
            assert not torch.allclose(outputs(network, changed=0).mask, mask)
            assert all(torch.equal(outputs(network, changed=i).mask, mask) for i in (1, 2, 3))

    def test_the_foreground_starts_at_the_masks_centres(self):
        network, seen = built(use_points=False).eval(), list[torch.Tensor]()
        network.foreground_start.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        with torch.no_grad():
            output = outputs(network)
        assert torch.equal(seen[0], output.centres)
        torch.testing.assert_close(output.centres, mask_centres(output.mask[:, :-1], pixel_grid(32)))

    def test_centres_are_the_means_of_the_masks(self):
        mask = torch.zeros(1, 1, 32, 32)
        mask[0, 0, 0, 31], mask[0, 0, 31, 31] = 0.5, 0.5
        torch.testing.assert_close(mask_centres(mask, pixel_grid(32)), torch.tensor([[[0.0, 1.0]]]), atol=1e-4, rtol=0)


class TestWithoutBackground:
    """The background is painted by the foreground's blocks."""

    def test_its_noise_reaches_the_image_and_its_position_does_not(self):
        with torch.no_grad():
            network = built(separate_background=False).eval()
            image = outputs(network).image
            assert not torch.allclose(outputs(network, changed=1).image, image)
            assert torch.equal(outputs(network, changed=3).image, image)
            assert not outputs(network).background.any()

    @torch.no_grad()
    def test_its_look_is_painted_where_its_mask_is_which_is_the_last(self):
        network, noise = built(separate_background=False).eval(), torch.Generator().manual_seed(0)
        embeddings, background = torch.randn(1, 3, 4, generator=noise), torch.randn(1, 4, generator=noise)
        place, centres = torch.zeros(1, 2), torch.zeros(1, 3, 2)

        def image(channel, parts, behind):
            mask = torch.zeros(1, 4, 32, 32)
            mask[:, channel] = 1
            return network.level3(parts, behind, centres, mask, place)[0]

        for channel, (own, other) in ((3, (background, embeddings)), (0, (embeddings, background))):
            order = (lambda a, b: (b, a)) if channel == 3 else (lambda a, b: (a, b))
            before = image(channel, *order(own, other))
            assert torch.equal(image(channel, *order(own, -other)), before)
            assert not torch.allclose(image(channel, *order(-own, other)), before)

    def test_it_has_no_layers_of_the_background(self):
        names = {name.partition(".")[0] for name, _ in built(separate_background=False).named_parameters()}
        assert names == {"level1", "mask_start", "foreground_start", "mask_blocks", "foreground_blocks", "head"}


class TestFixedScale:
    """Every part is as wide as any other, in every image (P table 5)."""

    def test_heatmaps_do_not_ask_for_the_points_spread(self):
        network = built(fixed_scale=0.1, heatmap="gauss-var").eval()
        with torch.no_grad():
            output = outputs(network)
        squared = (pixel_grid(32) - output.centres[:, :, None, None]).square().sum(-1)
        torch.testing.assert_close(output.heatmaps, torch.exp(-squared / 0.1))
