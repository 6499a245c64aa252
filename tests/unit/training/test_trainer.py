"""The course of one training: lines of metrics.jsonl, hooks, the clock, and a loss that is not finite."""

import pytest
import torch

import ipose.training.loop as loop
from ipose.errors import NonFiniteLossError
from ipose.testing.tiny_system import TinySource, TinySystem, everything
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.checkpoint_files import list_checkpoints
from ipose.training.metrics import read_metrics
from ipose.training.run import Run


def equal(one, other) -> bool:
    one, other = everything(one), everything(other)
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def failing_at(step: int):
    """A watch that fails when the generator's phase of `step` (from 1) begins."""
    seen = []

    def watch(phase, system):
        seen.append(phase)
        if phase == "generator" and seen.count("generator") == step:
            raise ZeroDivisionError

    return watch


def test_networks_handed_over_in_eval_mode_are_trained_in_training_mode(tmp_path, fit):
    seen = []
    system = TinySystem(watch=lambda _, one: seen.append([n.training for n in one.networks.values()]))
    for network in system.networks.values():
        network.eval()
    fit(tmp_path, system=system, steps=1)
    assert seen == [[True, True]] * 2


class TestLogging:
    """metrics.jsonl tells the course of the training."""

    def test_one_line_per_log_step_with_losses_rates_and_speed(self, tmp_path, fit):
        fit(tmp_path, steps=5, log_every=2)
        records = read_metrics(tmp_path / "metrics.jsonl")
        assert [record["step"] for record in records] == [2, 4, 5]
        last = records[-1]
        assert last.keys() == {"step", "epoch", "seconds", "images_per_second", "lr", "losses"}
        assert {phase: set(terms) for phase, terms in last["losses"].items()} == {
            "generator": {"score", "reach"},
            "discriminator": {"real", "fake"},
        }
        assert last["images_per_second"] > 0
        assert last["epoch"] == 5 / 2

    def test_a_line_is_the_mean_since_the_last(self, tmp_path, fit):
        fit(tmp_path / "each", steps=4, log_every=1)
        fit(tmp_path / "pairs", steps=4, log_every=2)
        each = [r["losses"]["generator"]["reach"] for r in read_metrics(tmp_path / "each" / "metrics.jsonl")]
        pairs = [r["losses"]["generator"]["reach"] for r in read_metrics(tmp_path / "pairs" / "metrics.jsonl")]
        assert pairs == pytest.approx([(each[0] + each[1]) / 2, (each[2] + each[3]) / 2])

    def test_a_resumed_run_drops_the_lines_it_takes_again(self, tmp_path, fit):
        fit(tmp_path / "whole", log_every=1)
        system = TinySystem(watch=failing_at(7))  # after the checkpoint of step 4
        with pytest.raises(ZeroDivisionError):
            fit(tmp_path / "parts", log_every=1, system=system)
        assert len(read_metrics(tmp_path / "parts" / "metrics.jsonl")) == 6
        fit(tmp_path / "parts", resume=True, log_every=1)
        whole, parts = (read_metrics(tmp_path / name / "metrics.jsonl") for name in ("whole", "parts"))
        assert [(r["step"], r["losses"]) for r in whole] == [(r["step"], r["losses"]) for r in parts]

    def test_writes_curves_where_tensorboard_is_installed(self, tmp_path, fit):
        pytest.importorskip("tensorboard")
        fit(tmp_path, steps=2, tensorboard=True)
        assert list((tmp_path / "tensorboard").glob("events*"))

    def test_the_bar_shows_losses_and_images_per_second(self, tmp_path, quick, capsys):
        run = Run.create(tmp_path, kind="tiny", config={}, train=quick())
        loop.train(TinySystem(), TinySource(), run, quick(), device="cpu", progress=True)
        shown = capsys.readouterr().err
        assert "img/s" in shown
        assert "reach" in shown


class TestHooks:
    """on_sample and on_save look, and change nothing."""

    def test_are_called_at_their_steps_and_at_the_end(self, tmp_path, fit):
        samples, saves = [], []
        fit(
            tmp_path,
            sample_every=3,
            checkpoint_every=4,
            on_sample=lambda s: samples.append((s.step, s.final)),
            on_save=lambda s: saves.append((s.step, s.final)),
        )
        assert samples == [(3, False), (6, False), (9, False), (10, True)]
        assert saves == [(4, False), (8, False), (10, True)]

    @pytest.mark.parametrize("steps", [4, 6])
    def test_a_sheet_that_a_kill_left_out_is_made_by_the_resumed_run(self, tmp_path, fit, steps):
        """The kill came behind the checkpoint of step 4, and before its sheet."""
        samples, system = [], TinySystem()

        def show(snapshot):
            samples.append(snapshot.step)
            snapshot.run.samples.mkdir(exist_ok=True)
            snapshot.run.sheet(snapshot.step).touch()

        fit(tmp_path, steps=4, sample_every=2, checkpoint_every=2, on_sample=show, system=system)
        Run.open(tmp_path).sheet(4).unlink()
        fit(tmp_path, steps=steps, sample_every=2, checkpoint_every=2, on_sample=show, system=system, resume=True)
        assert samples == [2, 4, *range(4, steps + 1, 2)]
        fit(tmp_path, steps=steps, sample_every=2, checkpoint_every=2, on_sample=show, system=system, resume=True)
        assert samples == [2, 4, *range(4, steps + 1, 2)], "nothing was missing"

    def test_no_samples_where_none_are_wanted(self, tmp_path, fit):
        fit(tmp_path, sample_every=0, on_sample=lambda s: pytest.fail("called"))

    def test_whatever_they_do_with_copies_and_random_numbers_the_training_does_not_notice(self, tmp_path, fit):
        def meddle(snapshot):
            copy = snapshot.network("generator")
            reestimate_batch_norm(copy, lambda: copy(torch.randn(6, 4)), passes=3)
            torch.nn.init.zeros_(copy[0].weight)
            torch.manual_seed(99)

        quiet, _ = fit(tmp_path / "quiet", sample_every=0)
        meddled, _ = fit(tmp_path / "meddled", sample_every=2, on_sample=meddle, on_save=meddle)
        assert equal(quiet, meddled)

    def test_see_the_averaged_network_in_eval_mode_or_the_plain_one(self, tmp_path, fit):
        seen = []
        system, _ = fit(tmp_path, on_save=seen.append)
        averaged, plain = seen[-1].network("generator"), seen[-1].network("generator", averaged=False)
        assert not averaged.training
        assert not torch.equal(averaged[0].weight, system.generator[0].weight)
        assert torch.equal(plain[0].weight, system.generator[0].weight)
        assert torch.equal(seen[-1].network("discriminator")[2].weight, system.discriminator[2].weight)


