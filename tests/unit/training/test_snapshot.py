"""What a caller of `train` sees: snapshots on the way, advice at the end."""

from pathlib import Path

import pytest
import torch
from torch import nn

from ipose.training.config import TrainConfig
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, advice


@pytest.fixture
def run(tmp_path):
    train = TrainConfig(steps=10, batch_size=2)
    return Run.create(tmp_path / "run", kind="tiny", config={}, train=train, command="ipose train tiny --out r")


@pytest.fixture
def snapshot(run):
    networks = {"generator": nn.Linear(2, 2), "discriminator": nn.Linear(2, 1)}
    return Snapshot(3, 1.5, run, False, networks, {"generator": nn.Linear(2, 2)})


class TestNetwork:
    """Snapshot.network(name): a copy to evaluate or save."""

    def test_is_the_averaged_one_where_there_is_one(self, snapshot):
        assert torch.equal(snapshot.network("generator").weight, snapshot.averages["generator"].weight)
        assert torch.equal(snapshot.network("discriminator").weight, snapshot.networks["discriminator"].weight)

    def test_or_the_one_in_training_where_that_is_asked_for(self, snapshot):
        found = snapshot.network("generator", averaged=False)
        assert torch.equal(found.weight, snapshot.networks["generator"].weight)

    @pytest.mark.parametrize("averaged", [True, False])
    def test_is_a_copy_in_eval_mode(self, snapshot, averaged):
        own = (snapshot.averages if averaged else snapshot.networks)["generator"]
        before = own.weight.clone()
        copy = snapshot.network("generator", averaged=averaged)
        assert not copy.training
        assert own.training
        nn.init.zeros_(copy.weight)
        assert torch.equal(own.weight, before)

    def test_another_name_is_an_error(self, snapshot):
        with pytest.raises(KeyError, match="critic"):
            snapshot.network("critic")


class TestAdvice:
    """advice(...): what happened, and the command that goes on."""

    def said(self, run, stopped, *, final, **more):
        return advice(run, 10, 90.0, stopped, Path("run/checkpoints/step-10"), final=final, **more)

    def test_says_how_long_it_trained_and_where_that_is_saved(self, run):
        for stopped, final in (("done", True), ("time", False), ("interrupted", False)):
            words = "Trained 10 steps in 1.5 minutes; saved in run/checkpoints/step-10."
            assert words in self.said(run, stopped, final=final)

    @pytest.mark.parametrize(("stopped", "why"), [("time", "The time is up."), ("interrupted", "Stopped on request.")])
    def test_of_a_run_that_is_not_done_it_says_why_and_how_to_go_on(self, run, stopped, why):
        said = self.said(run, stopped, final=False)
        assert said.startswith(why)
        assert said.endswith("Go on with: ipose train tiny --out r --resume")

    def test_of_a_finished_run_it_says_what_comes_next(self, run):
        said = self.said(run, "done", final=True, next_step="Look at it: ipose report r.")
        assert said.endswith("Look at it: ipose report r.")
        assert "--resume" not in said

    @pytest.mark.parametrize("final", [False, True])
    def test_more_that_happened_is_said_before_the_command_that_ends_the_line(self, run, final):
        said = self.said(run, "time", final=final, next_step="Look at it: ipose report r", more="It was late.")
        assert "saved in run/checkpoints/step-10. It was late. " in said
        assert said.endswith(("Go on with: ipose train tiny --out r --resume", "Look at it: ipose report r"))

    def test_or_how_to_train_longer(self, run):
        assert self.said(run, "done", final=True).endswith(
            "Train longer: ipose train tiny --out r --resume, with more steps."
        )
