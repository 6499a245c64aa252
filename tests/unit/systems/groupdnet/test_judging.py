"""Cards of a GroupDNet: images as of any system, and what the code of one class changes."""

import pytest

from ipose.data.data_config import DataConfig
from ipose.errors import DataError
from ipose.evaluation.judges import EvaluateOptions
from ipose.systems.groupdnet.judging import NO_LPIPS
from ipose.systems.judging import evaluate_run
from ipose.testing.tiny_scenes import write_scenes

DISTANCES = {"Frechet distance", "Kernel distance", "Object Frechet distance", "Object kernel distance"}
BETWEEN_SEEDS = {"Diversity between seeds"}
CODES = {"Reconstruction L1"}
CLASSES = {"mCSD", "mOCD", "Diversity mean absolute difference"}


@pytest.fixture
def data(tmp_path):
    write_scenes(tmp_path / "scenes", "val", 4)
    return DataConfig(data=str(tmp_path / "scenes"))


def kinds(judged):
    return {card.metric.split(" (")[0] for card in judged.cards}


def test_one_command_gives_distances_and_class_diversity(folders, data, tmp_path):
    options = EvaluateOptions(features="random", pairs=1, limit=2, out=tmp_path / "out")
    judged = evaluate_run(folders["groupdnet"], data, options)
    assert kinds(judged) == DISTANCES | BETWEEN_SEEDS | CLASSES | CODES
    assert {card.counts.get("label maps", 2) for card in judged.cards} == {2}  # of the limit
    assert judged.cards[0].left_out == judged.left_out
    assert NO_LPIPS in judged.left_out
    assert len(list((tmp_path / "out" / "generated").glob("*.png"))) == 4


def test_protocols_of_images_leave_class_diversity_out(folders, data, tmp_path):
    options = EvaluateOptions(features="random", protocols=("images",), seeds=(0,), out=tmp_path / "out")
    judged = evaluate_run(folders["groupdnet"], data, options)
    assert kinds(judged) == {"Frechet distance", "Kernel distance"}


def test_without_inception_class_diversity_is_still_there(folders, data, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    options = EvaluateOptions(pairs=1, maps=1, out=tmp_path / "out")
    judged = evaluate_run(folders["groupdnet"], data, options)
    assert kinds(judged) == CLASSES | CODES
    assert any("Inception" in sentence for sentence in judged.left_out)
    with pytest.raises(DataError, match=r"nothing to judge by\. No distances of images"):
        evaluate_run(folders["groupdnet"], data, EvaluateOptions(protocols=("images",), out=tmp_path / "out"))


def test_reconstructions_alone_are_a_protocol(folders, data, tmp_path):
    options = EvaluateOptions(protocols=("reconstruction",), limit=3, out=tmp_path / "out")
    (card,) = evaluate_run(folders["groupdnet"], data, options).cards
    assert (card.metric, card.counts) == ("Reconstruction L1", {"photographs": 3})
    assert 0 < card.value < 1
    assert not (tmp_path / "out" / "generated").exists()
