"""The first hour: the authors' weights, a data set as downloaded, and numbers: two commands.

Random networks with the release's names and shapes stand in for the authors' files, and miniature copies for the data.
"""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from helpers.published_scenes import write_ade20k, write_cityscapes, write_coco_stuff
from ipose.data.part_names import part_names_for
from ipose.data.png import read_photo
from ipose.data.specs import load_spec
from ipose.data.support_folder import save_supports
from ipose.evaluation.eval_card import card_file_name, read_cards
from ipose.interop.release import to_release
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.presets import preset as partnet_preset
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset

pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")

BYTES = 3 * 10**9

WRITERS = {"cityscapes": write_cityscapes, "ade20k": write_ade20k, "coco-stuff": write_coco_stuff}
CLASSES = {"cityscapes": 35, "ade20k": 151, "coco-stuff": 183}
SIZES = {"cityscapes": (256, 512, 3), "ade20k": (256, 256, 3), "coco-stuff": (256, 256, 3)}
SMALL = {"channels": 1, "spade_hidden": 2, "part_hidden": 2, "part_feature_channels": 2}

COMMAND = """
import resource, sys
from ipose.cli.main import main
main(sys.argv[1:])
print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """No Inception, and a cache of its own."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    monkeypatch.setenv("IPOSE_CACHE", str(tmp_path / "cache"))


def write_weights(path: Path, name: str, partnet: PartNetConfig, **widths: int) -> Path:
    """A file as the authors' training saves one: generator with its PartNet, random."""
    with torch.device("meta"):
        shapes = to_release(Generator(preset(f"{name}-release", **widths)))
        shapes |= {f"partnet.model.{key}": value for key, value in to_release(PartNet(partnet)).items()}
    draw = torch.Generator().manual_seed(0)
    state = {
        key: 0.1 * torch.rand(value.shape, generator=draw) if value.is_floating_point() else torch.tensor(7)
        for key, value in shapes.items()
    }
    torch.save(state, path)
    return path


def write_supports(folder: Path, name: str) -> Path:
    """Three supports for every part category of a data set, in two halves where it has two parts."""
    names = part_names_for(sorted(load_spec(name).part_categories))
    maps = torch.zeros(3, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    save_supports(SupportSet(names, {key: maps.clamp(max=len(parts)) for key, parts in names.items()}), folder)
    return folder


def write_segmenter(path: Path, channels: int) -> Path:
    """A segmenter that nobody trained."""
    torch.manual_seed(0)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(nn.Conv2d(3, channels, 1), torch.zeros(1, 3, 8, 8)), path)
    return path


@pytest.mark.parametrize(
    "name", [name if name == "cityscapes" else pytest.param(name, marks=pytest.mark.slow) for name in WRITERS]
)
def test_convert_then_evaluate_on_a_download_gives_cards(ipose, tmp_path, name):
    weights = write_weights(tmp_path / "latest_EMA.pth", name, PartNetConfig(encoder_channels=(2, 3, 3, 4)), **SMALL)
    drawn = WRITERS[name](tmp_path / "data")["train"]
    model = tmp_path / "released" / name
    assert ipose("convert", weights, model, "--supports", write_supports(tmp_path / "supports", name)).code == 0
    words = ["evaluate", model, "--data", tmp_path / "data", "--split", "train", "--features", "random"]
    done = ipose(*words, "--limit", 2, "--segmenter", write_segmenter(tmp_path / "seg.pt", CLASSES[name]))
    assert done.code == 0, done.err
    out = tmp_path / "released" / f"{name}-on-data-train"
    kinds = {card.metric.split(" (")[0] for card in read_cards(out)}
    assert kinds == {
        *("Frechet distance", "Kernel distance", "Object Frechet distance", "Object kernel distance"),
        *("Diversity between seeds", "mIoU", "Pixel accuracy"),
    }
    images = sorted((out / "generated").glob("*.png"))
    assert [path.name for path in images] == [f"{scene.name}_seed{n}.png" for scene in drawn[:2] for n in (0, 1)]
    assert read_photo(images[0]).shape == SIZES[name]
    for card in read_cards(out):
        assert f"{out / card_file_name(card)}: {card.line()}" in done.out
        assert str(tmp_path / "data") == card.real
        assert {"generator", "PartNet", "supports"} <= set(card.model)
    assert "No part cards: " in done.out


