"""Folders of cards: present ones replaced, those of earlier weights kept aside; what all cards of a folder share."""

import hashlib

import pytest

import ipose
from ipose.errors import DataError
from ipose.evaluation.card_folder import (
    EARLIER,
    card_facts,
    check_new,
    code_facts,
    described,
    model_facts,
    weights_of,
    write_new_cards,
    write_run_cards,
)
from ipose.evaluation.eval_card import EvalCard, read_card
from ipose.training.config import TrainConfig
from ipose.training.run import Run


def card(metric="mIoU", value=1.0, **model):
    return EvalCard(metric=metric, value=value, protocol="p", resize="none", counts={"images": 2}, model=model)


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


class TestWriteRunCards:
    """write_run_cards: `cards/` has what the present weights are worth."""

    def test_each_card_is_a_file_of_its_own_in_order(self, tmp_path):
        written = write_run_cards([card("mIoU"), card("AC")], tmp_path / "cards")
        assert [path.name for path in written] == ["p_miou.json", "p_ac.json"]
        assert [read_card(path).metric for path in written] == ["mIoU", "AC"]

    def test_a_card_of_the_same_name_is_replaced(self, tmp_path):
        write_run_cards([card(value=1.0, generator="a" * 64)], tmp_path)
        write_run_cards([card(value=2.0, generator="a" * 64)], tmp_path)
        assert files(tmp_path) == ["p_miou.json"]
        assert read_card(tmp_path / "p_miou.json").value == 2.0

    @pytest.mark.parametrize("name", ["generator", "PartNet", "segmenter"])
    def test_cards_of_other_weights_move_aside_whole(self, tmp_path, name):
        write_run_cards([card("mIoU", 1.0, **{name: "a" * 64}), card("AC", 3.0, **{name: "a" * 64})], tmp_path)
        write_run_cards([card("mIoU", 2.0, **{name: "b" * 64})], tmp_path)
        aside = f"{EARLIER}/{'a' * 12}"
        assert files(tmp_path) == [f"{aside}/p_ac.json", f"{aside}/p_miou.json", "p_miou.json"]
        assert read_card(tmp_path / aside / "p_miou.json").value == 1.0

    def test_other_facts_of_the_model_do_not_move_a_card(self, tmp_path):
        write_run_cards([card("AC", generator="a" * 64, supports="x")], tmp_path)
        write_run_cards([card("mIoU", generator="a" * 64, supports="y")], tmp_path)
        assert files(tmp_path) == ["p_ac.json", "p_miou.json"]

    def test_files_that_are_no_cards_stay(self, tmp_path):
        (tmp_path / "notes.json").write_text("{}")
        write_run_cards([card(generator="a" * 64)], tmp_path)
        assert files(tmp_path) == ["notes.json", "p_miou.json"]


class TestWriteNewCards:
    """write_new_cards: into a folder that held nothing."""

    def test_writes_each_card(self, tmp_path):
        written = write_new_cards([card("mIoU"), card("AC")], tmp_path / "new")
        assert [read_card(path).metric for path in written] == ["mIoU", "AC"]

    def test_two_cards_of_one_name_are_not_written_over_each_other(self, tmp_path):
        with pytest.raises(DataError, match="there is a card already"):
            write_new_cards([card(value=1.0), card(value=2.0)], tmp_path)

    @pytest.mark.parametrize("what", ["folder with a file", "file"])
    def test_a_place_that_is_taken_is_refused_before_anything_is_written(self, tmp_path, what):
        place = tmp_path / "cards"
        if what == "file":
            place.touch()
        else:
            place.mkdir()
            (place / "notes.txt").touch()
        for ask in (check_new, lambda folder: write_new_cards([card()], folder)):
            with pytest.raises(
                DataError, match=r"cards: there is something already: expected a new or empty folder.*--out"
            ):
                ask(place)
        assert files(tmp_path) == (["cards"] if what == "file" else ["cards/notes.txt"])

    def test_an_empty_folder_will_do(self, tmp_path):
        check_new(tmp_path)
        check_new(tmp_path / "new")
        assert len(write_new_cards([card()], tmp_path)) == 1


class TestDescribed:
    """described(file): a line for the screen."""

    def test_a_card_comes_with_its_number(self, tmp_path):
        (file,) = write_run_cards([card(value=0.5)], tmp_path / "cards")
        assert described(file) == f"{file}: {read_card(file).number}"

    def test_another_file_is_its_path(self, tmp_path):
        assert described(tmp_path / "report.html") == str(tmp_path / "report.html")


@pytest.fixture
def run(tmp_path):
    run = Run.create(tmp_path / "run", kind="tiny", config={}, train=TrainConfig(steps=1, batch_size=1), command="c")
    run.model.mkdir()
    (run.model / "model.safetensors").write_bytes(b"generator")
    (run.model / "partnet.safetensors").write_bytes(b"partnet")
    return run


class TestFacts:
    """What cards say of code and model."""

    def test_weights_are_told_by_their_hashes_under_the_names_of_cards(self, run):
        hashes = {"generator": hashlib.sha256(b"generator"), "PartNet": hashlib.sha256(b"partnet")}
        assert weights_of(run.model) == {name: digest.hexdigest() for name, digest in hashes.items()}

    def test_a_run_is_told_by_weights_supports_and_the_commit_of_its_training(self, run, supports):
        run.info["commit"] = "abc"
        assert model_facts(run) == {**weights_of(run.model), "training commit": "abc"}
        told = model_facts(run, supports)
        flipped = {name: maps.flip(-2) for name, maps in supports.part_maps.items()}
        other = model_facts(run, type(supports)(supports.part_names, flipped))
        assert told["supports"] != other["supports"]
        assert {**told, "supports": ""} == {**other, "supports": ""}

    def test_no_supports_and_no_commit_are_told_too(self, run, supports):
        run.info["commit"] = None
        facts = model_facts(run, type(supports)({}, {}))
        assert facts["training commit"] == "unknown"
        assert "supports" not in facts

    def test_the_code_is_told_by_versions_and_commit(self):
        facts = code_facts()
        assert set(facts) == {"versions", "commit"}
        assert facts["versions"]["ipose"] == ipose.__version__
        assert {"torch", "pillow"} <= set(facts["versions"])

    def test_all_cards_of_an_evaluation_share_code_places_and_model(self, tmp_path):
        facts = card_facts(tmp_path / "a", "b", {"generator": "x"})
        assert {**facts, **code_facts()} == facts
        assert (facts["images"], facts["real"], facts["model"]) == (str(tmp_path / "a"), "b", {"generator": "x"})
        assert card_facts("a")["model"] == {}
        assert card_facts("a")["real"] == ""
