"""The files of checkpoints: their names and order, whether they are whole, room for one more, clearing away."""

import json
import math
import shutil
import zlib
from collections import namedtuple

import pytest
import torch
from hypothesis import strategies as st

from ipose.errors import ConfigError, RunError
from ipose.testing.claims import law
from ipose.testing.tiny_system import everything
from ipose.training.checkpoint_files import (
    Best,
    Criterion,
    DamagedCheckpointError,
    best_at,
    check_space,
    check_whole,
    checkpoint_path,
    crc32,
    list_checkpoints,
    read_best,
    remove_old,
    remove_unfinished,
    step_of,
    write_best,
    write_manifest,
)
from ipose.training.metrics import read_metrics


@pytest.fixture
def checkpoint(tmp_path):
    """A whole checkpoint of two files."""
    folder = checkpoint_path(tmp_path, 7)
    folder.mkdir()
    (folder / "weights.bin").write_bytes(bytes(range(256)))
    (folder / "state.pt").write_bytes(b"state")
    write_manifest(folder, 7)
    return folder


def made(folder, *names):
    for name in names:
        (folder / name).mkdir()
        (folder / name / "file").touch()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class TestNames:
    """step-N, ordered by N."""

    @law(step=st.integers(0, 10**9))
    def test_a_step_comes_back_from_its_path(self, step):
        from pathlib import Path

        assert step_of(checkpoint_path(Path("run"), step)) == step

    @pytest.mark.parametrize("name", ["step-", "step-x", "step-1.5", "step--1", "damaged-step-3", ".unfinished-step-3"])
    def test_other_names_have_no_step(self, name, tmp_path):
        assert step_of(tmp_path / name) is None

    def test_checkpoints_are_listed_oldest_first_by_number(self, tmp_path):
        made(tmp_path, "step-100", "step-9", "step-10", "step-0")
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-0", "step-9", "step-10", "step-100"]

    def test_what_is_no_checkpoint_is_not_listed(self, tmp_path):
        made(tmp_path, "step-1", "step-new", "damaged-step-2", ".unfinished-step-3")
        (tmp_path / "step-4").touch()  # a file
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-1"]

    def test_where_there_is_no_folder_there_are_none(self, tmp_path):
        assert list_checkpoints(tmp_path / "nowhere") == []


class TestWhole:
    """A checkpoint is whole where each file of its manifest is there with its bytes."""

    def test_what_was_written_down_is_whole(self, checkpoint):
        check_whole(checkpoint)

    def test_the_manifest_holds_size_and_checksum_of_every_file(self, checkpoint):
        manifest = json.loads((checkpoint / "manifest.json").read_text())
        assert manifest["step"] == 7
        assert manifest["files"] == {
            "state.pt": {"bytes": 5, "crc32": zlib.crc32(b"state")},
            "weights.bin": {"bytes": 256, "crc32": zlib.crc32(bytes(range(256)))},
        }

    @pytest.mark.parametrize("name", ["weights.bin", "state.pt"])
    def test_a_missing_file_is_named(self, checkpoint, name):
        (checkpoint / name).unlink()
        with pytest.raises(DamagedCheckpointError, match=rf"{name}: a damaged checkpoint: found 0 bytes"):
            check_whole(checkpoint)

    def test_a_file_cut_short_is_named_with_both_sizes(self, checkpoint):
        (checkpoint / "weights.bin").write_bytes(bytes(range(200)))
        with pytest.raises(DamagedCheckpointError, match=r"found 200 bytes, expected 256 bytes"):
            check_whole(checkpoint)

    @law(place=st.integers(0, 255), bit=st.integers(0, 7))
    def test_one_altered_bit_is_found(self, place, bit, tmp_path_factory):
        folder = tmp_path_factory.mktemp("altered")
        (folder / "weights.bin").write_bytes(bytes(range(256)))
        write_manifest(folder, 1)
        data = bytearray(range(256))
        data[place] ^= 1 << bit
        (folder / "weights.bin").write_bytes(data)
        with pytest.raises(DamagedCheckpointError, match="the file was altered"):
            check_whole(folder)

    @pytest.mark.parametrize("text", [None, "", "[]", "{}", '{"format": 1}', '{"format": 1, "files": 3}'])
    def test_without_a_readable_manifest_it_is_damaged(self, checkpoint, text):
        (checkpoint / "manifest.json").unlink()
        if text is not None:
            (checkpoint / "manifest.json").write_text(text)
        with pytest.raises(DamagedCheckpointError, match=r"without a readable manifest\.json"):
            check_whole(checkpoint)

    def test_one_of_another_version_is_refused_but_not_called_damaged(self, checkpoint):
        file = checkpoint / "manifest.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "format": 2}))
        with pytest.raises(RunError, match="another version of ipose: found 2, expected 1") as caught:
            check_whole(checkpoint)
        assert not isinstance(caught.value, DamagedCheckpointError)

    def test_a_file_larger_than_one_piece_has_the_checksum_of_the_whole(self, tmp_path):
        data = bytes(range(256)) * (5 << 12)  # 5 MiB
        (tmp_path / "large").write_bytes(data)
        assert crc32(tmp_path / "large") == zlib.crc32(data)