def test_a_second_evaluation_makes_no_image_and_its_cards_are_the_same(ipose, tmp_path):
    weights = write_weights(tmp_path / "G.pth", "ade20k", PartNetConfig(encoder_channels=(2, 3, 3, 4)), **SMALL)
    write_ade20k(tmp_path / "data")
    assert ipose("convert", weights, tmp_path / "m", "--supports", write_supports(tmp_path / "s", "ade20k")).code == 0
    words = ["evaluate", tmp_path / "m", "--data", tmp_path / "data", "--split", "train", "--features", "random"]
    first = ipose(*words, "--out", tmp_path / "out")
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "generated").iterdir()}
    second = ipose(*words, "--out", tmp_path / "out")
    assert first.code == second.code == 0, second.err
    assert first.out == second.out
    assert "4 of 4 images stand already" in second.err
    assert all(path.stat().st_mtime_ns == time for path, time in times.items() if path.suffix == ".png")
    # one scene of val has no distance, and diversity needs two seeds: nothing is left, and it is said how to go on
    none = ipose("evaluate", tmp_path / "m", "--data", tmp_path / "data")
    assert none.code == 2, none.out
    assert "nothing to judge by" in none.err
    assert "ipose generate DATA --model MODEL" in none.err


def test_objects_without_supports_are_refused_before_any_image_or_painted_without_parts(ipose, tmp_path):
    weights = write_weights(tmp_path / "G.pth", "cityscapes", PartNetConfig(encoder_channels=(2, 3, 3, 4)), **SMALL)
    write_cityscapes(tmp_path / "data")
    assert ipose("convert", weights, tmp_path / "m").code == 0
    words = ["evaluate", tmp_path / "m", "--data", tmp_path / "data", "--split", "train", "--features", "random"]
    words = [*words, "--seeds", 0, "--protocol", "images", "--out", tmp_path / "out"]
    refused = ipose(*words)
    assert refused.code == 2
    assert "the data show objects of categories without supports: found bicycle, car, human" in refused.err
    assert "--without-parts" in refused.err
    assert not (tmp_path / "out").exists()
    done = ipose(*words, "--without-parts")
    assert done.code == 0, done.err
    assert all("painted without parts: bicycle, car, human" in card.line() for card in read_cards(tmp_path / "out"))


def test_generate_reads_the_same_download(ipose, tmp_path):
    weights = write_weights(tmp_path / "G.pth", "cityscapes", PartNetConfig(encoder_channels=(2, 3, 3, 4)), **SMALL)
    drawn = write_cityscapes(tmp_path / "data")
    supports = write_supports(tmp_path / "s", "cityscapes")
    assert ipose("convert", weights, tmp_path / "m", "--supports", supports).code == 0
    done = ipose("generate", tmp_path / "data", "--model", tmp_path / "m", "--split", "val", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    (scene,) = drawn["val"]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {f"{scene.name}_{ending}.png" for ending in ("seed0", "part", "sheet")}


def peak_memory(*words: object) -> int:
    """Bytes that a command needed at most, in a process of its own."""
    command = [sys.executable, "-c", COMMAND, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=3600)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("name", WRITERS)
def test_weights_of_full_size_are_converted_and_judged_within_3_gb(tmp_path, name):
    weights = write_weights(tmp_path / "latest_EMA.pth", name, partnet_preset("release"))
    WRITERS[name](tmp_path / "data")
    supports, out = write_supports(tmp_path / "supports", name), tmp_path / "out"
    segmenter = write_segmenter(tmp_path / "seg.pt", CLASSES[name])
    judge = ["evaluate", tmp_path / "model", "--data", tmp_path / "data", "--split", "train", "--limit", "2"]
    used = [
        peak_memory("convert", weights, tmp_path / "model", "--supports", supports),
        peak_memory(*judge, "--features", "random", "--segmenter", segmenter, "--seeds", "0", "--out", out),
    ]
    print(f"{name}: peak memory {used[0] / 1e9:.2f} GB to convert, {used[1] / 1e9:.2f} GB to judge")
    assert max(used) < BYTES
    assert len(read_cards(out)) == 6