class TestTime:
    """max_minutes ends a call of `train`, or the run where the schedule follows the clock."""

    def test_the_time_is_up_cleanly(self, tmp_path, fit):
        _, result = fit(tmp_path, steps=10**6, max_minutes=0.3 / 60, log_every=10**6, checkpoint_every=10**6)
        assert result.stopped == "time"
        assert 0 < result.step < 10**6
        assert [path.name for path in list_checkpoints(tmp_path / "checkpoints")] == [f"step-{result.step}"]
        assert read_metrics(tmp_path / "metrics.jsonl")[-1]["step"] == result.step
        assert "Go on with" in result.advice
        assert "Saving, with its estimate of the batch norms, took 0.0 minutes beyond --max-minutes." in result.advice

    def test_resuming_a_finished_run_says_so(self, tmp_path, fit):
        fit(tmp_path, steps=3)
        _, result = fit(tmp_path, steps=3, resume=True)
        assert (result.step, result.stopped) == (3, "done")
        assert result.advice.startswith("Nothing was trained: the run has its 3 steps already.")

    def test_every_call_has_its_own_minutes_under_a_schedule_by_steps(self, tmp_path, fit):
        more = {"steps": 10**6, "max_minutes": 0.3 / 60}
        _, first = fit(tmp_path, **more)
        _, second = fit(tmp_path, resume=True, **more)
        assert second.step > first.step

    def test_under_a_schedule_by_the_clock_the_rate_falls_to_nothing_and_the_run_is_done(self, tmp_path, fit):
        final = []
        more = {
            "steps": 10**6,
            "max_minutes": 0.8 / 60,
            "schedule": "cosine",
            "log_every": 1,
            "checkpoint_every": 10**6,
        }
        _, result = fit(tmp_path, on_save=lambda s: final.append(s.final), **more)
        rates = [record["lr"]["generator"] for record in read_metrics(tmp_path / "metrics.jsonl")]
        assert rates == sorted(rates, reverse=True)
        assert rates[-1] < 0.1 * rates[0]
        assert final == [True]
        assert fit(tmp_path, resume=True, **more)[1].step == result.step


class TestNonFiniteLoss:
    """A loss that is not finite stops the run before the step."""

    def poisoned(self, phase_name, step):
        seen = []

        def watch(phase, system):
            seen.append(phase)
            if phase == phase_name and seen.count(phase) == step:
                self.before = everything(system)
                return {"reach": system.generator[0].weight.sum() * float("nan")}
            return None

        return TinySystem(watch=watch)

    def test_names_phase_term_step_files_and_last_checkpoint(self, tmp_path, fit):
        with pytest.raises(NonFiniteLossError) as caught:
            fit(tmp_path, system=self.poisoned("generator", 6))
        sentence = str(caught.value)
        for words in ("phase 'generator'", "reach = nan", "in step 6", "on point ", "checkpoints/step-4", "--init"):
            assert words in sentence
        assert "had stepped" not in sentence

    def test_says_when_an_earlier_phase_had_stepped_already(self, tmp_path, fit):
        with pytest.raises(NonFiniteLossError, match=r"but phase generator had stepped.*Nothing was saved yet"):
            fit(tmp_path, system=self.poisoned("discriminator", 1))

    def test_saves_nothing_of_that_step(self, tmp_path, fit):
        with pytest.raises(NonFiniteLossError):
            fit(tmp_path, system=self.poisoned("generator", 6))
        assert [path.name for path in list_checkpoints(tmp_path / "checkpoints")] == ["step-4"]

    def test_leaves_the_phase_untaken(self, tmp_path, fit):
        system = self.poisoned("discriminator", 3)
        with pytest.raises(NonFiniteLossError):
            fit(tmp_path, system=system)
        after = everything(system)
        learned = [key for key in after if key.startswith("discriminator") and "_u" not in key and "_v" not in key]
        assert all(torch.equal(after[key], self.before[key]) for key in learned)
