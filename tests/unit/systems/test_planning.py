"""`ipose plan` of any system: some steps are taken, and the rest is arithmetic."""

import re
from dataclasses import replace

import pytest
import torch

from ipose.cli.main import main
from ipose.errors import ConfigError
from ipose.systems.planning import plan
from ipose.systems.training import Task


@pytest.fixture
def task(stranger):
    return Task(system=stranger.record, config=stranger.record.config())


def test_numbers_of_a_line(task):
    """A line has 2 parameters; forward and backward of 2 points are 2 products each, one of a weight's gradient."""
    found = plan(task, loop={}, device="cpu", measured=2)
    assert found.parameters == {"line": 2}
    assert found.operations == 2 * 2 * 2
    assert (found.steps, found.batch_size, found.about, found.device) == (3, 2, "6 points", "cpu")
    assert found.seconds > 0
    assert 0 <= found.waiting <= 1
    assert found.peak_bytes is None or found.peak_bytes > 2**20


def test_hours_are_the_steps_of_the_schedule_times_the_seconds_of_a_step(task):
    found = plan(task, loop={"steps": 7200, "batch_size": 4}, device="cpu", measured=1)
    assert found.hours == pytest.approx(2 * found.seconds)
    assert "7,200, each on a batch of 4\n" in found.table()
    assert re.search("^data +6 points$", found.table(), re.MULTILINE)
    assert f"{60 * found.hours:.2g} minutes;" in found.table()
    assert "3 hours;" in replace(found, steps=3, seconds=3600.0).table()
    assert "12,000 hours = 500 days;" in replace(found, steps=12000, seconds=3600.0).table()


def test_compiles_after_the_step_that_counts_operations_and_does_not_time_the_first_compiled_one(
    task, monkeypatch, capsys
):
    monkeypatch.setattr("ipose.systems.training.check_compiler", lambda device: None)
    lines = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: lines.append(capsys.readouterr().err))
    assert plan(task, loop={"compile": True}, device="cpu", measured=1).operations == 2 * 2 * 2
    assert [line.count("Step") for line in lines] == [1]
    assert re.fullmatch(r"Step 2: \S+ s, which compiles\nStep 3: \S+ s\n", capsys.readouterr().err)


def test_nothing_is_written(task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plan(task, loop={}, device="cpu", measured=1)
    assert not list(tmp_path.iterdir())


def test_a_device_that_is_not_there_is_told_before_data_are_read(task):
    with pytest.raises(ConfigError, match="no such device here"):
        plan(task, loop={}, device="nonsense")


class TestCommand:
    """`ipose plan` has the words of `ipose train`."""

    def test_of_an_installed_system(self, stranger, capsys):
        main(["plan", "line", "--steps", "7", "--device", "cpu"])
        printed = capsys.readouterr()
        assert "7, each on a batch of 2" in printed.out
        taking, first, *others = printed.err.splitlines()
        assert taking == "Taking 4 steps on cpu, each on a batch of 2."
        assert re.fullmatch(r"Step 1: \S+ s, not counted", first)
        assert all(re.fullmatch(r"Step [234]: \S+ s", line) for line in others)

    def test_a_preset_of_one_system_names_the_system(self, capsys):
        with pytest.raises(SystemExit):
            main(["plan", "coco-stuff", "--device", "nonsense"])
        assert "no such device here: found nonsense" in capsys.readouterr().err

    def test_a_preset_of_several_systems_is_asked_about(self, capsys):
        with pytest.raises(SystemExit):
            main(["plan", "toy"])
        said = capsys.readouterr().err
        assert "several systems have this preset: found toy" in said
        assert "ipose plan partnet --preset toy or ipose plan synthesis --preset toy" in said

    def test_a_word_that_is_neither_is_told_with_those_there_are(self, capsys):
        with pytest.raises(SystemExit):
            main(["plan", "coco"])
        said = capsys.readouterr().err
        assert "no such system or preset: found coco" in said
        assert re.search(r"a system \(partnet, .*\) or a preset \(.*coco-stuff, ", said)
