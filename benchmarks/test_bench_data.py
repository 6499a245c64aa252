"""The way of the data: how long a step waits for its batch, and whether the doctor's work grows as the number of files.

Files are links to a few drawn ones, so that ten thousand are made in seconds.
"""

import os
import time

import pytest

from ipose.data.data_config import DataConfig
from ipose.data.doctor import examine_scenes
from ipose.data.file_lists import list_files
from ipose.data.open_data import open_scenes
from ipose.data.png import read_index
from ipose.data.scene_folder import write_scene_folder
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.synthesis.presets import preset
from ipose.systems.ipose.record import SYSTEM
from ipose.systems.planning import plan
from ipose.systems.training import Task

MANY, FEW = 10_000, 2_500
"""Scenes of the doctor's work."""

FILES = 50_000


def drawn(folder, size, count=8):
    """Scenes of PartWorld in a scene folder, as both splits."""
    for split in ("train", "val"):
        write_scene_folder(list(PartWorld(PartWorldConfig(count=count, size=size))), folder, split, PARTWORLD)
    return folder


def copied(folder, into, count):
    """A scene folder of `count` scenes, each linked to one of the few in `folder`."""
    for part in folder.iterdir():
        if part.is_file():
            os.link(part, into / part.name)
            continue
        (into / part.name).mkdir(parents=True)
        files = sorted(part.iterdir())
        for i in range(count if part.name.startswith("train") else 1):
            os.link(files[i % len(files)], into / part.name / f"{i:05d}{files[0].suffix}")
    return into


def seconds_of(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_share_of_waiting(benchmark, report, where, tmp_path, workers):
    """Photographs of 640x480 pixels, read as 256x256, beside a step of the toy widths: the lightest that there is."""
    data = DataConfig(data=str(drawn(tmp_path, (480, 640))))
    config = preset("toy", height=256, width=256, batch_size=2, part_injection="none")
    task = Task(system=SYSTEM, config=config, data=data)
    found = benchmark.pedantic(
        lambda: plan(task, loop={"workers": workers}, device=str(where), measured=2), rounds=1, iterations=1
    )
    report(f"waiting for data, {workers} workers, {where.type}", f"{found.waiting:.0%} of {found.seconds:.2f} s a step")


def test_doctor_and_object_index(benchmark, report, tmp_path, monkeypatch):
    """Ten thousand maps of 96x64 pixels: as long as decoding takes, and four times as long as a quarter of them."""
    monkeypatch.setenv("IPOSE_CACHE", str(tmp_path / "cache"))
    few = drawn(tmp_path / "drawn", (64, 96))
    folders = {}
    for count in (FEW, MANY):
        folders[count] = tmp_path / str(count)
        folders[count].mkdir()
        copied(few, folders[count], count)
    taken = {
        what: [seconds_of(lambda count=count, work=work: work(folders[count])) for count in (FEW, MANY)]
        for what, work in {"decoding alone": decode, "object index": index, "doctor": doctor}.items()
    }
    benchmark.pedantic(lambda: index(folders[MANY]), rounds=1)
    for what, (quarter, whole) in taken.items():
        report(f"{what}, {MANY:,} scenes", f"{whole:.1f} s; {FEW:,}: {quarter:.1f} s")
    report(f"object index of {MANY:,} scenes from its cache", f"{benchmark.stats.stats.min:.2f} s")


def decode(folder):
    for part in ("train_label", "train_inst"):
        for path in sorted((folder / part).iterdir()):
            read_index(path)


def index(folder):
    assert len(open_scenes(DataConfig(data=str(folder)), "train", (64, 96))) in (FEW, MANY)


def doctor(folder):
    assert not examine_scenes(folder, PARTWORLD).faults


def test_listing_files(benchmark, report, tmp_path):
    for i in range(FILES):
        (tmp_path / f"{i:05d}.jpg").touch()
    found = benchmark.pedantic(lambda: list_files(tmp_path, (".jpg",)), rounds=3)
    assert len(found) == FILES
    report(f"listing {FILES:,} files", f"{benchmark.stats.stats.min:.2f} s")
