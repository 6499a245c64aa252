"""The loop: logs, saves, samples, stops, explains; and changes nothing it should not."""

import os
import signal
import threading

import pytest
import torch

import ipose.training.loop as loop
from ipose.errors import ConfigError, RunError
from ipose.testing.tiny_system import TinySource, TinySystem, everything
from ipose.training.checkpoint_files import list_checkpoints
from ipose.training.metrics import read_metrics
from ipose.training.run import Run


def equal(one, other) -> bool:
    one, other = everything(one), everything(other)
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def at_step(step: int, act):
    """A watch that acts when the generator's phase of `step` (from 1) begins."""
    seen = []

    def watch(phase, system):
        seen.append(phase)
        return act() if phase == "generator" and seen.count("generator") == step else None

    return watch


class TestTrain:
    """train takes config.steps steps of every phase."""

    def test_takes_the_steps_and_says_what_to_do_next(self, tmp_path, fit):
        said = []
        _, result = fit(tmp_path, steps=10, say=said.append)
        assert (result.step, result.stopped, result.checkpoint.name) == (10, "done", "step-10")
        assert said == [result.advice]
        assert "Trained 10 steps" in result.advice

    def test_the_same_seed_gives_the_same_weights_and_another_other(self, tmp_path, fit):
        (one, _), (two, _), (three, _) = (fit(tmp_path / str(i), seed=seed) for i, seed in enumerate((0, 0, 1)))
        assert equal(one, two)
        assert not equal(one, three)

    def test_every_step_and_every_seed_draws_noise_of_its_own(self, tmp_path, fit):
        class Listener(TinySystem):
            def phases(self, batch, generator):
                seeds.append(generator.initial_seed())
                return super().phases(batch, generator)

        seeds = []
        for seed in (0, 1):
            fit(tmp_path / str(seed), seed=seed, steps=3, system=Listener())
        assert len(set(seeds)) == 6

    @pytest.mark.parametrize("workers", [0, 2])
    def test_stopping_and_resuming_anywhere_gives_the_weights_of_an_undisturbed_run(self, tmp_path, fit, workers):
        whole, _ = fit(tmp_path / "whole", steps=11, schedule="cosine", decay_by="steps")
        system = TinySystem(watch=at_step(6, lambda: os.kill(os.getpid(), signal.SIGINT)))
        _, first = fit(tmp_path / "parts", steps=11, schedule="cosine", system=system, say=lambda _: None)
        assert (first.stopped, first.step) == ("interrupted", 6)
        parts, second = fit(tmp_path / "parts", resume=True, steps=11, schedule="cosine", workers=workers)
        assert second.step == 11
        assert equal(whole, parts)

    def test_averages_are_resumed_too(self, tmp_path, fit):
        def averages(folder, **more):
            seen = []
            fit(folder, on_save=lambda s: seen.append(s.network("generator").state_dict()), **more)
            return seen[-1]

        whole = averages(tmp_path / "a")
        averages(tmp_path / "b", steps=5)
        parts = averages(tmp_path / "b", resume=True)
        assert all(torch.equal(whole[key], parts[key]) for key in whole)

    def test_a_run_without_checkpoints_resumes_from_the_start(self, tmp_path, fit, quick):
        Run.create(tmp_path, kind="tiny", config={}, train=quick())
        _, result = fit(tmp_path, resume=True)
        assert result.step == 10

    def test_resuming_a_finished_run_trains_nothing_and_saves_the_model_again(self, tmp_path, fit):
        done, first = fit(tmp_path)
        final, written = [], (first.checkpoint / "state.pt").stat()
        again, result = fit(tmp_path, resume=True, on_save=lambda s: final.append(s.final))
        assert (result.step, final) == (10, [True])
        assert (result.checkpoint / "state.pt").stat().st_ino == written.st_ino
        assert equal(done, again)

    def test_a_trained_run_is_not_trained_over(self, tmp_path, fit, quick):
        fit(tmp_path)
        with pytest.raises(RunError, match=r"trained already: found step-10\. Go on with: ipose train tiny --resume"):
            loop.train(TinySystem(), TinySource(), Run.open(tmp_path), quick(), device="cpu", progress=False)

    def test_rates_follow_the_schedule(self, tmp_path, fit):
        fit(tmp_path, schedule="linear", log_every=1)
        rates = [record["lr"]["generator"] for record in read_metrics(tmp_path / "metrics.jsonl")]
        assert rates == pytest.approx([1e-2 * (1 - step / 10) for step in range(10)])

    def test_leaves_the_callers_random_state_alone(self, tmp_path, fit):
        torch.manual_seed(123)
        before = torch.get_rng_state()
        fit(tmp_path)
        assert torch.equal(torch.get_rng_state(), before)

    def test_calls_the_systems_own_move_to_the_device(self, tmp_path, fit):
        system = TinySystem()
        system.to = lambda device: setattr(system, "device", device)
        fit(tmp_path, steps=1, system=system)
        assert system.device == torch.device("cpu")

    def test_two_processes_in_one_folder_are_refused(self, tmp_path, fit, quick):
        run = Run.create(tmp_path, kind="tiny", config={}, train=quick())
        with run.locked(), pytest.raises(RunError, match="another process is training here"):
            loop.train(TinySystem(), TinySource(), run, quick(), device="cpu", progress=False)

    def test_processes_with_data_sets_of_different_sizes_are_refused(self, tmp_path, fit, monkeypatch):
        monkeypatch.setattr("ipose.training.processes.Processes.from_all", lambda _, value: [value, 9])
        with pytest.raises(ConfigError, match=r"do not read the same data: found \[10, 9\] items"):
            fit(tmp_path)

    def test_a_data_set_of_another_size_is_refused_on_resume(self, tmp_path, fit):
        fit(tmp_path, steps=5)
        with pytest.raises(RunError, match=r"data set has changed.*found 9 items, expected 10 items"):
            fit(tmp_path, resume=True, source=TinySource(size=9))

    def test_compiles_every_network_where_asked_to(self, tmp_path, fit, monkeypatch):
        compiled = []
        monkeypatch.setattr(torch.nn.Module, "compile", lambda self: compiled.append(self))
        system, _ = fit(tmp_path, steps=1, compile=True)
        assert compiled == [system.generator, system.discriminator]


class TestStopping:
    """However it stops, it stops with a checkpoint."""

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_finishes_the_step_saves_and_says_how_to_go_on(self, tmp_path, fit, number):
        said = []
        system = TinySystem(watch=at_step(3, lambda: os.kill(os.getpid(), number)))
        _, result = fit(tmp_path, system=system, say=said.append)
        assert (result.stopped, result.step, result.checkpoint.name) == ("interrupted", 3, "step-3")
        assert said[-1].endswith("Go on with: ipose train tiny --resume")
        assert "finishing this step" in said[0]

    def test_a_second_ctrl_c_stops_at_once_and_the_handlers_are_as_before(self, tmp_path, fit):
        def twice():
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

        handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            fit(tmp_path, system=TinySystem(watch=at_step(3, twice)), say=lambda _: None)
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == handlers
        assert list_checkpoints(tmp_path / "checkpoints") == []

    def test_works_outside_the_main_thread(self, tmp_path, fit):
        results = []
        thread = threading.Thread(target=lambda: results.append(fit(tmp_path, steps=2)[1].step))
        thread.start()
        thread.join()
        assert results == [2]
