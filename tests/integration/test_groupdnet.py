"""GroupDNet by the commands that a user types: train, go on, generate, figures, evaluate; and their wrong use."""

import json
import shlex
import shutil

import pytest
import torch

from ipose.data.png import read_photo
from ipose.groupdnet.model import GroupDNet
from ipose.testing.tiny_scenes import write_scenes

NETWORKS = shlex.split(
    "--num-classes 5 --height 32 --width 48 --encoder-channels 2 2 2 --decoder-channels 10 10 10 5 5 "
    "--decoder-groups 5 5 1 1 --modulation-hidden 5 --discriminator-width 4 --batch-size 2 --code-channels 2"
)
LOOP = shlex.split("--checkpoint-every 2 --sample-every 0 --log-every 1 --device cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    for split in ("train", "val"):
        write_scenes(root, split, count=2)
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory, ipose, data):
    folder = tmp_path_factory.mktemp("runs") / "groupdnet"
    done = ipose("train", "groupdnet", "--data", data, "--out", folder, "--steps", 2, *NETWORKS, *LOOP)
    assert done.code == 0, done.err
    return folder


@pytest.fixture(scope="module")
def label_map(data):
    return next((data / "val_label").glob("*.png"))


class TestTraining:
    """`ipose train groupdnet` leaves a run that can be used, gone on with, and described."""

    def test_leaves_model_report_and_losses(self, run, data):
        assert "[parts]" in (data / "dataset.toml").read_text()  # which GroupDNet does not read
        assert (run / "report.html").is_file()
        assert GroupDNet.from_pretrained(run).config.num_classes == 5
        last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
        assert set(last["losses"]["generator"]) == {"gan", "features", "l1", "kl"}
        asked = json.loads((run / "run.json").read_text())["train"]
        assert (asked["schedule"], asked["constant_epochs"], asked["decay_epochs"]) == ("constant_then_linear", 24, 16)

    def test_goes_on(self, run, ipose, data):
        words = ("train", "groupdnet", "--data", data, "--out", run, "--steps", 4, *NETWORKS, *LOOP, "--resume")
        before = GroupDNet.from_pretrained(run).decoder.to_image.weight
        assert ipose(*words).code == 0
        assert not torch.equal(GroupDNet.from_pretrained(run).decoder.to_image.weight, before)

    def test_is_described(self, run, ipose):
        assert "ipose-groupdnet), 5 classes, groups 5, 5, 1, 1" in ipose("info", run).out


class TestUse:
    """A GroupDNet is recognised by its folder."""

    def test_one_class_resampled_changes_with_the_seed(self, run, ipose, label_map, tmp_path):
        words = ("generate", label_map, "--model", run, "--out", tmp_path, "--count", 2, "--resample", "car")
        assert ipose(*words).code == 0
        images = [read_photo(tmp_path / f"{label_map.stem}_seed{seed}.png") for seed in (0, 1)]
        assert (images[0] != images[1]).any()
        assert (tmp_path / f"{label_map.stem}_sheet.png").is_file()

    def test_figures_are_four_sheets(self, run, ipose, tmp_path):
        assert ipose("figures", run, "--scenes", 2, "--out", tmp_path).code == 0
        names = {"one-class.png", "appearance-mixture.png", "semantic-manipulation.png", "style-morphing.png"}
        assert {file.name for file in tmp_path.iterdir()} == names

    def test_cards_name_what_stands_for_lpips(self, run, ipose, tmp_path):
        done = ipose("evaluate", run, "--maps", 1, "--pairs", 2, "--out", tmp_path / "cards")
        assert done.code == 0, done.err
        assert "mCSD (mean absolute difference) = " in done.out
        assert "mOCD (mean absolute difference)" in done.out
        assert "a stand-in for LPIPS" in done.out

    def test_its_report_is_made_anew_with_its_cards(self, run, ipose):
        assert ipose("evaluate", run, "--maps", 1, "--pairs", 2).code == 0
        (run / "report.html").unlink()
        done = ipose("report", run)
        assert done.code == 0, done.err
        assert "mOCD (mean absolute difference)" in (run / "report.html").read_text()

    def test_without_its_data_its_report_says_so(self, run, ipose, tmp_path):
        folder = shutil.copytree(run, tmp_path / "run")
        info = json.loads((folder / "run.json").read_text())
        info["config"]["data"]["data"] = str(tmp_path / "gone")
        (folder / "run.json").write_text(json.dumps(info))
        done = ipose("report", folder)
        assert done.code == 0, done.err
        assert "The validation data are not here" in (folder / "report.html").read_text()


class TestWrongUse:
    """One sentence on stderr, exit code 2, nothing written."""

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--decoder-groups", "3", "5", "1", "1"], "block 1 of the decoder (10 to 10 channels, 3 groups)"),
            (["--decoder-groups", "5", "5"], "expected 4 groups"),
            (["--perceptual", "vgg", "--vgg-weights", "nowhere.pth"], "no weights of VGG-19"),
            (["--height", "33"], "[height]"),
            (
                shlex.split("--num-classes 15 --decoder-channels 30 10 10 5 5"),
                "[num_classes] the data have another number of classes",
            ),
        ],
    )
    def test_of_training(self, ipose, data, tmp_path, words, said):
        out = tmp_path / "run"
        done = ipose("train", "groupdnet", "--data", data, "--out", out, "--steps", 1, *NETWORKS, *LOOP, *words)
        assert done.code == 2
        assert said in done.err
        assert not out.exists()

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--resample", "cat"], "no such class: found cat, expected void, sky, car, dog, box"),
            (["--parts", "parts"], "[parts] GroupDNet has no such option: found parts"),
            (["--model", "nowhere", "--resample", "car"], "nowhere"),
            (["--count", "0"], "nothing to make"),
        ],
    )
    def test_of_generating(self, run, ipose, label_map, tmp_path, words, said):
        done = ipose("generate", label_map, "--model", run, "--out", tmp_path / "out", *words)
        assert done.code == 2
        assert said in done.err

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["figures", "--scenes", "0"], "[scenes] the figures take looks"),
            (["evaluate", "--maps", "0"], "[maps]"),
            (["evaluate", "--data", "elsewhere"], "elsewhere: no such data folder"),
            (["evaluate", "--protocol", "parts"], "[protocol]"),
            (["edit", "label.png"], "a model of another system: found ipose-groupdnet"),
        ],
    )
    def test_of_a_run(self, run, ipose, label_map, tmp_path, words, said):
        command, *rest = words
        given = [label_map, "--model", run] if command == "edit" else [run, *rest]
        done = ipose(command, *given, *([] if command == "edit" else ["--out", tmp_path / "out"]))
        assert done.code == 2
        assert said in done.err

    def test_another_systems_model_is_told(self, ipose, label_map, tmp_path):
        (tmp_path / "config.json").write_text('{"format": "ipose-ganseg"}')
        words = ["--model", tmp_path, "--out", tmp_path / "out"]
        done = ipose("generate", label_map, *words, "--resample", "car")
        assert done.code == 2
        assert "makes images of noise, not of label maps" in done.err
        done = ipose("generate", *words, "--resample", "car")
        assert done.code == 2
        assert "[resample] GANSeg has no such option: found ('car',), expected --move" in done.err
