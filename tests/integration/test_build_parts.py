"""`ipose data build-parts`: from each published source to part pairs, sheets and a training; and used wrongly."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.published_parts import (
    drawn_pairs,
    drawn_scenes,
    write_cityscapes_pps,
    write_partimagenet,
    write_pascal_pps,
    write_release_tree,
)
from ipose.data.part_pairs import read_part_tree, write_pair
from ipose.data.part_sources.build import build_parts
from ipose.data.part_sources.recognise import SOURCE_KINDS, open_part_source
from ipose.data.part_sources.source import ItemReader, PartSource, SourceItem
from ipose.data.scene_folder import write_scene_folder
from ipose.data.support_folder import load_supports
from ipose.partworld.categories import PARTWORLD
from ipose.reports.part_sheets import draw_built_parts

PASCAL = ("cow", "human")


def write_scenes(root: Path) -> None:
    write_scene_folder(drawn_scenes(3, ("car",)), root, "train", PARTWORLD)
    write_scene_folder(drawn_scenes(2, ("car",), seed=1), root, "val", PARTWORLD)


def write_tree(root: Path) -> None:
    for seed, split in enumerate(("train", "val")):
        for pair in drawn_pairs(drawn_scenes(3 - seed, ("dog",), seed=seed)):
            write_pair(pair, root, split)


WRITERS = {
    "cityscapes-pps": write_cityscapes_pps,
    "pascal-pps": lambda root: write_pascal_pps(root, 10, PASCAL),
    "partimagenet": write_partimagenet,
    "release": write_release_tree,
    "scenes": write_scenes,
    "part-tree": write_tree,
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> dict[str, Path]:
    """A small source of every kind."""
    roots = {kind: tmp_path_factory.mktemp("sources") / kind for kind in SOURCE_KINDS}
    for kind, root in roots.items():
        root.mkdir()
        WRITERS[kind](root)
    return roots


def build(source: PartSource, out: Path) -> None:
    """What the command does, in this process."""
    draw_built_parts(build_parts(source, out, workers=1))


def files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", SOURCE_KINDS)
class TestEverySource:
    """One command from the published folder to what PartNet trains on."""

    def test_becomes_a_part_tree_with_a_sheet_a_category(self, ipose, sources, kind, tmp_path):
        before = files(sources[kind])
        done = ipose("data", "build-parts", sources[kind], tmp_path / "out", "--workers", 1)
        assert done.code == 0, done.err
        assert f"is of kind {kind}" in done.out
        manifest = json.loads((tmp_path / "out" / "parts.json").read_text())
        (source,) = manifest["sources"]
        assert (source["kind"], source["finished"], source["left_out"]) == (kind, True, [])
        for split in ("train", "val"):
            pairs = read_part_tree(tmp_path / "out", split)
            counted = {category: counts.get(split, 0) for category, counts in source["pairs"].items()}
            assert counted == {c: sum(pair.category == c for pair in pairs) for c in counted}
            assert len(pairs) == sum(counted.values()) > 0
        sheets = tmp_path / "out" / "sheets"
        assert {path.stem for path in sheets.iterdir()} == set(source["pairs"]) == set(manifest["part_names"])
        for path in sheets.iterdir():
            page = np.asarray(Image.open(path).convert("RGB"))
            assert len(np.unique(page.reshape(-1, 3), axis=0)) > 20
        assert files(sources[kind]) == before


@pytest.fixture(scope="module")
def built(sources, tmp_path_factory) -> Path:
    """The release's tree, built."""
    out = tmp_path_factory.mktemp("built") / "parts"
    build(open_part_source(sources["release"]), out)
    return out


class TestWhatIsBuilt:
    """The tree is what the other commands open."""

    def test_partnet_trains_on_it(self, ipose, built, tmp_path):
        words = (
            "--preset toy --steps 3 --encoder-channels 2 3 3 4 --attention-blocks 1 --k 1 --batch-size 2 --device cpu"
        )
        done = ipose("train", "partnet", "--data", built, *words.split(), "--out", tmp_path / "run")
        assert done.code == 0, done.err
        assert "Trained 3 steps" in done.out
        assert (tmp_path / "run" / "report.html").is_file()

    def test_partnet_trains_with_the_releases_supports(self, ipose, built, tmp_path):
        words = (
            "--preset toy --steps 1 --encoder-channels 2 3 3 4 --attention-blocks 1 --k 2 --batch-size 2 --device cpu"
        )
        supports = ("--supports", built / "supports" / "2")
        done = ipose("train", "partnet", "--data", built, *words.split(), *supports, "--out", tmp_path / "run")
        assert done.code == 0, done.err

    def test_supports_are_chosen_from_it(self, ipose, built, tmp_path):
        done = ipose("supports", "build", "--data", built, "--k", 1, "--out", tmp_path / "supports")
        assert done.code == 0, done.err
        assert load_supports(tmp_path / "supports").categories == ("car", "horse", "human")

    def test_a_folder_of_supports_is_refused_before_data_are_read(self, ipose, built, tmp_path):
        for data in (built, tmp_path / "nowhere"):
            done = ipose("supports", "build", "--data", data, "--k", 1, "--out", built / "supports" / "1")
            assert (done.code, "there are supports already" in done.err) == (2, True)

    def test_the_releases_supports_are_support_folders(self, ipose, built):
        for k in (1, 2):
            assert ipose("supports", "check", built / "supports" / str(k)).code == 0
            assert load_supports(built / "supports" / str(k)).k == k
            assert (built / "supports" / str(k) / "sheet.png").is_file()

    def test_it_is_a_source_itself(self, ipose, built, tmp_path, sources):
        assert ipose("data", "build-parts", built, tmp_path / "again", "--workers", 1).code == 0
        one, other = (read_part_tree(root, "train") for root in (built, tmp_path / "again"))
        assert all(torch.equal(a.part_map, b.part_map) for a, b in zip(one, other, strict=True))

    def test_sheets_are_drawn_anew_of_any_tree(self, ipose, sources, tmp_path):
        done = ipose("data", "sheets", sources["part-tree"], "--out", tmp_path)
        assert done.code == 0, done.err
        assert [path.name for path in tmp_path.iterdir()] == ["dog.png"]


