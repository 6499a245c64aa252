"""What was published about the synthesis settings, data set by data set."""

from dataclasses import fields

import pytest

from ipose.configs import Published
from ipose.synthesis.presets import PRESETS, SynthesisConfig
from ipose.synthesis.published import published

DATA_SETS = ("cityscapes", "ade20k", "coco-stuff")


class TestPublished:
    """published(preset): each field's value in the paper and in the release, None where one is silent."""

    @pytest.mark.parametrize("name", list(PRESETS))
    def test_tells_of_every_field_and_no_other(self, name):
        assert list(published(name)) == [field.name for field in fields(SynthesisConfig)]

    @pytest.mark.parametrize("name", DATA_SETS)
    def test_a_release_twin_is_for_the_same_data_set(self, name):
        assert published(f"{name}-release") == published(name)

    @pytest.mark.parametrize(
        ("name", "field", "paper", "release"),
        [
            ("cityscapes", "lr_generator", 1e-4, 4e-4),
            ("cityscapes", "label_mix_weight", 10.0, 5.0),
            ("cityscapes", "ema_decay", None, 0.999),
            ("cityscapes", "batch_size", None, 4),
            ("ade20k", "lr_generator", 1e-4, 2e-4),
            ("ade20k", "label_mix_weight", 10.0, 10.0),
            ("ade20k", "ema_decay", None, 0.9999),
            ("ade20k", "batch_size", None, 24),
            ("coco-stuff", "batch_size", None, 28),
            ("coco-stuff", "part_channels", None, 9),
            ("coco-stuff", "lr_generator", 1e-4, 1e-4),
            ("coco-stuff", "epochs", 100, 500),
            ("coco-stuff", "num_classes", 183, 183),
        ],
    )
    def test_what_stands_in_paper_and_scripts(self, name, field, paper, release):
        entry = published(name)[field]
        assert (entry.paper, entry.release) == (paper, release)

    def test_what_is_oasiss_says_so(self):
        known = published("ade20k")
        assert known["channels"] == Published(64, 64, of="OASIS")
        assert known["part_hidden"].of == ""

    def test_a_rate_that_no_script_passes_is_told_from_one_that_a_script_passes(self):
        assert published("coco-stuff")["lr_generator"].release_from == "none passed: its config.py's default"
        assert published("ade20k")["lr_generator"].release_from == ""

    def test_a_preset_of_no_published_data_set_gets_what_holds_for_all_of_them(self):
        toy = published("toy")
        assert toy["part_hidden"] == published("ade20k")["part_hidden"]
        assert toy["unknown"] == Published(release=0)

    def test_and_of_the_rest_that_it_differs_by_data_set(self):
        """Paper and release are told apart: in the paper one rate serves all data sets, in the scripts it does not."""
        toy = published("toy")
        assert (toy["lr_generator"].paper, toy["lr_generator"].release) == (1e-4, "by data set")
        assert (toy["epochs"].paper, toy["epochs"].release) == ("by data set", 500)
        assert (toy["num_classes"].paper, toy["height"].paper) == ("by data set", 256)
