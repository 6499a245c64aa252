"""Checkpoints: whole or not there, and exact."""

import os
import shutil
from collections import namedtuple
from functools import partial
from itertools import count

import pytest
import torch
from torch import nn

import ipose.training.checkpoint as module
from helpers.failing_disk import DISK, files_of, killed_at
from ipose.errors import NonFiniteLossError, RunError
from ipose.testing.tiny_system import TinySource, TinySystem, everything
from ipose.training.averaging import Averages
from ipose.training.batches import batch_stream
from ipose.training.checkpoint import latest_checkpoint, load_checkpoint, restore, save_checkpoint
from ipose.training.checkpoint_files import DamagedCheckpointError, list_checkpoints
from ipose.training.config import TrainConfig
from ipose.training.phases import Stepper
from ipose.training.processes import Processes


def trained(steps: int = 2, **options) -> tuple[TinySystem, Averages]:
    system = TinySystem(**options)
    averages = Averages(system.networks, system.averaged, 0.9)
    stepper = Stepper(system, averages, TrainConfig(steps=9, batch_size=4), Processes("cpu"))
    for step, batch in enumerate(batch_stream(TinySource(), batch_size=4, seed=0, start=0, stop=steps)):
        stepper.take(batch, step, 0.0)
    return system, averages


def save(folder, step, *, keep=None, seed=0):
    return save_checkpoint(folder, *trained(seed=seed), step=step, seconds=1.5, keep=keep)


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestSaveAndLoad:
    """A checkpoint brings everything back."""

    def test_brings_back_weights_buffers_optimizers_and_averages_bit_by_bit(self, tmp_path):
        system, averages = trained()
        path = save_checkpoint(tmp_path, system, averages, step=7, seconds=1.5)
        fresh = TinySystem(seed=1)
        fresh_averages = Averages(fresh.networks, fresh.averaged, 0.9)
        loaded = load_checkpoint(path)
        restore(loaded, fresh, fresh_averages)
        expected, found = everything(system), everything(fresh)
        assert expected.keys() == found.keys()
        assert all(torch.equal(expected[key], found[key]) for key in expected)
        expected, found = (a.modules()["generator"].state_dict() for a in (averages, fresh_averages))
        assert all(torch.equal(expected[key], found[key]) for key in expected)
        assert (loaded.step, loaded.seconds, fresh_averages.updates) == (7, 1.5, averages.updates) == (7, 1.5, 2)

    def test_is_a_folder_of_safetensors_and_one_file_of_plain_values(self, tmp_path):
        assert names(save(tmp_path, 3)) == [
            "discriminator.safetensors",
            "generator.ema.safetensors",
            "generator.safetensors",
            "manifest.json",
            "state.pt",
        ]
        assert names(tmp_path) == ["step-3"]

    def test_files_get_the_mode_of_the_umask(self, tmp_path):
        before = os.umask(0o027)
        try:
            path = save(tmp_path, 3)
        finally:
            os.umask(before)
        assert {file.stat().st_mode & 0o777 for file in path.iterdir()} == {0o640}

    def test_tied_weights_survive(self, tmp_path):
        system = TinySystem()
        system.discriminator.append(system.discriminator[-1])
        path = save_checkpoint(tmp_path, system, Averages(system.networks, (), 0.9), step=1, seconds=0.0)
        weights = load_checkpoint(path).weights["discriminator"]
        assert torch.equal(weights["2.weight"], weights["3.weight"])

    def test_is_newest_by_number_not_by_name(self, tmp_path):
        for step in (9, 10, 100):
            save(tmp_path, step)
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-9", "step-10", "step-100"]
        assert latest_checkpoint(tmp_path).step == 100

    def test_where_there_is_none_there_is_none(self, tmp_path):
        assert latest_checkpoint(tmp_path / "nowhere") is None

    def test_saving_a_step_again_replaces_it(self, tmp_path):
        save(tmp_path, 3, seed=0)
        save(tmp_path, 3, seed=1)
        expected = trained(seed=1)[0].generator[0].weight
        assert torch.equal(latest_checkpoint(tmp_path).weights["generator"]["0.weight"], expected)
        assert names(tmp_path) == ["step-3"]

    @pytest.mark.parametrize("keep", [1, 2])
    def test_keeps_the_newest_only(self, tmp_path, keep):
        for step in (8, 9, 10):
            save(tmp_path, step, keep=keep)
        assert [path.name for path in list_checkpoints(tmp_path)] == ["step-8", "step-9", "step-10"][-keep:]