@dataclass
class Interrupted:
    """A reader that somebody stops with Ctrl-C after some items."""

    reader: ItemReader
    left: int

    def read(self, item: SourceItem):
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        return self.reader.read(item)


class TestAgain:
    """Whatever stops a build, running it again ends with the same files, and nothing that is there is changed."""

    @pytest.fixture
    def source(self, sources):
        return open_part_source(sources["pascal-pps"])

    @pytest.mark.parametrize("count", [0, 1, 7])
    def test_an_interrupted_build_ends_with_the_files_of_an_undisturbed_one(self, source, tmp_path, count):
        build(source, tmp_path / "whole")
        stopped = type(source)(
            source.kind, source.root, source.part_names, source.items, Interrupted(source.reader, count), source.rule
        )
        with pytest.raises(KeyboardInterrupt):
            build(stopped, tmp_path / "parts")
        assert len(list((tmp_path / "parts").glob("*/*/*_part.png"))) < len(
            list((tmp_path / "whole").glob("*/*/*_part.png"))
        )
        build(source, tmp_path / "parts")
        assert files(tmp_path / "parts") == files(tmp_path / "whole")

    @pytest.mark.slow
    def test_a_killed_build_leaves_no_process_and_goes_on(self, source, tmp_path):
        build(source, tmp_path / "whole")
        command = [sys.executable, "-m", "ipose", "data", "build-parts", str(source.root), str(tmp_path / "parts")]
        process = subprocess.Popen([*command, "--workers", "2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        journal = tmp_path / "parts" / ".build" / "pascal-pps.jsonl"
        while process.poll() is None and not journal.is_file():
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)  # returns when the last process that writes to the pipe has left
        subprocess.run([*command, "--workers", "2"], check=True, capture_output=True, env=os.environ)
        assert files(tmp_path / "parts") == files(tmp_path / "whole")

    def test_what_is_done_is_not_read_again(self, source, tmp_path):
        build(source, tmp_path / "parts")
        unread = type(source)(
            source.kind, source.root, source.part_names, source.items, Interrupted(source.reader, 0), source.rule
        )
        before = files(tmp_path / "parts")
        build(unread, tmp_path / "parts")
        assert files(tmp_path / "parts") == before

    def test_what_a_person_removed_or_repainted_stays_so(self, source, tmp_path):
        build(source, tmp_path / "parts")
        gone, repainted, *_ = sorted((tmp_path / "parts").glob("*/train/*_part.png"))
        gone.unlink()
        Image.fromarray(np.full((64, 64), 2, dtype=np.uint8)).save(repainted)
        before = repainted.read_bytes()
        build(source, tmp_path / "parts")
        assert not gone.exists()
        assert repainted.read_bytes() == before

    def test_two_sources_come_together_in_one_folder(self, ipose, sources, tmp_path):
        for kind in ("pascal-pps", "cityscapes-pps"):
            assert ipose("data", "build-parts", sources[kind], tmp_path / "parts", "--workers", 1).code == 0
        names = [pair.name for pair in read_part_tree(tmp_path / "parts", "train") if pair.category == "human"]
        assert {name.split("_")[0] for name in names} >= {"2008", "aachen"}
        kinds = [source["kind"] for source in json.loads((tmp_path / "parts" / "parts.json").read_text())["sources"]]
        assert kinds == ["pascal-pps", "cityscapes-pps"]


class TestLeftOut:
    """Images that cannot be read are left out, listed with their fault, and read when they are mended."""

    def test_they_are_listed_and_the_others_are_built(self, ipose, sources, tmp_path):
        own = shutil.copytree(sources["pascal-pps"], tmp_path / "own")
        first, second, *_ = sorted(own.rglob("*.tif"))
        ids = np.array(Image.open(first))
        ids[0, 0] = 1500199
        whole = first.read_bytes(), second.read_bytes()
        Image.fromarray(ids).save(first)
        second.write_bytes(second.read_bytes()[:500])
        done = ipose("data", "build-parts", own, tmp_path / "out", "--workers", 1)
        assert done.code == 1
        assert f"FAULT {first}: a part that the merge table does not have: found pid 99 of class 15" in done.out
        assert f"FAULT {second}: truncated or damaged image" in done.out
        assert "2 of 10 items were left out; mend them and run again" in done.out
        left_out = json.loads((tmp_path / "out" / "parts.json").read_text())["sources"][0]["left_out"]
        assert [sentence.split(":")[0] for sentence in left_out] == [str(first), str(second)]
        stem = first.stem
        assert not [pair for pair in read_part_tree(tmp_path / "out", "train") if pair.name.startswith(stem)]

        first.write_bytes(whole[0])
        second.write_bytes(whole[1])
        assert ipose("data", "build-parts", own, tmp_path / "out", "--workers", 1).code == 0
        build(open_part_source(own), tmp_path / "undisturbed")
        built, undisturbed = (files(root) for root in (tmp_path / "out", tmp_path / "undisturbed"))
        journal = ".build/pascal-pps.jsonl"
        assert set(built.pop(journal).splitlines()) > set(undisturbed.pop(journal).splitlines())
        assert built == undisturbed


@pytest.fixture(scope="module")
def places(sources, tmp_path_factory) -> dict[str, str]:
    """What the templates below may name."""
    desk = tmp_path_factory.mktemp("desk")
    (desk / "empty").mkdir()
    (desk / "photos").mkdir()
    (desk / "photos" / "cat.jpg").write_bytes(b"x")
    (desk / "file").write_text("a file")
    (desk / "table.toml").write_text('name = "x"\nclasses = []\n')
    build(open_part_source(sources["pascal-pps"]), desk / "built")
    fewer = shutil.copytree(sources["pascal-pps"], desk / "fewer")
    next(fewer.rglob("*.tif")).unlink()
    birds = desk / "birds"
    birds.mkdir()
    (birds / "parts.json").write_text('{"part_names": {"cow": ["wing", "beak"]}}')
    (birds / "cow" / "train").mkdir(parents=True)
    Image.fromarray(np.ones((64, 64), dtype=np.uint8)).save(birds / "cow" / "train" / "a_part.png")
    return {"desk": str(desk), **{kind.replace("-", "_"): str(root) for kind, root in sources.items()}}


WRONG = {
    "no source": ("data build-parts", "required"),
    "missing source": ("data build-parts {desk}/nowhere {desk}/out", "no such folder"),
    "source is a file": ("data build-parts {desk}/file {desk}/out", "no such folder"),
    "empty source": ("data build-parts {desk}/empty {desk}/out", "no part annotations here: found an empty folder"),
    "no annotations": ("data build-parts {desk}/photos {desk}/out", "found cat.jpg"),
    "no such kind": ("data build-parts {release} {desk}/out --kind ade", "--kind"),
    "wrong kind": ("data build-parts {release} {desk}/out --kind pascal-pps", "no panoptic part maps"),
    "kind that fits no item": (
        "data build-parts {cityscapes_pps} {desk}/out --kind pascal-pps --workers 1",
        "none of the 4 items can be read as pascal-pps; the first one says",
    ),
    "table of another kind": ("data build-parts {release} {desk}/out --table {desk}/table.toml", "--table is for"),
    "bad table": ("data build-parts {pascal_pps} {desk}/out --table {desk}/table.toml", "table.toml: [classes] no cl"),
    "missing table": ("data build-parts {pascal_pps} {desk}/out --table {desk}/nowhere.toml", "cannot be read"),
    "spec of another kind": ("data build-parts {release} {desk}/out --spec coco-stuff", "--spec is for scenes"),
    "no workers": ("data build-parts {release} {desk}/out --workers 0", "[workers] no process to work: found 0"),
    "folder of something else": ("data build-parts {release} {desk}/photos", "this folder holds something else"),
    "out is a file": ("data build-parts {release} {desk}/file", "this folder holds something else"),
    "into itself": ("data build-parts {release} {release}/parts", "a source is not built into itself"),
    "another source of the kind": ("data build-parts {desk}/fewer {desk}/built", "was built from another pascal-pps"),
    "other parts of a category": ("data build-parts {desk}/birds {desk}/built", "category 'cow' has other parts here"),
    "sheets of nothing": ("data sheets {desk}/empty", "no part pairs to draw"),
}


@pytest.mark.parametrize(("words", "sentence"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_sentence_and_changes_nothing(ipose, places, words, sentence):
    before = {root: files(Path(root)) for root in places.values()}
    done = ipose(*words.format(**places).split())
    assert done.code == 2
    assert sentence in " ".join(done.err.split()), done.err
    assert "Traceback" not in done.err
    assert {root: files(Path(root)) for root in places.values()} == before
