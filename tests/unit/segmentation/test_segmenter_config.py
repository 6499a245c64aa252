"""A segmenter's settings: frozen, torch-free, and refused where they cannot work."""

import dataclasses
import json
import subprocess
import sys
from typing import get_args

import pytest
from jaxtyping import TypeCheckError

from ipose.configs import config_from_plain
from ipose.errors import ConfigError
from ipose.segmentation.segmenter_config import Architecture, SegmenterConfig


class TestSegmenterConfig:
    """A config checks itself once, and names the field that cannot work."""

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("architecture", "unet"),
            ("height", 31),
            ("width", 31),
            ("enlarge", 0),
            ("batch_size", 1),
            ("epochs", 0),
            ("learning_rate", 0.0),
            ("learning_rate", -1e-3),
        ],
    )
    def test_refuses_what_cannot_work(self, field, value):
        # where signatures are checked, a choice outside its Literal is refused before the config's own sentence
        with pytest.raises((ConfigError, TypeCheckError), match=field):
            SegmenterConfig(**{field: value})

    @pytest.mark.parametrize(("field", "value"), [("height", 32), ("enlarge", 1), ("batch_size", 2), ("epochs", 1)])
    def test_the_least_that_works_is_taken(self, field, value):
        assert getattr(SegmenterConfig(**{field: value}), field) == value

    def test_survives_json(self):
        config = SegmenterConfig(architecture="fcn_resnet50", height=96)
        assert config_from_plain(SegmenterConfig, json.loads(json.dumps(dataclasses.asdict(config)))) == config

    def test_is_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            SegmenterConfig().height = 3

    @pytest.mark.parametrize("name", get_args(Architecture))
    def test_every_architecture_is_one_of_torchvisions(self, name):
        from torchvision.models import list_models, segmentation

        assert name in list_models(segmentation)


def test_importing_it_does_not_wait_for_torch():
    code = "import sys, ipose.segmentation.segmenter_config; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