class TestTroubleWhileSaving:
    """Whatever goes wrong while saving, the checkpoints before it are usable."""

    def test_a_full_disk_is_refused_before_anything_is_written(self, tmp_path, monkeypatch):
        save(tmp_path, 1)
        usage = namedtuple("usage", "total used free")(10**9, 10**9, 10**6)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(RunError, match=r"too little space.*found 1 MB free, expected 17 MB.*--keep 1"):
            save(tmp_path, 2, keep=1)
        assert names(tmp_path) == ["step-1"]

    def test_a_disk_that_fails_halfway_leaves_the_one_before(self, tmp_path, monkeypatch):
        save(tmp_path, 1)

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(torch, "save", fail)
        with pytest.raises(RunError, match=r"could not be written.*No space left"):
            save(tmp_path, 2, keep=1)
        assert names(tmp_path) == ["step-1"]
        assert latest_checkpoint(tmp_path).step == 1

    @pytest.mark.parametrize("moment", ["save_tensors", "write_manifest", "fsync_tree", "put_in_place", "remove_old"])
    def test_a_kill_at_any_moment_leaves_a_whole_newest_checkpoint(self, tmp_path, monkeypatch, moment):
        class Killed(BaseException):
            pass

        def kill(*_, **__):
            raise Killed

        save(tmp_path, 1)
        with monkeypatch.context() as patch:
            patch.setattr(module, moment, kill)
            with pytest.raises(Killed):
                save(tmp_path, 2, keep=1)
        assert latest_checkpoint(tmp_path).step == (2 if moment == "remove_old" else 1)
        save(tmp_path, 3, keep=1)
        assert names(tmp_path) == ["step-3"]

    def test_weights_that_are_not_finite_are_not_saved(self, tmp_path):
        system, averages = trained()
        nn.init.constant_(system.generator[0].bias, float("nan"))
        with pytest.raises(NonFiniteLossError, match=r"'0\.bias' of 'generator'"):
            save_checkpoint(tmp_path, system, averages, step=1, seconds=0.0)
        assert list_checkpoints(tmp_path) == []


def cut_short(path):
    data = (path / "state.pt").read_bytes()
    (path / "state.pt").write_bytes(data[:-7])


def flip_a_bit(path):
    data = bytearray((path / "generator.safetensors").read_bytes())
    data[-1] ^= 1
    (path / "generator.safetensors").write_bytes(data)


def lose_a_file(path):
    (path / "discriminator.safetensors").unlink()


def lose_the_manifest(path):
    (path / "manifest.json").unlink()


class TestDamage:
    """A damaged checkpoint is never used."""

    @pytest.mark.parametrize("damage", [cut_short, flip_a_bit, lose_a_file, lose_the_manifest])
    def test_is_skipped_with_a_warning_that_names_it_and_the_one_before_is_used(self, tmp_path, damage):
        save(tmp_path, 1)
        damage(save(tmp_path, 2))
        with pytest.warns(UserWarning, match=r"step-2.* Using the one before"):
            assert latest_checkpoint(tmp_path).step == 1

    def test_is_an_error_where_it_is_asked_for_by_name(self, tmp_path):
        path = save(tmp_path, 1)
        cut_short(path)
        with pytest.raises(DamagedCheckpointError, match=r"state\.pt: a damaged checkpoint: found \d+ bytes, expected"):
            load_checkpoint(path)

    def test_set_aside_it_does_not_count_among_those_to_keep(self, tmp_path):
        save(tmp_path, 1)
        cut_short(save(tmp_path, 5))
        with pytest.warns(UserWarning, match="step-5"):
            latest_checkpoint(tmp_path, set_aside=True)
        assert names(tmp_path) == ["damaged-step-5", "step-1"]
        save(tmp_path, 3, keep=1)
        assert names(tmp_path) == ["step-3"]


