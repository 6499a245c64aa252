"""`ipose demo --train`: what it trains can be trained by two commands."""

import shlex

import pytest

from ipose.cli.main import parse
from ipose.demo import training as demo
from ipose.synthesis import presets as synthesis_presets
from ipose.systems.partnet.record import SYSTEM as PARTNET
from ipose.training.config import TrainConfig

WAYS = [line for line in demo.__doc__.replace("\\\n", " ").splitlines() if line.strip().startswith("ipose train ")]


def train_config(settings):
    given = {name: value for name, value in settings.items() if value is not None}
    return TrainConfig(**{"batch_size": 1, **given, "tensorboard": False})


@pytest.fixture(params=["partnet", "synthesis"])
def case(request):
    """The command that the docstring names, and what the demo does."""
    number = ["partnet", "synthesis"].index(request.param)
    config = [PARTNET.default_config("toy"), synthesis_presets.preset("toy", height=64, width=64, flip=False)][number]
    loop = [
        demo._loop(2.5, 0, log_every=10),
        demo._loop(4.0, 0, schedule="cosine", log_every=20),
    ][number]
    command = parse(shlex.split(WAYS[number])[1:]).which
    assert command.system.name == request.param
    return command, config, loop


class TestTheTwoCommands:
    """Of the module's docstring: they train as the demo does."""

    def test_the_networks_are_the_same(self, case):
        command, config, _ = case
        assert command.config == config

    def test_the_data_are_the_same(self, case):
        command, _, _ = case
        assert command.data == demo.demo_data(0)

    def test_the_loop_is_the_same(self, case):
        command, _, loop = case
        assert train_config(command.loop.settings()) == train_config(loop)
        assert command.device == "cpu"
