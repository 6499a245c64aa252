"""GANSeg's settings: the published networks have the published sizes, and what cannot work is refused in a sentence."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from ipose.configs import config_from_plain
from ipose.errors import ConfigError
from ipose.ganseg.blocks import start_weights
from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.heatmaps import part_centres, part_heatmaps, part_scales, pixel_grid
from ipose.ganseg.points import PointNetwork
from ipose.ganseg.presets import PRESETS, GANSegConfig, at_size, preset
from ipose.ganseg.published import published
from ipose.systems.describing import describe_preset
from ipose.systems.ganseg.record import GANSegOptions


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


class TestPublishedNetworks:
    """Counts of the release's parameter logs."""

    @pytest.mark.parametrize(
        ("name", "count"),
        [("celeba-wild", 17_793_225), ("taichi", 17_809_867), ("cub", 23_221_833), ("flowers", 23_183_369)],
    )
    def test_the_generator_has_the_published_number_of_parameters(self, name, count):
        with torch.device("meta"):
            assert parameters(GANSegGenerator(preset(name))) == count

    def test_the_discriminator_has_the_published_number_of_parameters(self):
        with torch.device("meta"):
            assert parameters(GANSegDiscriminator.from_config(preset("cub"))) == 23_726_721

    def test_the_segmenter_has_the_published_number_of_parameters(self):
        from ipose.segmentation.part_segmenter import PartSegmenter

        with torch.device("meta"):
            assert parameters(PartSegmenter(8)) == 39_635_785

    @pytest.mark.parametrize(("name", "weight"), [("celeba-wild", 10), ("cub", 10), ("taichi", 30), ("flowers", 30)])
    def test_concentration_weighs_what_table_4_says(self, name, weight):
        assert preset(name).lambda_con == weight


class TestWeights:
    """The weights of the part losses follow the number of parts and the size of the image."""

    @pytest.mark.parametrize(("parts", "weight"), [(8, 10), (4, 5), (1, 1.25), (12, 15)])
    def test_concentration_grows_with_the_parts_as_in_equation_26(self, parts, weight):
        assert preset("celeba-wild", parts=parts).lambda_con == weight
        assert replace(preset("celeba-wild"), parts=parts).lambda_con == weight

    def test_each_data_set_has_its_own_factor(self):
        factors = {name: preset(name).concentration_per_part for name in ("celeba-wild", "taichi", "cub", "flowers")}
        assert factors == {"celeba-wild": 1.25, "taichi": 3, "cub": 1.25, "flowers": 3.75}

    def test_a_given_weight_stands_whatever_the_parts(self):
        assert preset("cub", parts=4, concentration_weight=7.0).lambda_con == 7
        assert preset("cub", concentration_weight=0.0).lambda_con == 0

    @pytest.mark.parametrize("name", PRESETS)
    def test_the_area_loss_has_the_published_weight_at_128_pixels_at_every_size(self, name):
        for config in (preset(name), *(at_size(preset(name), size) for size in (32, 64, 128, 256))):
            assert config.lambda_area == config.area_weight * (128 / config.image_size) ** 2
        assert at_size(preset(name), 128).lambda_area == 1

    def test_are_said(self):
        said = at_size(preset("celeba-wild", parts=4), 64).derived()
        assert "concentration 5 (1.25 for each of 4 parts), area 4 (1 x (128/64)^2" in said
        assert "concentration 7 (as given)" in preset("cub", concentration_weight=7.0).derived()


@torch.no_grad()
def empty_share(config, seed=0, images=64):
    """Share of heatmaps without one pixel above 0 at the first block, with new weights."""
    torch.manual_seed(seed)
    network = PointNetwork(config)
    start_weights(network)
    points = network(*torch.randn(3, images, config.noise_channels)).points
    scales = part_scales(points, config.parts, config.heatmap)
    grid = pixel_grid(config.sizes[0], config.margin, config.grid)
    heatmaps = part_heatmaps(part_centres(points, config.parts), scales, grid, config.heatmap)
    return float((heatmaps.amax((2, 3)) == 0).float().mean())


PUBLISHED = ("celeba-wild", "taichi", "cub", "flowers")


class TestStart:
    """When training starts, heatmaps reach pixels of the first block. An empty one gives its part no gradient."""

    @pytest.mark.parametrize("name", [name for name in PRESETS if name not in PUBLISHED])
    def test_less_than_5_percent_of_the_heatmaps_are_empty(self, name):
        assert sum(empty_share(preset(name), seed) for seed in range(3)) / 3 < 0.05

    @pytest.mark.parametrize("size", [32, 64])
    @pytest.mark.parametrize("name", PRESETS)
    def test_so_it_is_when_a_preset_is_made_smaller(self, name, size):
        assert sum(empty_share(at_size(preset(name), size), seed) for seed in range(3)) / 3 < 0.05

    @pytest.mark.parametrize("name", PUBLISHED)
    def test_the_published_runs_keep_the_releases_start(self, name):
        assert preset(name).point_divisor == 20
        assert 0.05 < empty_share(preset(name)) < 0.2

    def test_the_divisor_falls_with_the_first_size_and_never_rises(self):
        made = [at_size(preset("celeba-wild"), size).point_divisor for size in (32, 64, 128, 256)]
        assert made == [5, 5, 20, 20]
        assert at_size(preset("tiny"), 128).point_divisor == 5

    @pytest.mark.parametrize("name", ["celeba-wild", "folder"])
    def test_a_training_with_sizes_of_its_own_starts_wide_enough(self, name):
        sizes = (16, 32, 64, 128)
        assert empty_share(preset(name, sizes=sizes)) > 0.05
        trained = GANSegOptions().applied(preset(name, sizes=sizes))
        assert trained == preset(name, sizes=sizes, point_divisor=5.0)
        assert empty_share(trained) < 0.05
        assert GANSegOptions().applied(preset(name)) == preset(name)

    def test_no_first_size_falls_below_16(self):
        assert at_size(preset("celeba-wild"), 32).sizes == (16, 16, 16, 32)
        assert at_size(preset("cub"), 32).sizes == (16, 16, 16, 16, 32, 32)
        assert at_size(preset("cub"), 64).sizes == (16, 16, 32, 32, 64, 64)


