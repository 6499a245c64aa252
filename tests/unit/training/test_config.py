"""Training settings check themselves once."""

import subprocess
import sys

import pytest

from ipose.errors import ConfigError
from ipose.training.config import TrainConfig


class TestTrainConfig:
    """A TrainConfig that exists can be trained with."""

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("steps", 0),
            ("batch_size", 0),
            ("checkpoint_every", 0),
            ("log_every", 0),
            ("keep", 0),
            ("sample_every", -1),
            ("workers", -1),
            ("seed", -1),
            ("ema_decay", 1.0),
            ("ema_decay", -0.1),
            ("max_minutes", 0.0),
        ],
    )
    def test_refuses_what_cannot_work_and_names_the_field(self, field: str, value: object):
        with pytest.raises(ConfigError, match=rf"\[{field}\].*found {value}") as caught:
            TrainConfig(**({"steps": 1, "batch_size": 1} | {field: value}))
        assert caught.value.field == field

    @pytest.mark.parametrize(("field", "value"), [("precision", "fp16"), ("schedule", "step"), ("decay_by", "epochs")])
    def test_refuses_words_that_mean_nothing(self, field: str, value: object):
        config = object.__new__(TrainConfig)  # past jaxtyping, which checks in tests only, to what users meet
        vars(config).update(vars(TrainConfig(steps=1, batch_size=1)) | {field: value})
        with pytest.raises(ConfigError, match=rf"\[{field}\].*found {value}, expected \w+ or "):
            config.__post_init__()

    @pytest.mark.parametrize("sparing", [{"accumulate": 2}, {"checkpoint_activations": True}])
    def test_compiled_networks_are_not_called_in_pieces(self, sparing):
        with pytest.raises(ConfigError, match=r"\[compile\].*expected neither accumulate nor checkpoint_activations"):
            TrainConfig(steps=1, batch_size=1, compile=True, **sparing)

    def test_a_schedule_by_the_clock_needs_minutes(self):
        with pytest.raises(ConfigError, match="max_minutes"):
            TrainConfig(steps=1, batch_size=1, decay_by="clock")

    @pytest.mark.parametrize(
        ("fields", "by_clock"),
        [
            ({"schedule": "cosine"}, False),
            ({"schedule": "cosine", "max_minutes": 1.0}, True),
            ({"schedule": "cosine", "max_minutes": 1.0, "decay_by": "steps"}, False),
            ({"schedule": "constant", "max_minutes": 1.0}, False),
        ],
    )
    def test_rates_follow_the_clock_only_where_a_time_is_given_and_steps_are_not_asked_for(self, fields, by_clock):
        assert TrainConfig(steps=1, batch_size=1, **fields).by_clock is by_clock

    def test_reading_configs_and_runs_needs_no_torch(self):
        imports = "import sys, ipose.training.config, ipose.training.run, ipose.training.metrics"
        code = f"{imports}; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