class TestSpace:
    """A checkpoint is begun only where it fits, with 2 % and 16 MiB to spare."""

    @pytest.mark.parametrize(("free", "enough"), [(102_000_000 + (16 << 20), True), (101_999_999 + (16 << 20), False)])
    def test_the_limit_is_that_to_the_byte(self, tmp_path, monkeypatch, free, enough):
        usage = namedtuple("usage", "total used free")(10**12, 0, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        if enough:
            check_space(tmp_path, 100_000_000)
        else:
            with pytest.raises(RunError, match=r"too little space.*found 119 MB free, expected 119 MB.*--keep 1"):
                check_space(tmp_path, 100_000_000)


class TestRemoval:
    """Old ones go, the newest stay; what a kill left goes too."""

    @pytest.mark.parametrize("keep", [1, 2, 3, 5])
    def test_the_newest_stay(self, tmp_path, keep):
        made(tmp_path, "step-8", "step-9", "step-10")
        remove_old(tmp_path, keep)
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-8", "step-9", "step-10"][-keep:]

    def test_damaged_ones_that_were_set_aside_go_and_nothing_else_does(self, tmp_path):
        made(tmp_path, "step-9", "damaged-step-7", "notes")
        remove_old(tmp_path, 1)
        assert names(tmp_path) == ["notes", "step-9"]

    def test_one_that_is_half_deleted_no_longer_bears_a_checkpoints_name(self, tmp_path, monkeypatch):
        made(tmp_path, "step-1", "step-2")

        def killed(path):
            raise KeyboardInterrupt

        monkeypatch.setattr(shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_old(tmp_path, 1)
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-2"]
        monkeypatch.undo()
        remove_unfinished(tmp_path)
        assert names(tmp_path) == ["step-2"]

    def test_unfinished_ones_go_and_nothing_else_does(self, tmp_path):
        made(tmp_path, ".unfinished-step-3", ".unfinished-old-step-2", "step-2", "damaged-step-1")
        remove_unfinished(tmp_path)
        assert names(tmp_path) == ["damaged-step-1", "step-2"]


VALUES = {2: 1.0, 4: 3.0, 6: 2.0, 8: 0.0, 10: 2.5}
"""The metric by step. Step 4 is the best, step 8 the worst."""

LOOP = {"steps": 10, "checkpoint_every": 2, "keep": 1, "keep_best": "score"}


class Measure:
    """Gives `values` by step, notes what it measured, and fails at the steps `killed`, as a kill would."""

    def __init__(self, values=VALUES, killed=()):
        self.values, self.killed, self.steps = values, killed, []

    def __call__(self, snapshot):
        if snapshot.step in self.killed:
            raise KeyboardInterrupt
        self.steps.append(snapshot.step)
        return self.values[snapshot.step]


def by(measure, better="higher", metric="score"):
    return Criterion(metric, better, measure)


def kept(folder):
    return [path.name for path in list_checkpoints(folder / "checkpoints")]


def best(folder):
    return read_best(folder / "checkpoints")


class TestKept:
    """A run with keep_best measures each checkpoint and keeps the best one."""

    def test_the_best_checkpoint_stays_beside_the_newest(self, tmp_path, fit):
        measure = Measure()
        fit(tmp_path, criterion=by(measure), **LOOP)
        assert measure.steps == [2, 4, 6, 8, 10]
        assert kept(tmp_path) == ["step-4", "step-10"]
        assert best(tmp_path) == Best("score", step=4, value=3.0, measured=10)

    def test_so_it_is_where_lower_values_are_better(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure(), "lower"), **LOOP)
        assert kept(tmp_path) == ["step-8", "step-10"]

    def test_whoever_saves_the_model_is_told_whether_the_step_is_the_best(self, tmp_path, fit):
        saves = []

        def on_save(snapshot):
            saves.append((snapshot.step, snapshot.best))

        fit(tmp_path, criterion=by(Measure()), on_save=on_save, **LOOP)
        assert saves == [(2, True), (4, True), (6, False), (8, False), (10, False)]

    def test_values_stand_in_the_metrics(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        found = {
            r["step"]: r["keep_best"]["score"] for r in read_metrics(tmp_path / "metrics.jsonl") if "keep_best" in r
        }
        assert found == VALUES

    def test_the_last_message_names_the_best_step(self, tmp_path, fit):
        _, result = fit(tmp_path, criterion=by(Measure()), **LOOP)
        assert "The model folder is of the best step, step 4 (score 3 on the validation data)." in result.advice

    def test_without_it_nothing_is_measured_and_every_step_counts_as_the_best(self, tmp_path, fit):
        measure, saves = Measure(), []

        def on_save(snapshot):
            saves.append(snapshot.best)

        fit(tmp_path, criterion=by(measure), on_save=on_save, **{**LOOP, "keep_best": "no"})
        assert measure.steps == []
        assert saves == [True] * 5
        assert kept(tmp_path) == ["step-10"]
        assert best(tmp_path) is None

    def test_the_training_does_not_notice(self, tmp_path, fit):
        def meddle(snapshot):
            torch.manual_seed(99)
            return 0.0

        (one, _), (other, _) = fit(tmp_path / "a"), fit(tmp_path / "b", criterion=by(meddle), **LOOP)
        one, other = everything(one), everything(other)
        assert all(torch.equal(one[key], other[key]) for key in one)

    @pytest.mark.parametrize("criterion", [None, by(Measure(), metric="other")])
    def test_a_metric_without_a_measure_is_refused(self, tmp_path, fit, criterion):
        with pytest.raises(ConfigError, match=r"no measure of the metric to keep the best by: .* expected score"):
            fit(tmp_path, criterion=criterion, **LOOP)


class TestPrefers:
    """Strictly better, and any number rather than none."""

    @pytest.mark.parametrize(("new", "old", "higher"), [(2.0, 1.0, True), (1.0, 2.0, False), (1.0, math.nan, True)])
    def test_of_two_values(self, new, old, higher):
        assert by(Measure()).prefers(new, old) is higher
        if not math.isnan(old):
            assert by(Measure(), "lower").prefers(new, old) is not higher

    @pytest.mark.parametrize("better", ["higher", "lower"])
    def test_equal_values_and_nan_change_nothing(self, better):
        assert not by(Measure(), better).prefers(1.0, 1.0)
        assert not by(Measure(), better).prefers(math.nan, 1.0)
        assert not by(Measure(), better).prefers(math.nan, math.nan)


class TestResume:
    """A killed run, resumed, has the best step and the checkpoints of one that was never killed."""

    def killed_at(self, folder, fit, **more):
        with pytest.raises(KeyboardInterrupt):
            fit(folder, **{**LOOP, **more})

    @pytest.mark.parametrize("step", [2, 4, 6, 10])
    def test_after_a_kill_between_checkpoint_and_measure(self, tmp_path, fit, step):
        fit(tmp_path / "whole", criterion=by(Measure()), **LOOP)
        self.killed_at(tmp_path / "parts", fit, criterion=by(Measure(killed=[step])))
        again = Measure()
        fit(tmp_path / "parts", resume=True, criterion=by(again), **LOOP)
        assert again.steps == [s for s in VALUES if s >= step]
        assert best(tmp_path / "parts") == best(tmp_path / "whole")
        assert kept(tmp_path / "parts") == kept(tmp_path / "whole")

    @pytest.mark.parametrize("step", [4, 8])
    def test_after_a_kill_while_the_model_folder_is_written(self, tmp_path, fit, step):
        """Given a kill in `on_save`, it is called again for this step, with the same answer whether it is the best."""
        saves = []

        def on_save(snapshot):
            if (snapshot.step, snapshot.best) not in saves:
                saves.append((snapshot.step, snapshot.best))
                if snapshot.step == step:
                    raise KeyboardInterrupt
            else:
                saves.append("again")

        self.killed_at(tmp_path, fit, criterion=by(Measure()), on_save=on_save)
        fit(tmp_path, resume=True, criterion=by(Measure()), on_save=on_save, **LOOP)
        assert saves.count("again") == 1
        assert best(tmp_path) == Best("score", 4, 3.0, 10)
        assert kept(tmp_path) == ["step-4", "step-10"]

    def test_a_finished_run_measures_nothing_again(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        again, saves = Measure({12: 9.0}), []

        def on_save(snapshot):
            saves.append((snapshot.step, snapshot.best))

        fit(tmp_path, resume=True, criterion=by(again), on_save=on_save, **LOOP)
        assert (again.steps, saves) == ([], [(10, False)])
        fit(tmp_path, resume=True, criterion=by(again), **{**LOOP, "steps": 12})
        assert again.steps == [12]
        assert best(tmp_path) == Best("score", 12, 9.0, 12)

    def test_another_metric_begins_anew_at_the_restored_step(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        fit(tmp_path, resume=True, criterion=by(Measure(), metric="other"), **{**LOOP, "keep_best": "other"})
        assert best(tmp_path) == Best("other", 10, 2.5, 10)
        assert kept(tmp_path) == ["step-10"]

    def test_a_damaged_best_checkpoint_is_told_and_looked_for_anew(self, tmp_path, fit):
        fit(tmp_path, criterion=by(Measure()), **LOOP)
        (tmp_path / "checkpoints" / "step-4" / "state.pt").write_bytes(b"")
        with pytest.warns(UserWarning, match=r"damaged checkpoint.*The best step is looked for anew\."):
            fit(tmp_path, resume=True, criterion=by(Measure()), **LOOP)
        assert best(tmp_path).step == 10

    def test_a_best_step_later_than_the_restored_one_does_not_count(self, tmp_path):
        write_best(tmp_path, Best("score", 8, 1.0, 8))
        assert best_at(tmp_path, "score", 6) is None

    @pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"metric": "score"}'])
    def test_an_unreadable_file_counts_as_none(self, tmp_path, text):
        (tmp_path / "best.json").write_text(text)
        assert read_best(tmp_path) is None