class TestPublishedSettings:
    """`ipose info --preset`: every field beside paper and release; the presets follow the release."""

    @pytest.mark.parametrize("name", ["celeba-wild", "taichi", "cub", "flowers"])
    def test_presets_have_the_releases_numbers(self, name):
        known, values = published(name), asdict(preset(name))
        assert known.keys() == values.keys()
        differing = {
            field for field, said in known.items() if said.release is not None and said.release != values[field]
        }
        assert differing == {"updates"}
        assert values["updates"] == known["updates"].paper

    def test_where_paper_and_release_differ_there_is_an_option(self):
        differing = {n for n, said in published("celeba-wild").items() if said.paper not in (None, said.release)}
        assert differing == {
            *("heatmap", "point_layers", "embedding_layers", "fixed_background_row", "concentration", "area_target"),
            *("part_loss_interval", "penalty", "updates"),
        }
        papers = {n: published("celeba-wild")[n].paper for n in differing}
        assert preset("celeba-wild", **papers).heatmap == "gauss-paper"

    def test_is_printed(self):
        table = describe_preset("flowers")
        assert "GANSeg preset flowers" in table
        assert "gauss-paper" in table


class TestPresets:
    """Every preset is a config that works, and survives JSON."""

    @pytest.mark.parametrize("name", PRESETS)
    def test_comes_back_from_json(self, name):
        assert config_from_plain(GANSegConfig, json.loads(json.dumps(asdict(preset(name))))) == preset(name)

    @pytest.mark.parametrize("size", [32, 64, 128, 256, 512])
    @pytest.mark.parametrize("name", PRESETS)
    def test_works_at_every_power_of_two(self, name, size):
        config = at_size(preset(name), size)
        assert config.image_size == size
        assert len(config.sizes) == len(preset(name).sizes)

    def test_at_its_own_size_nothing_changes(self):
        assert at_size(preset("cub"), 128) == preset("cub")

    def test_fields_and_names_that_do_not_exist_are_refused(self):
        with pytest.raises(ConfigError, match="no such GANSeg preset: found birds, expected celeba-wild"):
            preset("birds")
        with pytest.raises(ConfigError, match="no such field: found wings"):
            preset("cub", wings=2)


class TestWrongSettings:
    """One sentence names the field, what was found and what would do."""

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"sizes": (32, 48, 64, 128)}, r"\[sizes\].*found 32 48 64 128, expected sizes that each repeat or double"),
            ({"sizes": (32, 32, 128, 128)}, r"\[sizes\].*repeat or double"),
            ({"sizes": (64, 64, 32, 64)}, r"\[sizes\].*repeat or double"),
            ({"sizes": (12, 12, 24, 48)}, r"\[sizes\].*an image \(the last size\) of 32, 64"),
            ({"sizes": (8, 8, 16, 16)}, r"\[sizes\].*of 32, 64"),
            ({"sizes": ()}, r"\[sizes\].*found none"),
            ({"sizes": (32, 64, 128)}, r"\[channels\].*one width for each of the 3 sizes"),
            ({"parts": 300}, r"\[parts\].*found 300, expected at most 254"),
            ({"parts": 0}, r"\[parts\].*above 0"),
            ({"channels": (511, 256, 128, 64)}, r"\[channels\].*an even first width"),
            ({"points_per_part": 1, "heatmap": "gauss-var"}, r"\[points_per_part\].*2 or more with gauss-var"),
            ({"discriminator_channels": (8,) * 8}, r"\[discriminator_channels\].*at most 7 for an image of 128x128"),
            ({"beta1": 1.0}, r"\[beta1\]"),
            ({"concentration_per_part": -1.0}, r"\[concentration_per_part\].*0 or more"),
            ({"concentration_weight": -1.0}, r"\[concentration_weight\].*0 or more"),
        ],
    )
    def test_is_refused(self, wrong, sentence):
        with pytest.raises(ConfigError, match=sentence):
            GANSegConfig(**wrong)

    def test_too_many_parts_for_the_first_size(self):
        with pytest.raises(ConfigError, match=r"\[parts\].*found 65, expected at most 64.*16x16"):
            preset("tiny", parts=65)

    @pytest.mark.parametrize("size", [0, 16, 48, 100])
    def test_an_image_size_that_is_no_power_of_two(self, size):
        with pytest.raises(ConfigError, match=rf"image_size.*found {size}"):
            at_size(preset("tiny"), size)