class TestRestore:
    """A checkpoint of another system is refused in a sentence."""

    def test_networks_of_another_shape(self, tmp_path):
        system, averages = trained()
        checkpoint = load_checkpoint(save_checkpoint(tmp_path, system, averages, step=1, seconds=0.0))
        other = TinySystem()
        other.discriminator[2] = nn.Linear(4, 2)
        with pytest.raises(RunError, match=r"'discriminator' is another network.*2\.weight \(2x4 here, 1x4 there\)"):
            restore(checkpoint, other, Averages(other.networks, other.averaged, 0.9))

    def test_networks_of_other_names(self, tmp_path):
        checkpoint = load_checkpoint(save(tmp_path, 1))
        other = TinySystem()
        other.networks = {"critic": other.generator}
        with pytest.raises(RunError, match=r"networks are not those.*found discriminator, generator, expected critic"):
            restore(checkpoint, other, Averages(other.networks, (), 0.9))

    def test_averages_where_the_checkpoint_has_none(self, tmp_path):
        system, _ = trained()
        none = Averages(system.networks, (), 0.9)
        checkpoint = load_checkpoint(save_checkpoint(tmp_path, system, none, step=1, seconds=0.0))
        with pytest.raises(RunError, match=r"averages are not those.*found none, expected generator"):
            restore(checkpoint, system, Averages(system.networks, system.averaged, 0.9))


class TestFailingDisk:
    """Whatever the disk refuses, and whenever the process is killed, the older checkpoint stays whole."""

    def test_at_the_nth_change_of_the_folder(self, tmp_path):
        objective = trained()
        for number in count(1):
            folder = tmp_path / str(number)
            save_checkpoint(folder, *objective, step=1, seconds=1.0)
            try:
                with DISK.failing_at(number, tmp_path):
                    save_checkpoint(folder, *objective, step=2, seconds=2.0)
            except (RunError, OSError):
                pass
            assert latest_checkpoint(folder).step in (1, 2)
            if not DISK.reached:
                break
            save_checkpoint(folder, *objective, step=2, seconds=2.0)
            assert latest_checkpoint(folder).step == 2
        assert number > 4

    @pytest.mark.parametrize("most", [0, 1, 100, 500, 1000, 1500, 2000])
    def test_in_the_middle_of_a_file(self, tmp_path, most):
        objective = trained()
        save_checkpoint(tmp_path, *objective, step=1, seconds=1.0)
        with files_of(most), pytest.raises(RunError, match="could not be written: found"):
            save_checkpoint(tmp_path, *objective, step=2, seconds=2.0)
        assert names(tmp_path) == ["step-1"]
        assert latest_checkpoint(tmp_path).step == 1

    def test_a_kill_at_any_line_of_a_save_over_the_same_step_leaves_a_checkpoint(self, tmp_path):
        objective = trained()
        lines = (module.__file__, module.put_in_place.__code__.co_filename)
        for number in range(1, 400, 11):
            folder = tmp_path / str(number)
            save_checkpoint(folder, *objective, step=1, seconds=1.0)
            work = partial(save_checkpoint, folder, *objective, step=1, seconds=2.0)
            killed = killed_at(number, work, *lines)
            assert latest_checkpoint(folder).step == 1
            if not killed:
                break
        assert number > 50
