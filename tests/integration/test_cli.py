"""Every command, used as the README says."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import ipose as package
from ipose.data.png import write_index
from ipose.data.support_folder import load_supports

HELP = """
import sys, time
from ipose.cli.main import main
for words in {commands!r}:
    try:
        main([*words, "--help"])
    except SystemExit as leaving:
        assert leaving.code == 0, words
assert "torch" not in sys.modules
"""

COMMANDS = (
    [],
    ["demo"],
    ["doctor"],
    ["supports"],
    ["supports", "build"],
    ["supports", "check"],
    ["supports", "show"],
    ["parts"],
    ["train"],
    ["train", "partnet"],
    ["train", "synthesis"],
    ["train", "segmenter"],
    ["generate"],
    ["evaluate"],
    ["report"],
    ["info"],
    ["partworld"],
    ["ablate"],
    ["train", "ganseg"],
    ["train", "segmenter", "--pairs", "x"],
    ["segment"],
    ["plan"],
    ["plan", "synthesis"],
    ["export"],
)


def pixels(path: Path) -> np.ndarray:
    """The image as an array."""
    with Image.open(path) as image:
        return np.array(image)


def draw(path: Path, size: int = 40, value: int = 255) -> Path:
    """A rectangle as a PNG."""
    canvas = np.zeros((size, size), dtype=np.uint8)
    canvas[8:30, 5:35] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(canvas).save(path)
    return path


class TestEntryPoint:
    """`ipose` and `python -m ipose` are one."""

    def test_the_version_is_the_packages(self, ipose):
        assert ipose("--version").out == f"ipose {package.__version__}\n"

    def test_python_dash_m_is_the_same_command(self):
        done = subprocess.run([sys.executable, "-m", "ipose", "--version"], capture_output=True, text=True, check=True)
        assert done.stdout == f"ipose {package.__version__}\n"

    def test_of_several_processes_the_first_does_what_cannot_be_shared(self, ipose, monkeypatch, tmp_path):
        words = ("partworld", "--out", tmp_path / "world", "--scenes", 1, "--val-scenes", 1, "--size", 32, 32)
        monkeypatch.setenv("WORLD_SIZE", "2")
        monkeypatch.setenv("RANK", "1")
        said = ipose(*words)
        assert (said.code, said.out) == (0, "")
        assert said.err == "ipose: only ipose train shares its work; the first process does this alone.\n"
        assert not (tmp_path / "world").exists()
        monkeypatch.setenv("RANK", "0")
        assert ipose(*words).code == 0
        assert (tmp_path / "world" / "train_label").is_dir()
        assert "WORLD_SIZE" not in os.environ  # so it waits for nobody

    def test_help_of_every_command_comes_without_torch(self):
        script = HELP.format(commands=COMMANDS)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "usage: ipose" in done.stdout

    @pytest.mark.parametrize(
        ("words", "default"),
        [
            (["train", "synthesis"], "(default: 0.0005)"),
            (["train", "synthesis", "--preset", "ade20k"], "(default: 0.0001)"),
            (["train", "synthesis", "--preset=ade20k-release"], "(default: 0.0002)"),
        ],
    )
    def test_help_shows_the_defaults_of_the_preset_with_their_source(self, ipose, words, default):
        text = " ".join(ipose(*words, "--help").out.replace("│", " ").replace("|", " ").split())
        described = text[text.index("--lr-generator FLOAT") : text.index("--lr-discriminator FLOAT")]
        assert default in described
        assert "P: 1e-4; R's scripts" in described

    def test_help_names_a_switch_that_is_on_together_with_its_opposite(self, ipose):
        text = ipose("train", "partnet", "--help").out
        assert "--multi-scale, --no-multi-scale" in text
        assert "--no-resume" not in text


class TestTraining:
    """`ipose train partnet`, then `ipose train synthesis`, leave runs to use."""

    def test_both_runs_hold_what_a_run_holds(self, tiny):
        for run, weights in ((tiny.partnet, "partnet"), (tiny.synthesis, "model")):
            assert {"run.json", "metrics.jsonl", "report.html", "samples", "checkpoints", "model"} <= {
                path.name for path in run.iterdir()
            } | {"samples"}
            assert [path.name for path in sorted((run / "checkpoints").iterdir())] == ["step-2", "step-4"]
            assert (run / "model" / f"{weights}.safetensors").is_file()

    def test_partnet_never_learns_from_a_novel_category(self, tiny):
        described = json.loads((tiny.partnet / "run.json").read_text())["data"]
        pairs = int(described.split()[0])
        assert 0 < pairs < 16  # cars alone, of 8 scenes with 2 objects each
        assert load_supports(tiny.partnet / "model" / "supports").categories == ("car", "dog")

    def test_resume_goes_on_with_the_same_command(self, ipose, tiny, tmp_path):
        run = shutil.copytree(tiny.synthesis, tmp_path / "run")
        words = [*tiny.train_synthesis, "--out", run, "--steps", 5]
        refused = ipose(*words)
        assert (refused.code, "Add --resume" in refused.err) == (2, True)
        done = ipose(*words, "--resume")
        assert done.code == 0, done.err
        assert "Trained 5 steps" in done.out

    def test_a_scene_folder_trains_both_networks(self, ipose, tiny, scene_folder, tmp_path):
        short = shlex.split("--steps 1 --sample-every 1")
        parts = ipose(*tiny.train_partnet, *short, "--data", scene_folder, "--out", tmp_path / "parts", "--k", 1)
        assert parts.code == 0, parts.err
        words = [*tiny.train_synthesis, *short, "--data", scene_folder, "--partnet", tmp_path / "parts"]
        images = ipose(*words, "--out", tmp_path / "images")
        assert images.code == 0, images.err
        assert (tmp_path / "images" / "samples" / "step-0000001.png").is_file()


class TestSupports:
    """`ipose supports build|check|show`."""

    def test_build_check_and_show_agree(self, ipose, tmp_path):
        world = shlex.split("--categories car dog --objects 2 2 --scenes 6 --val-scenes 1 --scene-size 64")
        folder = tmp_path / "supports"
        built = ipose("supports", "build", "--out", folder, "--k", 2, *world)
        assert built.code == 0, built.err
        assert (folder / "sheet.png").is_file()
        checked = ipose("supports", "check", folder)
        assert checked.code == 0
        assert "car: 2 supports, parts window, wheel, light, license, chassis" in checked.out
        shown = ipose("supports", "show", folder, "--out", tmp_path / "new" / "sheet.png")
        assert shown.code == 0
        assert pixels(tmp_path / "new" / "sheet.png").shape[1] > 64

    def test_check_lists_every_fault_and_exits_with_1(self, ipose, tmp_path):
        draw(tmp_path / "robot" / "1_part.png", value=200)
        draw(tmp_path / "robot" / "2_part.png", value=1)
        draw(tmp_path / "cat" / "1_part.png", value=1)
        checked = ipose("supports", "check", tmp_path)
        assert checked.code == 1
        assert checked.out.count("FAULT") == 2
        assert "found 200" in checked.out


class TestDoctor:
    """`ipose doctor` reads a whole data set."""

    def test_a_healthy_folder_passes(self, ipose, scene_folder):
        done = ipose("doctor", scene_folder)
        assert done.code == 0
        assert f"{scene_folder}: no faults in 6 scenes" in done.out

    def test_a_planted_fault_is_found_with_exit_code_1(self, ipose, scene_folder, tmp_path):
        folder = shutil.copytree(scene_folder, tmp_path / "scenes")
        label = next((folder / "val_label").iterdir())
        Image.fromarray(pixels(label)).convert("RGB").save(label)
        done = ipose("doctor", folder)
        assert done.code == 1
        assert f"FAULT {label}" in done.out

    def test_part_categories_without_supports_are_faults_when_asked(self, ipose, tiny, scene_folder, tmp_path):
        supports = shutil.copytree(tiny.partnet / "model" / "supports", tmp_path / "supports")
        assert ipose("doctor", scene_folder, "--supports", supports).code == 0
        shutil.rmtree(supports / "dog")
        (supports / "supports.json").unlink()
        done = ipose("doctor", scene_folder, "--supports", supports)
        assert done.code == 1
        assert "part category 'dog' (of class 'dog') without supports" in done.out


class TestParts:
    """`ipose parts`: PartNet alone."""

    def test_a_new_category_needs_nothing_but_drawn_supports(self, ipose, tiny, tmp_path):
        for name, value in (("1", 1), ("2", 2)):
            draw(tmp_path / "supports" / "robot" / f"{name}_part.png", value=value)
        shape = draw(tmp_path / "shapes" / "mine.png")
        words = [
            "parts",
            shape,
            "--supports",
            tmp_path / "supports",
            "--model",
            tiny.partnet,
            "--out",
            tmp_path / "out",
        ]
        done = ipose(*words)
        assert done.code == 0, done.err
        assert done.out.split() == [str(tmp_path / "out" / name) for name in ("mine_part.png", "sheet.png")]
        part = pixels(tmp_path / "out" / "mine_part.png")
        assert part.shape == (64, 64)
        assert part.max() <= 8

    def test_label_maps_get_part_maps_and_overlays(self, ipose, tiny, scene_folder, tmp_path):
        words = ["parts", scene_folder / "val_label", "--model", tiny.synthesis, "--out", tmp_path]
        done = ipose(*words, "--instances", scene_folder / "val_inst")
        assert done.code == 0, done.err
        assert len(list(tmp_path.glob("*_part.png"))) == len(list(tmp_path.glob("*_overlay.png"))) == 2
        assert pixels(sorted(tmp_path.glob("*_part.png"))[0]).shape == (64, 64)


class TestGenerate:
    """`ipose generate`: label maps in, images out."""

    def test_a_folder_of_maps_becomes_images_parts_and_sheets(self, ipose, tiny, scene_folder, tmp_path):
        words = ["generate", scene_folder / "val_label", "--model", tiny.synthesis, "--out", tmp_path, "--count", 2]
        done = ipose(*words, "--seed", 5, "--instances", scene_folder / "val_inst")
        assert done.code == 0, done.err
        name = sorted((scene_folder / "val_label").iterdir())[0].stem
        expected = {f"{name}_{what}.png" for what in ("seed5", "seed6", "part", "sheet")}
        assert expected <= {path.name for path in tmp_path.iterdir()}
        assert len(done.out.split()) == 8
        assert pixels(tmp_path / f"{name}_seed5.png").shape == (64, 64, 3)

    def test_the_seed_decides_the_image(self, ipose, tiny, scene_folder, tmp_path):
        map_file = sorted((scene_folder / "val_label").iterdir())[0]
        for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
            assert (
                ipose("generate", map_file, "--model", tiny.synthesis, "--seed", seed, "--out", tmp_path / folder).code
                == 0
            )
        images = {folder: (tmp_path / folder).glob("*_seed*.png").__next__().read_bytes() for folder in "abc"}
        assert images["a"] == images["b"] != images["c"]

    def test_maps_of_any_size_are_resized_unless_their_size_is_to_be_kept(self, ipose, tiny, tmp_path):
        write_index(tmp_path / "map.png", torch.zeros(96, 80, dtype=torch.uint8))
        words = ["generate", tmp_path / "map.png", "--model", tiny.synthesis]
        assert ipose(*words, "--out", tmp_path / "resized").code == 0
        assert pixels(tmp_path / "resized" / "map_seed0.png").shape == (64, 64, 3)
        assert ipose(*words, "--keep-size", "--out", tmp_path / "kept").code == 0
        assert pixels(tmp_path / "kept" / "map_seed0.png").shape == (96, 80, 3)


class TestEvaluateAndInfo:
    """`ipose evaluate RUN`, `ipose info RUN`."""

    def test_a_synthesis_run_is_scored_by_its_partnet_on_its_own_data(self, ipose, tiny):
        done = ipose("evaluate", tiny.synthesis)
        assert done.code == 0, done.err
        assert "dog" in done.out
        assert json.loads((tiny.synthesis / "evaluation.json").read_text())["partnet_sha256"]

    def test_info_says_what_a_run_and_a_model_folder_hold(self, ipose, tiny):
        run = ipose("info", tiny.synthesis).out
        assert "4 steps" in run
        assert "step-2, step-4" in run
        assert "car, dog" in run
        assert "car, dog" in ipose("info", tiny.partnet / "model").out

    def test_a_pipe_gets_no_fragments_of_a_progress_bar(self, ipose, scene_folder):
        done = ipose("doctor", scene_folder)
        assert (done.code, done.err) == (0, "")

    def test_partworld_is_written_as_a_scene_folder(self, scene_folder):
        assert len(list((scene_folder / "train_label").iterdir())) == 4
        assert {path.name for path in scene_folder.iterdir()} >= {"dataset.toml", "train_part", "val_img", "val_inst"}


class TestSpeedAndMemory:
    """`ipose plan`, and the flags that cost no result."""

    def test_a_plan_has_the_words_of_the_training(self, ipose, tiny):
        loop = [word for word in tiny.train_synthesis[2:] if word]
        done = ipose("plan", "synthesis", *loop, "--workers", 0)
        assert done.code == 0, done.err
        for words in (
            "parameters of generator",
            "parameters of discriminator",
            "GFLOP",
            "4, each on a batch of 2",
            "8 scenes of partworld",
            "time of all steps",
        ):
            assert words in done.out

    def test_pieces_and_blocks_computed_again_are_flags_of_every_training(self, ipose, tiny, tmp_path):
        for words in (tiny.train_partnet, tiny.train_synthesis):
            flags = ["--accumulate", 2, "--checkpoint-activations", "--steps", 1, "--out", tmp_path / words[1]]
            done = ipose(*words, *flags)
            assert done.code == 0, done.err
            settings = json.loads((tmp_path / words[1] / "run.json").read_text())["train"]
            assert (settings["accumulate"], settings["checkpoint_activations"]) == (2, True)

    def test_images_to_judge_can_be_made_in_bfloat16(self, ipose, tiny, tmp_path):
        words = shlex.split("--protocol images --features random --seeds 0 --precision bf16")
        done = ipose("evaluate", tiny.synthesis, *words, "--out", tmp_path / "cards")
        assert done.code == 0, done.err
        assert "images made in bf16" in done.out
        assert json.loads((tmp_path / "cards" / "generated" / "made-from.json").read_text())["precision"] == "bf16"
