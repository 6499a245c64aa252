"""A part segmenter's settings: frozen, torch-free, and refused where they cannot work."""

import dataclasses
import json
import subprocess
import sys

import pytest

from ipose.configs import config_from_plain
from ipose.errors import ConfigError
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig


class TestPartSegmenterConfig:
    """A config checks itself once, and names the field that cannot work."""

    @pytest.mark.parametrize(
        ("field", "value"),
        [("enlarge", 0), ("batch_size", 1), ("epochs", 0), ("pairs_per_epoch", 0), ("learning_rate", 0.0)],
    )
    def test_refuses_what_cannot_work(self, field, value):
        with pytest.raises(ConfigError, match=rf"\[{field}\].*found {value}"):
            PartSegmenterConfig(**{field: value})

    @pytest.mark.parametrize(("field", "value"), [("enlarge", 1), ("batch_size", 2), ("pairs_per_epoch", 1)])
    def test_the_least_that_works_is_taken(self, field, value):
        assert getattr(PartSegmenterConfig(**{field: value}), field) == value

    def test_the_defaults_are_the_releases(self):
        config = PartSegmenterConfig()
        assert (config.network, config.learning_rate, config.batch_size) == ("deeplabv3_resnet50", 3e-4, 64)
        assert config.epochs * config.pairs_per_epoch == 640_000

    def test_survives_json(self):
        config = PartSegmenterConfig(enlarge=4, batch_size=3)
        assert config_from_plain(PartSegmenterConfig, json.loads(json.dumps(dataclasses.asdict(config)))) == config

    def test_is_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            PartSegmenterConfig().enlarge = 3


def test_importing_it_does_not_wait_for_torch():
    code = "import sys, ipose.segmentation.part_segmenter_config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
