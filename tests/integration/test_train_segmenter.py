"""`ipose train segmenter`: a run that judges images, as a file that needs no code of ours."""

import shlex
import shutil

import pytest
import torch
from safetensors.torch import load_file

from ipose.data.specs import load_spec
from ipose.errors import DataError
from ipose.evaluation.eval_card import read_cards
from ipose.evaluation.segmenters import load_segmenter
from ipose.testing.tiny_scenes import SPEC

pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")

WORDS = shlex.split(
    "train segmenter --categories car dog --objects 2 2 --scenes 6 --val-scenes 2 --scene-size 64 --enlarge 1 "
    "--height 32 --width 32 --batch-size 2 --checkpoint-every 4 --sample-every 4 --log-every 1 --device cpu"
)


@pytest.fixture(scope="module", autouse=True)
def few_statistics():
    """Batch-norm statistics from 2 batches, not 20."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ipose.systems.segmenter.training.RE_ESTIMATION_PASSES", 2)
        yield


@pytest.fixture(scope="module")
def segmenter(ipose, tmp_path_factory):
    """A run of four steps, and what its command said."""
    out = tmp_path_factory.mktemp("segmenter") / "run"
    done = ipose(*WORDS, "--steps", "4", "--out", out)
    assert done.code == 0, done.err
    return out, done.out


class TestTrainSegmenter:
    """One command, one run."""

    def test_ends_with_how_well_it_does_on_real_photographs(self, segmenter):
        run, said = segmenter
        assert "Pixel accuracy (segmenter segmenter@" in said
        cards = read_cards(run)
        assert [card.metric.split(" (")[0] for card in cards] == ["mIoU", "Pixel accuracy"]
        assert all(card.protocol == "photographs" and card.counts["images"] == 2 for card in cards)
        assert set(cards[0].model) == {"segmenter", "training commit"}

    def test_its_run_is_a_segmenter_for_images_of_any_size(self, segmenter):
        spec = load_spec("partworld")
        judge = load_segmenter(segmenter[0], spec)
        for size in ((32, 32), (48, 80)):
            found = judge(torch.zeros(3, *size, dtype=torch.uint8))
            assert found.shape == size
            assert 0 <= int(found.min()) <= int(found.max()) < spec.num_classes

    def test_its_class_map_goes_with_it(self, segmenter):
        with pytest.raises(DataError, match="no class of 'tiny'"):
            load_segmenter(segmenter[0], SPEC)

    def test_judges_the_images_of_a_run(self, ipose, segmenter, tiny, tmp_path):
        words = ["--segmenter", segmenter[0], "--features", "random", "--limit", "2", "--out", tmp_path / "cards"]
        done = ipose("evaluate", tiny.synthesis, *words)
        assert done.code == 0, done.err
        assert "mIoU (segmenter segmenter@" in done.out

    def test_can_be_looked_at(self, ipose, segmenter):
        assert "lraspp_mobilenet_v3_large, 23 classes" in ipose("info", segmenter[0]).out
        assert list((segmenter[0] / "samples").glob("*.png"))
        again = ipose("evaluate", segmenter[0])
        assert again.code == 0, again.err
        assert [line for line in again.out.splitlines() if "cards/" in line] == [
            line for line in segmenter[1].splitlines() if "cards/" in line
        ]

    def test_with_parts_it_judges_parts_too(self, ipose, tiny, tmp_path):
        done = ipose(*WORDS, "--parts", "--steps", "1", "--out", tmp_path / "judge")
        assert done.code == 0, done.err
        assert "Part mIoU (segmenter segmenter@" in done.out
        words = ["--segmenter", tmp_path / "judge", "--features", tmp_path / "judge", "--limit", "2"]
        done = ipose("evaluate", tiny.synthesis, *words, "--out", tmp_path / "cards")
        assert done.code == 0, done.err
        assert "Part mIoU (segmenter segmenter@" in done.out
        assert "Object Frechet distance (features segmenter@" in done.out

    def test_parts_need_part_maps(self, ipose, scene_folder, tmp_path):
        folder = shutil.copytree(scene_folder, tmp_path / "data")
        for split in ("train", "val"):
            shutil.rmtree(folder / f"{split}_part")
        words = ["--data", folder, "--parts", "--steps", "1", "--device", "cpu", "--out", tmp_path / "run"]
        done = ipose("train", "segmenter", *words)
        assert done.code == 2
        assert "a segmenter of parts needs part maps" in done.err
        assert "leave out --parts" in done.err

    def test_goes_on_where_it_stopped(self, ipose, segmenter, tmp_path):
        out = shutil.copytree(segmenter[0], tmp_path / "run")
        done = ipose(*WORDS, "--steps", "5", "--out", out, "--resume")
        assert done.code == 0, done.err
        assert "Trained 5 steps" in done.out
        states = [load_file(run / "model" / "segmenter.safetensors") for run in (segmenter[0], out)]
        assert not all(torch.equal(states[0][name], states[1][name]) for name in states[0])
        assert (out / "cards" / "earlier").is_dir()  # the cards of the weights before

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("--batch-size 1", "[batch_size]"),
            ("--data {tmp}/nowhere", "no such data folder"),
            ("--architecture unet", "unet"),
            ("--resume", "no run to go on with"),
        ],
    )
    def test_wrong_use_is_answered_in_a_sentence(self, ipose, tmp_path, words, said):
        done = ipose("train", "segmenter", "--out", tmp_path / "run", *words.format(tmp=tmp_path).split())
        assert done.code == 2, done
        assert said in " ".join(done.err.split())
        assert "Traceback" not in done.err
        assert not (tmp_path / "run").exists()
