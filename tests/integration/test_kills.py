"""A command that is killed at any moment and run again ends with the files of an undisturbed run.

`IPOSE_KILLS` is the number of SIGKILLs for each command (2). The commands run in forked processes, so that a kill costs
no start of Python. What a run says of itself (times, versions) is not compared; weights and maps are, bit for bit.
"""

import hashlib
import os
import random
import shlex
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ipose.cli.main import main

KILLS = int(os.environ.get("IPOSE_KILLS", "2"))
COMPARED = (".png", ".safetensors")
NOT_COMPARED = ("optimizer", "sheet")
GROUPDNET = shlex.split(
    "--num-classes 23 --height 64 --width 64 --encoder-channels 2 2 2 --decoder-channels 23 10 10 5 5 "
    "--decoder-groups 1 1 1 1 --modulation-hidden 5 --discriminator-width 4 --code-channels 2"
)
"""The groups of its presets do not divide PartWorld's classes."""


def forked(words: Sequence[object], seconds: float | None = None) -> int:
    """Run a command in a process of its own; kill it after so many seconds. Returns its exit code, -9 if killed."""
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        code = 0
        try:
            main([str(word) for word in words])
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            code = 99
        finally:
            os._exit(code)
    ends = time.monotonic() + (seconds if seconds is not None else 600)
    while time.monotonic() < ends:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def content(folder: Path) -> dict[str, str]:
    """Hashes of the maps and weights below a folder, by path; hidden files are left over by a kill, and no content."""
    paths = (path for path in sorted(folder.rglob("*")) if path.suffix in COMPARED and path.name[0] != ".")
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in paths
        if not any(word in path.name for word in NOT_COMPARED)
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


def survives(words: Callable[[Path], Sequence[object]], tmp_path: Path, kills: int = KILLS) -> None:
    """Run once undisturbed, and once with kills at random moments; both end with the same files."""
    begun = time.monotonic()
    assert forked(words(tmp_path / "calm")) == 0
    took, dice, killed = time.monotonic() - begun, random.Random(0), 0
    disturbed = tmp_path / "disturbed"
    for _ in range(20 * kills):
        if killed == kills:
            break
        code = forked(words(disturbed), dice.uniform(0.05, 0.9) * took)
        assert code in (0, -signal.SIGKILL), code
        killed += code != 0
        if code == 0 and killed < kills:  # it was done before: begin anew
            disturbed = tmp_path / f"disturbed-{killed}"
    assert forked(words(disturbed)) == 0
    assert content(disturbed) == content(tmp_path / "calm")
    assert content(disturbed)


def resumed(words: Sequence[object], out: Path) -> list[object]:
    """The words of a training, with --resume where there is a run to go on with."""
    return [*words, "--out", out, *(["--resume"] if (out / "run.json").is_file() else [])]


class TestLongCommands:
    """Each goes on where it was killed."""

    def test_data_build_parts(self, scene_folder, tmp_path):
        survives(lambda out: ["data", "build-parts", scene_folder, out, "--workers", 1], tmp_path)

    def test_labels_convert(self, scene_folder, tmp_path):
        words = ("--from", "partworld", "--to", "partworld:color")
        survives(lambda out: ["labels", "convert", scene_folder / "train_label", out, *words], tmp_path)

    def test_supports_build(self, scene_folder, tmp_path):
        def words(out: Path) -> list[object]:
            done = (out / "supports.json").is_file()
            return (
                ["supports", "check", out]
                if done
                else ["supports", "build", "--data", scene_folder, "--k", 1, "--out", out]
            )

        survives(words, tmp_path)

    def test_the_index_of_a_data_set(self, scene_folder, tmp_path, monkeypatch):
        def words(out: Path) -> list[object]:
            os.environ["IPOSE_CACHE"] = str(out)
            out.mkdir(exist_ok=True)
            (out / "a.png").write_bytes(b"one file to compare")
            return ["doctor", scene_folder]

        monkeypatch.setenv("IPOSE_CACHE", "")
        survives(words, tmp_path)

    @pytest.mark.slow
    def test_evaluate(self, tiny, tmp_path):
        words = ("evaluate", tiny.synthesis, "--features", "random", "--seeds", *range(6))
        survives(lambda out: [*words, "--out", out], tmp_path)

    @pytest.mark.slow
    def test_ablate(self, tiny, tmp_path):
        words = ("ablate", "11", "--partnet", tiny.partnet, "--preset", "toy", "--steps", 1, "--features", "random")
        data = ("--categories", "car", "dog", "--scenes", 4, "--val-scenes", 2, "--scene-size", 64)
        survives(lambda out: [*words, *data, "--rows", "predicted-parts", "--out", out], tmp_path)

    @pytest.mark.slow
    def test_segment(self, scene_folder, tmp_path):
        loop = ("--steps", 1, "--batch-size", 2, "--sample-every", 0, "--device", "cpu")
        photographs, pairs, model = scene_folder / "train_img", tmp_path / "pairs", tmp_path / "model"
        assert forked(["train", "ganseg", "--data", photographs, "--preset", "tiny", *loop, "--out", pairs]) == 0
        assert forked(["train", "segmenter", "--pairs", pairs, *loop, "--out", model]) == 0
        survives(lambda out: ["segment", photographs, "--model", model, "--out", out], tmp_path)


class TestTrainings:
    """A resumed training has the weights of one that never stopped."""

    @pytest.mark.slow
    def test_partnet(self, tiny, tmp_path):
        survives(lambda out: resumed(tiny.train_partnet, out), tmp_path)

    @pytest.mark.slow
    def test_synthesis(self, tiny, tmp_path):
        survives(lambda out: resumed(tiny.train_synthesis, out), tmp_path)

    @pytest.mark.slow
    @pytest.mark.parametrize("system", ["ganseg", "groupdnet", "segmenter"])
    def test_other_systems(self, scene_folder, tmp_path, system):
        preset = {"ganseg": ("--preset", "tiny"), "groupdnet": GROUPDNET, "segmenter": ()}[system]
        loop = ("--steps", 4, "--batch-size", 2, "--checkpoint-every", 1, "--sample-every", 0, "--device", "cpu")
        survives(lambda out: resumed(["train", system, "--data", scene_folder, *preset, *loop], out), tmp_path)
