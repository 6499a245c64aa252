"""Configs survive JSON: written as plain values, read back as the same value."""

import json
from dataclasses import asdict

import pytest
from hypothesis import strategies as st

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.partnet import presets as partnet_presets
from ipose.partnet.presets import PartNetConfig
from ipose.synthesis import presets as synthesis_presets
from ipose.synthesis.presets import SynthesisConfig
from ipose.testing.claims import law
from ipose.training.config import TrainConfig


def through_json(config):
    return config_from_plain(type(config), json.loads(json.dumps(asdict(config))))


class TestRoundTrip:
    """`config_from_plain` undoes asdict and JSON."""

    @pytest.mark.parametrize("name", partnet_presets.PRESETS)
    def test_every_partnet_preset_comes_back(self, name):
        assert through_json(partnet_presets.preset(name)) == partnet_presets.preset(name)

    @pytest.mark.parametrize("name", synthesis_presets.PRESETS)
    def test_every_synthesis_preset_comes_back(self, name):
        assert through_json(synthesis_presets.preset(name)) == synthesis_presets.preset(name)

    @law(
        seed=st.integers(0, 9),
        scenes=st.integers(1, 99),
        categories=st.none() | st.lists(st.sampled_from(["car", "cat", "dog"]), min_size=1, unique=True).map(tuple),
    )
    def test_data_configs_come_back(self, seed, scenes, categories):
        config = DataConfig(world_seed=seed, scenes=scenes, categories=categories, objects=(1, 2))
        assert through_json(config) == config

    def test_training_settings_come_back(self):
        config = TrainConfig(steps=7, batch_size=2, max_minutes=0.5)
        assert through_json(config) == config


class TestOtherVersions:
    """A file of another version is read as far as it can be, or refused by name."""

    def test_fields_that_are_missing_take_their_defaults(self):
        assert config_from_plain(PartNetConfig, {"k": 2}) == PartNetConfig(k=2)

    def test_fields_that_do_not_exist_are_named(self):
        with pytest.raises(
            ConfigError, match=r"PartNetConfig does not have: found wheels, wings, expected .*another version"
        ):
            config_from_plain(PartNetConfig, {"wings": 2, "wheels": 4, "k": 2})

    def test_values_that_cannot_work_are_refused_as_ever(self):
        with pytest.raises(ConfigError, match="height"):
            config_from_plain(SynthesisConfig, {"num_classes": 3, "height": 65})


class TestDataConfig:
    """What to train on is checked before anything is read."""

    def test_partworld_holds_cat_and_stop_sign_out_and_other_data_nothing(self):
        assert DataConfig().novel_categories == ("cat", "stop sign")
        assert DataConfig(data="folder").novel_categories == ()
        assert DataConfig(novel=("dog",)).novel_categories == ("dog",)
        assert DataConfig(novel=()).novel_categories == ()

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"scenes": 0}, "no scenes"),
            ({"val_scenes": 0}, "no scenes"),
            ({"novel": ("unicorn",)}, "no such category"),
            ({"categories": ("unicorn",)}, "unicorn"),
            ({"objects": (3, 1)}, "fewest"),
            ({"scene_size": 8}, "at least 32"),
        ],
    )
    def test_values_that_cannot_work_are_refused(self, fields, words):
        with pytest.raises(ConfigError, match=words):
            DataConfig(**fields)

    def test_settings_of_partworld_do_not_matter_elsewhere(self):
        assert not DataConfig(data="folder", categories=("unicorn",)).is_partworld

    def test_the_two_splits_are_different_worlds_of_their_own_length(self):
        config = DataConfig(scenes=5, val_scenes=2)
        train, val = (config.world(split, (64, 32)) for split in ("train", "val"))
        assert (train.count, val.count, train.split, val.split) == (5, 2, "train", "val")
        assert train.size == (64, 32)
