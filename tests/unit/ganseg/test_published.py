"""What was published about GANSeg's settings, data set by data set."""

from dataclasses import fields

import pytest

from ipose.configs import Published
from ipose.ganseg.presets import PRESETS, GANSegConfig, preset
from ipose.ganseg.published import published

DATA_SETS = ("celeba-wild", "taichi", "cub", "flowers")


class TestPublished:
    """published(preset): each field's value in the paper and in the release, None where one is silent."""

    @pytest.mark.parametrize("name", list(PRESETS))
    def test_tells_of_every_field_and_no_other_in_the_configs_order(self, name):
        assert list(published(name)) == [field.name for field in fields(GANSegConfig)]

    @pytest.mark.parametrize(
        ("name", "field", "paper", "release"),
        [
            ("celeba-wild", "parts", 8, 8),
            ("taichi", "parts", 10, 10),
            ("cub", "parts", 8, 8),
            ("celeba-wild", "concentration_per_part", 1.25, 1.25),
            ("taichi", "concentration_per_part", 3.0, 3.0),
            ("flowers", "concentration_per_part", 3.75, 3.75),
            ("cub", "sizes", (32, 32, 64, 128), (32, 32, 64, 64, 128, 128)),
            ("celeba-wild", "sizes", (32, 32, 64, 128), (32, 32, 64, 128)),
            ("flowers", "head", "two", "one"),
            ("cub", "head", "two", "two"),
            ("taichi", "fixed_background_row", True, True),
            ("celeba-wild", "fixed_background_row", False, True),
            ("celeba-wild", "heatmap", "gauss-paper", "cone"),
            ("celeba-wild", "beta1", 0.5, 0.5),
            ("celeba-wild", "beta2", 0.9, 0.9),
            ("celeba-wild", "penalty_interval", None, 16),
        ],
    )
    def test_what_stands_in_paper_and_release(self, name, field, paper, release):
        entry = published(name)[field]
        assert (entry.paper, entry.release) == (paper, release)

    @pytest.mark.parametrize("name", DATA_SETS)
    def test_a_preset_leaves_the_release_only_for_the_paper_or_where_the_release_has_words(self, name):
        """A released number that a preset does not follow is one that it takes from the paper."""
        config = preset(name)
        for field, entry in published(name).items():
            if entry.release is not None and getattr(config, field) != entry.release:
                assert getattr(config, field) == entry.paper or isinstance(entry.release, str), field

    @pytest.mark.parametrize("name", sorted(set(PRESETS) - set(DATA_SETS)))
    def test_a_preset_of_no_published_data_set_gets_what_is_known_of_celeba_in_the_wild(self, name):
        assert published(name) == published("celeba-wild")

    def test_what_nobody_wrote_down_is_silent(self):
        assert published("taichi")["channels"] == Published(release=(512, 256, 128, 64))
        known = published("cub")
        for field in ("noise_channels", "embedding", "final_channels", "mask_channels", "hidden", "batch_size"):
            assert known[field].paper is None, field
