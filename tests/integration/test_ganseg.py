"""GANSeg by command: train, go on, look, generate, move a part; and every wrong use answers in a sentence."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.published_photographs import write_celeba, write_cub, write_flowers, write_taichi
from ipose.data.png import read_index
from ipose.evaluation.eval_card import EvalCard, read_card, write_card
from ipose.ganseg.pretrained import load_ganseg

NETWORK = [
    *("--preset", "tiny", "--parts", 2, "--noise-channels", 6, "--embedding", 4, "--channels", 8, 6, 6, 4),
    *("--final-channels", 4, "--mask-channels", 4, "--hidden", 8, "--margin", 2, "--discriminator-channels", 4, 6, 8),
    *("--discriminator-hidden", 8, "--batch-size", 4, "--device", "cpu"),
]
DATA = ["--data", "partworld", "--scenes", 8, "--val-scenes", 2, "--categories", "car"]


@pytest.fixture(scope="module")
def run(ipose, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ganseg") / "run"
    said = ipose("train", "ganseg", *NETWORK, *DATA, "--out", folder, "--steps", 3, "--log-every", 1)
    assert said.code == 0, said.err
    assert "paper asks for more than 5,000" in said.out
    assert "Weights: concentration 5 (2.5 for each of 2 parts), area 16 (1 x (128/32)^2" in said.out
    return folder


class TestTrain:
    """`ipose train ganseg` leaves a run to look at, to go on with and to use."""

    def test_leaves_a_report_a_sheet_a_model_and_the_parts_usage(self, run):
        assert (run / "report.html").stat().st_size > 10_000
        assert np.asarray(Image.open(run / "samples" / "step-0000003.png")).shape[1] > 600
        assert json.loads((run / "model" / "config.json").read_text())["format"] == "ipose-ganseg"
        records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        assert {"part_1", "part_2", "entropy", "motion"} <= set(records[-1]["parts"])
        assert {"adversarial", "concentration", "area"} == set(records[0]["losses"]["generator"])

    def test_goes_on(self, ipose, run):
        said = ipose("train", "ganseg", *NETWORK, *DATA, "--out", run, "--steps", 4, "--log-every", 1, "--resume")
        assert said.code == 0, said.err
        assert (run / "checkpoints" / "step-4").is_dir()

    def test_larger_images_start_from_the_generator_of_smaller_ones(self, ipose, run, tmp_path):
        still = ["--steps", 1, "--lr-generator", 1e-12, "--seed", 9, "--image-size", 64, "--init", run]
        said = ipose("train", "ganseg", *NETWORK, *DATA, *still, "--out", tmp_path / "run")
        assert said.code == 0, said.err
        before, after = load_ganseg(run).state_dict(), load_ganseg(tmp_path / "run").state_dict()
        assert f"From {run}: {len(before)} of {len(before)} weights loaded." in said.out
        weights = [name for name in before if name.endswith("weight")]
        assert len(weights) > 20
        for name in weights:
            torch.testing.assert_close(after[name], before[name])

    def test_its_report_has_the_cards_and_tables_that_lie_there(self, ipose, run, tmp_path):
        folder = shutil.copytree(run, tmp_path / "run")
        (folder / "cards").mkdir()
        card = EvalCard(metric="Foreground IoU", value=0.25, protocol="photographs", resize="none", counts={})
        write_card(card, folder / "cards" / "iou.json")
        (tmp_path / "table-1.md").write_text("# Table 1\n\n| parts | IoU |\n|---|---|\n| 2 | 0.5 |\n")
        done = ipose("report", folder)
        assert done.code == 0, done.err
        text = (folder / "report.html").read_text()
        assert "<td>Foreground IoU</td>" in text
        assert "<h3>Table 1</h3>" in text

    def test_is_described(self, ipose, run):
        assert "ipose-ganseg), 2 parts, images of 32" in ipose("info", run).out


class TestObjects:
    """`--crops` and `--silhouettes`: what comes after cuts objects out in the same way."""

    WORDS = ("--crops", "--category", "car", "--ground", "random", "--silhouettes", "--crop-shift", 0.2)

    @pytest.mark.slow
    def test_train_go_on_and_segment(self, ipose, tmp_path, monkeypatch):
        monkeypatch.setattr("ipose.systems.part_segmenter.training.RE_ESTIMATION_PASSES", 2)
        words = ["train", "ganseg", *NETWORK, *DATA, *self.WORDS, "--out", tmp_path / "run"]
        said = ipose(*words, "--steps", 1)
        assert said.code == 0, said.err
        assert "8 objects cut out of partworld." in said.out
        assert ipose(*words, "--steps", 2, "--resume").code == 0
        segmenter = ["--network", "lraspp_mobilenet_v3_large", "--pairs-per-epoch", 2, "--batch-size", 2, "--steps", 1]
        said = ipose(
            "train", "part-segmenter", "--pairs", tmp_path / "run", *segmenter, "--out", tmp_path / "segmenter"
        )
        assert said.code == 0, said.err
        for folder in ("run", "segmenter"):
            config = json.loads((tmp_path / folder / "model" / "config.json").read_text())
            assert config["crops"] == {"margin": 0.1, "ground": "random"}

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["--silhouettes"], "whole photographs have no silhouettes. Say --crops"),
            (["--crops", "--data", "."], "objects are cut out by instance maps"),
            (["--crops", "--category", "carr"], "the data have no such objects: found 'carr'"),
            (["--crops", "--least-side", 300], "found 8 with fewer pixels"),
            (["--crop-turn", 10], "there are no crops: found 10.0. Say --crops, or leave it out."),
            (["--crops", "--crop-zoom", 0.5], "found 0.5, expected 1 to 2"),
        ],
    )
    def test_wrong_use_is_a_sentence(self, ipose, tmp_path, words, expected):
        said = ipose("train", "ganseg", *NETWORK, *DATA, *words, "--steps", 1, "--out", tmp_path / "run")
        assert said.code != 0
        assert expected in " ".join(said.err.split())


class TestGenerate:
    """`ipose generate --system ganseg`."""

    def test_images_part_maps_and_a_sheet(self, ipose, run, tmp_path):
        said = ipose("generate", "--model", run, "--count", 2, "--out", tmp_path)  # recognised without --system
        assert said.code == 0, said.err
        assert np.asarray(Image.open(tmp_path / "seed0_1.png")).shape == (32, 32, 3)
        assert read_index(tmp_path / "seed0_1_part.png").max() <= 2
        assert (tmp_path / "seed0_sheet.png").is_file()

    def test_the_same_number_is_the_same_image_in_any_batch(self, ipose, run, tmp_path):
        for count in (1, 3):
            ipose("generate", "--system", "ganseg", "--model", run, "--count", count, "--out", tmp_path / str(count))
        one, three = (np.asarray(Image.open(tmp_path / n / "seed0_0.png"), dtype=int) for n in ("1", "3"))
        assert np.abs(one - three).max() <= 1

    def test_a_moved_part_changes_the_image(self, ipose, run, tmp_path):
        said = ipose("generate", "--system", "ganseg", "--model", run, "--move", "part=2:0.5,0.0", "--out", tmp_path)
        assert said.code == 0, said.err
        before, after = (np.asarray(Image.open(tmp_path / f"seed0_0{s}.png"), dtype=int) for s in ("", "_moved"))
        assert np.abs(before - after).max() > 0


class TestWrongUse:
    """Exit code 2 and one sentence; nothing half done."""

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--sizes", 8, 8, 24, 32], "sizes that each repeat or double"),
            (["--sizes", 8, 16, 32], "one width for each of the 3 sizes"),
            (["--parts", 65], "at most 64: a part needs 2x2 pixels at 16x16"),
            (["--image-size", 48], "image_size"),
            (["--scenes", 2], "too few photographs: found 2, expected 4"),
            (["--data", "{tmp}/nowhere"], "no such folder of photographs"),
            (["--data", "{tmp}"], "no photographs in this folder"),
            (["--data", "{photos}"], "too few photographs: found 2, expected 4 or more (one batch"),
        ],
    )
    def test_of_training(self, ipose, photographs, tmp_path, words, sentence):
        words = [str(word).format(tmp=tmp_path, photos=photographs) for word in words]
        said = ipose("train", "ganseg", *NETWORK, *DATA, *words, "--steps", 1, "--out", tmp_path / "run")
        assert said.code == 2, said.out
        assert sentence in " ".join(said.err.split())
        assert not (tmp_path / "run").exists()

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--move", "2:1,0"], "expected part=NUMBER:DOWN,RIGHT"),
            (["--move", "part=3:0.1,0.0"], "[move] no such part: found 3, expected 1..2"),
            (["--count", 0], "nothing to make"),
            (["map.png"], "not of label maps"),
            (["--parts", "parts.png"], "[parts] GANSeg has no such option: found parts.png, expected --move"),
        ],
    )
    def test_of_generating(self, ipose, run, tmp_path, words, sentence):
        said = ipose("generate", "--system", "ganseg", "--model", run, "--out", tmp_path / "out", *words)
        assert said.code == 2, said.out
        assert sentence in said.err

    def test_of_generating_without_a_model(self, ipose, tmp_path):
        said = ipose("generate", "--model", tmp_path, "--move", "part=1:0,0")
        assert (said.code, "no model in here" in said.err) == (2, True)


BACKBONE = ["train", "segmenter", "--pairs", "{run}", "--out", "{tmp}/a", "--backbone"]
SEGMENTER = ["--network", "lraspp_mobilenet_v3_large", "--batch-size", 2, "--pairs-per-epoch", 4, "--device", "cpu"]


@pytest.fixture(scope="module")
def segmenter(ipose, run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("segmenter") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ipose.systems.part_segmenter.training.RE_ESTIMATION_PASSES", 2)
        said = ipose("train", "segmenter", "--pairs", run, *SEGMENTER, "--steps", 2, "--log-every", 1, "--out", folder)
    assert said.code == 0, said.err
    assert "--enlarge 4 makes them finer" in said.out  # of 32 pixels, to 128
    assert f"Report: {folder / 'report.html'}" in said.out
    return folder


@pytest.fixture(scope="module")
def photographs(ipose, tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    generator = np.random.default_rng(0)
    for i in range(2):
        Image.fromarray(generator.integers(0, 255, (40, 30, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder


class TestSegmenter:
    """`ipose train segmenter --pairs`, then `ipose segment`."""

    def test_leaves_a_report_a_sheet_and_its_accuracy_on_pairs(self, segmenter):
        page = (segmenter / "report.html").read_text()
        assert page.count("data:image/png") == 2  # the sheet and the curves
        assert "Trained 2 steps in" in page
        assert "% of the pixels of generated pairs" in page
        assert "The commonest part everywhere would give" in page
        with Image.open(segmenter / "samples" / "step-0000002.png") as sheet:
            assert sheet.height > 1000  # three rows of generated pairs, two of photographs
        records = [json.loads(line) for line in (segmenter / "metrics.jsonl").read_text().splitlines()]
        assert 0 <= records[-1]["pairs"]["pixels"] <= 1
        assert {"cross_entropy", "dice"} == set(records[0]["losses"]["segmenter"])

    def test_writes_a_part_map_of_each_photograph_at_its_size(self, ipose, segmenter, photographs, tmp_path):
        said = ipose("segment", photographs, "--model", segmenter, "--out", tmp_path)
        assert said.code == 0, said.err
        for i in range(2):
            part = read_index(tmp_path / f"{i}_part.png")
            assert part.shape == (40, 30)
            assert part.max() <= 2
        assert (tmp_path / "sheet.png").is_file()

    def test_its_own_maps_are_the_whole_truth(self, ipose, segmenter, photographs, tmp_path):
        ipose("segment", photographs, "--model", segmenter, "--out", tmp_path / "truth")
        words = ["--out", tmp_path / "out", "--truth", tmp_path / "truth"]
        said = ipose("segment", photographs, "--model", segmenter, *words)
        assert said.code == 0, said.err
        found = [read_index(tmp_path / "truth" / f"{i}_part.png").max() > 0 for i in range(2)]  # an empty map scores 0
        assert "Foreground IoU = " in said.out
        card = read_card(tmp_path / "out" / "cards" / "photographs_foreground-iou.json")
        assert card.counts == {"photographs": 2}
        assert len(card.data) == 16
        assert card.value == pytest.approx(sum(found) / 2, abs=1e-6)
        assert set(card.model) == {"segmenter"}
        shares = [(read_index(tmp_path / "truth" / f"{i}_part.png") > 0).mean() for i in range(2)]
        assert card.baselines == {"everything foreground": pytest.approx(sum(shares) / 2, abs=1e-6)}

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["segment", "{photos}", "--model", "{run}"], "a model of another system: found ipose-ganseg"),
            (["generate", "--model", "{segmenter}"], "A part segmenter makes no images: see parts of photographs"),
            (["segment", "{tmp}", "--model", "{segmenter}"], "no photographs in this folder"),
            (["segment", "{tmp}/x.png", "--model", "{segmenter}"], "no such file or folder"),
            (["segment", "{photos}", "--model", "{segmenter}", "--truth", "{tmp}"], "no true map for a photograph"),
            (["segment", "{photos}", "--model", "{segmenter}", "--truth", "{tmp}/x"], "no such folder of true maps"),
            (["train", "segmenter", "--pairs", "{tmp}", "--out", "{tmp}/a"], "no GANSeg model here"),
            (
                ["train", "segmenter", "--pairs", "{segmenter}", "--out", "{tmp}/a"],
                "found ipose-part-segmenter, expected ipose-ganseg. Name a run of ipose train ganseg",
            ),
            (
                [*BACKBONE, "{tmp}/resnet.pth"],
                "resnet.pth: [backbone] no weights of a backbone here. Get https://download.pytorch.org/models/resnet50",
            ),
            (
                [*BACKBONE, "{segmenter}/model/segmenter.safetensors"],
                "these weights are of another backbone: found 265 of 265 tensors missing",
            ),
            (
                ["train", "segmenter", "--pairs", "{run}", "--out", "{tmp}/a", "--network", "unet"],
                "torchvision has no such segmentation network",
            ),
        ],
    )
    def test_wrong_use(self, ipose, run, segmenter, photographs, tmp_path, monkeypatch, words, sentence):
        monkeypatch.chdir(tmp_path)
        places = {"tmp": tmp_path, "run": run, "segmenter": segmenter, "photos": photographs}
        said = ipose(*(word.format(**places) for word in words))
        assert said.code == 2, said.out
        assert sentence in said.err
        assert not (tmp_path / "a").exists()
        assert not (tmp_path / "segmented").exists()


class TestEvaluate:
    """`ipose evaluate` of a part segmenter: whatever the data have a truth of."""

    def test_on_its_own_scenes(self, ipose, segmenter):
        said = ipose("evaluate", segmenter)
        assert said.code == 0, said.err
        assert "Foreground IoU = " in said.out
        foreground = read_card(segmenter / "cards" / "photographs_foreground-iou.json")
        assert 0 < foreground.baselines["everything foreground"] < 1
        card = read_card(segmenter / "cards" / "photographs_iou-of-labels-with-their-matched-parts.json")
        assert any("stands for wheel" in note or "stands for window" in note for note in card.notes), card.notes
        assert card.counts == {"photographs": 2}
        assert set(card.model) == {"segmenter", "training commit"}
        assert len(card.data) == 16

    @pytest.mark.parametrize(
        ("write", "metrics", "baseline"),
        [
            (write_flowers, {"Foreground IoU"}, "everything foreground"),
            (write_celeba, {"Landmark error without bias", "Landmark error with bias"}, "the mean landmarks"),
            (
                write_taichi,
                {
                    "Foreground IoU",
                    "Landmark error as sum of absolute errors",
                    "Landmark error as sum of distances",
                },
                "the mean landmarks",
            ),
        ],
    )
    def test_on_published_photographs(self, ipose, segmenter, tmp_path, write, metrics, baseline):
        said = ipose("evaluate", segmenter, "--data", write(tmp_path / "set"), "--out", tmp_path / "cards")
        assert said.code == 0, said.err
        cards = [read_card(path) for path in (tmp_path / "cards").glob("*.json")]
        assert {card.metric for card in cards} == metrics
        assert all(card.counts["photographs"] == 1 for card in cards)
        assert any(baseline in card.baselines for card in cards)
        assert all(len(card.data) == 16 for card in cards)

    def test_on_birds_with_landmarks_and_without(self, ipose, segmenter, tmp_path):
        birds = write_cub(tmp_path / "set")
        said = ipose("evaluate", segmenter, "--data", birds, "--out", tmp_path / "both")
        assert said.code == 0, said.err
        card = read_card(tmp_path / "both" / "photographs_landmark-error-over-the-edge-length-with-bias.json")
        assert card.counts == {"photographs": 2, "to fit on": 20, "landmarks": 15, "landmarks judged": 30}
        assert card.baselines["the mean landmarks"] == pytest.approx(0, abs=1e-4)  # all birds stand alike
        assert "by the protocol of its reference [34]" in card.notes[0]
        assert "splits of our own" in card.notes[1]
        shutil.rmtree(birds / "parts")
        said = ipose("evaluate", segmenter, "--data", birds, "--out", tmp_path / "one")
        assert said.code == 0, said.err
        assert "No landmark error: " in said.out + said.err
        assert [path.name for path in (tmp_path / "one").glob("*.json")] == ["photographs_foreground-iou.json"]

    def test_of_a_ganseg_run_with_its_part_segmenter(self, ipose, run, segmenter, tmp_path):
        words = ["--features", "random", "--count", 2, "--segmenter", segmenter, "--out", tmp_path]
        said = ipose("evaluate", run, *words)
        assert said.code == 0, said.err
        assert "Frechet distance (features random@" in said.out
        assert "Foreground IoU = " in said.out
        assert "IoU of labels with their matched parts = " in said.out

    def test_the_mean_landmarks_are_what_a_copy_of_the_data_needs(self, ipose, segmenter, tmp_path):
        """The landmarks of all copies are the same, so that their mean is right and its error 0."""
        ipose("evaluate", segmenter, "--data", write_celeba(tmp_path / "set"), "--out", tmp_path / "cards")
        card = read_card(tmp_path / "cards" / "photographs_landmark-error-with-bias.json")
        assert card.baselines["the mean landmarks"] == pytest.approx(0, abs=1e-4)
        assert "fewer photographs to fit on than numbers to fit" in card.notes

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["{run}", "--segmenter", "{run}"], "no part segmenter: found ganseg, expected part-segmenter"),
            (["{segmenter}", "--data", "{photos}"], "photographs without a truth to judge by"),
            (["{segmenter}", "--data", "{tmp}/nowhere"], "no such folder of photographs"),
        ],
    )
    def test_wrong_use(self, ipose, run, segmenter, photographs, tmp_path, words, sentence):
        places = {"tmp": tmp_path, "run": run, "segmenter": segmenter, "photos": photographs}
        said = ipose("evaluate", *(word.format(**places) for word in words))
        assert said.code == 2, said.out
        assert sentence in " ".join(said.err.split())


class TestReport:
    """`ipose report` writes the page anew, with the cards that lie there by now."""

    def test_of_a_ganseg_run(self, ipose, run):
        (run / "report.html").unlink()
        said = ipose("report", run)
        assert said.code == 0, said.err
        assert "What it generates" in (run / "report.html").read_text()

    def test_of_a_part_segmenter(self, ipose, segmenter):
        ipose("evaluate", segmenter)
        said = ipose("report", segmenter)
        assert said.code == 0, said.err
        page = (segmenter / "report.html").read_text()
        assert "pixels of generated pairs" in page
        assert "Foreground IoU" in page
