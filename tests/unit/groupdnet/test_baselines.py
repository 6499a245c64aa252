"""The baselines of table 1, from any config."""

from dataclasses import replace

import pytest

from ipose.errors import ConfigError
from ipose.groupdnet.baselines import BASELINES, baseline
from ipose.groupdnet.presets import PRESETS, preset

from .conftest import small


class TestBaseline:
    """baseline(config, name): GroupDNet's config with the changes of a baseline, in the published proportions."""

    @pytest.mark.parametrize("name", BASELINES)
    def test_of_deepfashion_is_the_preset(self, name):
        assert baseline(preset("deepfashion"), name) == preset(f"deepfashion-{name}")

    @pytest.mark.parametrize("name", BASELINES)
    @pytest.mark.parametrize("of", ["cityscapes", "ade20k", "fashion-small"])
    def test_of_every_preset_checks_out(self, name, of):
        config, own = baseline(preset(of), name), preset(of)
        assert (config.height, config.width, config.batch_size) == (own.height, own.width, own.batch_size)

    def test_what_keeps_the_classes_apart(self):
        """Groups of encoder and decoder, at four classes and five blocks."""
        groups = {name: baseline(small(), name).decoder_groups for name in BASELINES}
        apart = {name: baseline(small(), name).encoder_grouped for name in BASELINES}
        assert groups == {
            "mulnet": (4,) * 5,
            "groupnet": (4,) * 5,
            "groupenc": (1,) * 5,
            "groupdec": small().decoder_groups,
            "vspade": (1,) * 5,
        }
        assert apart == {"mulnet": True, "groupnet": True, "groupenc": True, "groupdec": False, "vspade": False}
        assert baseline(small(), "vspade").code == "vector"

    def test_a_preset_that_has_the_baseline_gives_its_own(self):
        own = baseline(preset("fashion-small"), "vspade", "fashion-small")
        assert own == preset("fashion-small-vspade") != baseline(preset("fashion-small"), "vspade")
        assert "fashion-small-mulnet" not in PRESETS
        assert baseline(preset("fashion-small"), "mulnet", "fashion-small").decoder_groups == (8,) * 6

    def test_other_settings_stay(self):
        config = replace(small(), kl_weight=0.3, norm="group")
        for name in BASELINES:
            assert (baseline(config, name).kl_weight, baseline(config, name).norm) == (0.3, "group")

    def test_another_name_is_refused(self):
        with pytest.raises(ConfigError, match="no such baseline: found bicyclegan, expected mulnet, groupnet"):
            baseline(small(), "bicyclegan")
