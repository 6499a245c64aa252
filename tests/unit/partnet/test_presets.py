"""PartNet's presets are whole configurations, and a setting that cannot work is refused when it is made."""

import dataclasses
import json
import subprocess
import sys

import pytest
from jaxtyping import TypeCheckError

from ipose.configs import config_from_plain
from ipose.errors import ConfigError
from ipose.partnet.presets import PUBLISHED, PartNetConfig, preset


def differing(one: PartNetConfig, other: PartNetConfig) -> set[str]:
    return {name for name, value in dataclasses.asdict(one).items() if value != getattr(other, name)}


class TestPresets:
    """A preset is a name for a whole configuration; overrides replace single fields."""

    def test_paper_and_release_leave_the_defaults_only_where_they_say(self):
        assert differing(preset("paper"), PartNetConfig()) == {"cross_entropy", "weight_init", "held_out"}
        own = {"zero_empty_masks", "replaced_support", "weight_init", "epochs", "held_out", "best_checkpoint"}
        assert differing(preset("release"), PartNetConfig()) == own

    def test_the_defaults_have_the_published_sizes(self):
        config = PartNetConfig()
        assert (config.encoder_channels, config.attention_blocks, config.k) == ((32, 64, 64, 96), 3, 3)
        assert (config.learning_rate, config.beta1, config.beta2) == (1e-4, 0.0, 0.999)
        assert (config.batch_size, config.epochs, config.random_supports) == (6, 30, 0.375)

    def test_half_has_half_the_widths_and_toy_no_more_than_that(self):
        paper, half, toy = (preset(name).encoder_channels for name in ("paper", "half", "toy"))
        assert half == tuple(width // 2 for width in paper)
        assert all(small <= large for small, large in zip(toy, half, strict=True))
        assert sum(toy) < sum(half)

    def test_the_small_ones_let_their_rate_fall_and_average_their_weights(self):
        for name in ("half", "toy"):
            assert preset(name).decay_learning_rate
            assert 0.9 < preset(name).ema_decay < 1

    def test_overrides_replace_fields_and_nothing_else(self):
        assert differing(preset("toy", k=1, augment=True), preset("toy")) == {"k", "augment"}

    def test_an_unknown_preset_is_told_which_there_are(self):
        with pytest.raises(ConfigError, match=r"found tiny, expected toy \| half \| paper \| release"):
            preset("tiny")

    def test_the_published_values_know_every_field_and_no_other(self):
        assert set(PUBLISHED) == {field.name for field in dataclasses.fields(PartNetConfig)}

    def test_importing_presets_does_not_import_torch(self):
        code = "import sys, ipose.partnet.presets; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestPartNetConfig:
    """A configuration is frozen, survives JSON, derives its widths, and names the field that cannot work."""

    def test_survives_json(self):
        config = preset("toy")
        assert config_from_plain(PartNetConfig, json.loads(json.dumps(dataclasses.asdict(config)))) == config

    def test_is_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            preset("toy").k = 3

    @pytest.mark.parametrize(("multi_scale", "width"), [(True, 3 * 96), (False, 96)])
    def test_a_token_has_the_last_width_once_or_three_times(self, multi_scale, width):
        assert PartNetConfig(multi_scale=multi_scale).token_width == width

    def test_a_part_channel_has_as_many_features_as_the_stem(self):
        assert PartNetConfig(encoder_channels=(5, 6, 7, 8)).features == 5

    @pytest.mark.parametrize(
        ("zero_empty_masks", "normalization", "none"),
        [(True, "instance", True), (False, "instance", False), (True, "batch", False), (False, "batch", False)],
    )
    def test_empty_masks_have_no_tokens_behind_instance_norm_where_so_asked(
        self, zero_empty_masks, normalization, none
    ):
        config = PartNetConfig(zero_empty_masks=zero_empty_masks, normalization=normalization)
        assert config.empty_masks_have_no_tokens is none

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("encoder_channels", (1, 2, 3)),
            ("encoder_channels", (1, 2, 3, 0)),
            ("attention_blocks", 0),
            ("k", 0),
            ("batch_size", 0),
            ("epochs", 0),
            ("random_supports", 1.5),
            ("random_supports", -0.1),
            ("normalization", "layer"),
        ],
    )
    def test_refuses_what_cannot_work_and_names_the_field(self, field, value):
        # where signatures are checked, a tuple of another length is refused before the config's own sentence
        with pytest.raises((ConfigError, TypeCheckError), match=field):
            PartNetConfig(**{field: value})

    @pytest.mark.parametrize("chance", [0.0, 1.0])
    def test_never_and_always_are_probabilities(self, chance):
        assert PartNetConfig(random_supports=chance).random_supports == chance
