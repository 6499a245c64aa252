"""The synthesis presets carry the published numbers, and a setting that cannot work is refused when it is made."""

import dataclasses
import json
import subprocess
import sys

import pytest
from jaxtyping import TypeCheckError

from ipose.configs import config_from_plain
from ipose.errors import ConfigError
from ipose.synthesis.presets import POSITION_CHANNELS, PRESETS, SynthesisConfig, preset


class TestPresets:
    """A preset is a name for a whole configuration; overrides replace single fields."""

    @pytest.mark.parametrize("name", list(PRESETS))
    def test_every_preset_passes_its_own_checks_and_survives_json(self, name):
        config = preset(name)
        assert config_from_plain(SynthesisConfig, json.loads(json.dumps(dataclasses.asdict(config)))) == config

    def test_the_names_are_the_papers_data_sets_their_release_twins_and_toy(self):
        papers = {"cityscapes", "ade20k", "coco-stuff"}
        assert set(PRESETS) == {"toy"} | papers | {f"{name}-release" for name in papers}

    def test_parts_are_written_on_the_objects_own_pixels_in_toy_and_as_in_the_release_in_the_others(self):
        assert {name for name in PRESETS if preset(name).paste == "own_pixels"} == {"toy"}

    @pytest.mark.parametrize(
        ("name", "classes", "size", "batch", "ema"),
        [
            ("cityscapes", 35, (256, 512), 4, 0.999),
            ("ade20k", 151, (256, 256), 24, 0.9999),
            ("coco-stuff", 183, (256, 256), 28, 0.9999),
        ],
    )
    def test_paper_presets_have_the_papers_numbers(self, name, classes, size, batch, ema):
        config = preset(name)
        assert (config.num_classes, (config.height, config.width), config.batch_size) == (classes, size, batch)
        assert config.ema_decay == ema
        assert (config.lr_generator, config.lr_discriminator, config.label_mix_weight) == (1e-4, 4e-4, 10)

    def test_release_twins_have_the_scripts_numbers(self):
        city, ade = preset("cityscapes-release"), preset("ade20k-release")
        assert (city.lr_generator, city.label_mix_weight, city.epochs) == (4e-4, 5, 500)
        assert (ade.lr_generator, ade.label_mix_weight, ade.epochs) == (2e-4, 10, 500)

    def test_overrides_replace_fields(self):
        assert preset("toy", num_classes=5, unknown=0).num_classes == 5

    def test_an_unknown_preset_is_told_which_there_are(self):
        with pytest.raises(ConfigError, match=r"citiscapes.*toy \| cityscapes \| "):
            preset("citiscapes")

    def test_an_unknown_field_is_named(self):
        with pytest.raises(ConfigError, match="learning_rate"):
            preset("toy", learning_rate=1.0)

    def test_importing_presets_does_not_import_torch(self):
        code = "import sys, ipose.synthesis.presets; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestSynthesisConfig:
    """A configuration is frozen, survives JSON, and names the field that cannot work."""

    def test_is_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            preset("toy").channels = 3

    def test_six_blocks_ask_for_multiples_of_32_and_training_for_64(self):
        config = preset("ade20k")
        assert (config.size_multiple, config.training_size_multiple) == (32, 64)

    @pytest.mark.parametrize(
        ("fields", "channels", "tensor"),
        [
            ({}, 288, "features"),
            ({"part_input": "logits"}, 9, "logits"),
            ({"parts": "true"}, 9, "features"),
            ({"parts": "true", "part_input": "logits"}, 9, "features"),
            ({"parts": "position_descriptor"}, 72, "features"),
            ({"parts": "position_descriptor", "part_input": "logits"}, 72, "features"),
        ],
    )
    def test_the_kind_of_parts_says_what_the_part_branch_receives(self, fields, channels, tensor):
        config = preset("cityscapes", **fields)
        assert (config.part_input_channels, config.part_tensor) == (channels, tensor)

    def test_partnet_is_needed_where_parts_are_predicted_and_injected(self):
        assert preset("toy").needs_partnet
        for fields in ({"parts": "true"}, {"parts": "position_descriptor"}, {"part_injection": "none"}):
            assert not preset("toy", **fields).needs_partnet

    def test_position_channels_are_those_of_the_descriptor(self):
        from ipose.shapes.position_descriptor import PositionBins

        assert PositionBins().channels == POSITION_CHANNELS

    def test_fewer_blocks_ask_for_less(self):
        assert preset("ade20k", channel_multipliers=(4, 2, 1)).size_multiple == 2

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("num_classes", 0),
            ("unknown", 35),
            ("unknown", -1),
            ("channels", 0),
            ("channel_multipliers", (16,)),
            ("channel_multipliers", (16, 0)),
            ("discriminator_channels", (3, 8)),
            ("discriminator_channels", (2, 8, 8)),
            ("part_injection", "film"),
            ("part_input", "maps"),
            ("paste", "always"),
            ("spectral_norm", "some"),
            ("global_loss", "wgan"),
            ("style_loss", "lpips"),
            ("parts", "guessed"),
            ("style_crops", "all"),
            ("label_mix_mask", "pixel"),
            ("style_weight", -1.0),
            ("lr_generator", 0.0),
            ("beta1", 1.0),
            ("ema_decay", 1.5),
            ("height", 96),
            ("width", 100),
        ],
    )
    def test_refuses_what_cannot_work_and_names_the_field(self, field, value):
        # where signatures are checked, a choice outside its Literal is refused before the config's own sentence
        with pytest.raises((ConfigError, TypeCheckError), match=field):
            preset("cityscapes", **{field: value})
