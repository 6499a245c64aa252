"""Claims about eval cards."""

import json
from dataclasses import replace

import pytest

from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard, card_file_name, read_card, read_cards, write_card

CARD = EvalCard(
    metric="Frechet distance (features tiny@0123)",
    value=12.5,
    protocol="images",
    resize="to 64x64",
    counts={"images": 7, "real": 7},
    features="tiny@0123",
    ignored_ids=(0, 3),
    seeds=(1,),
    versions={"torch": "2"},
    commit="abc",
    notes=("few",),
    model={"generator": "0123456789abcdef"},
    data="d1",
    baselines={"copy": 0.25},
    breakdown={"car": 1.5},
)


class TestEvalCard:
    """A card holds a number and what it depends on."""

    def test_survives_writing_and_reading(self, tmp_path):
        write_card(CARD, tmp_path / "a.json")
        assert read_card(tmp_path / "a.json") == CARD
        assert read_cards(tmp_path) == [CARD]

    def test_its_line_says_all_that_the_number_depends_on(self):
        line = CARD.line()
        for words in (
            CARD.metric,
            "lower is better = 12.5",
            "images;",
            "64x64",
            "7 images, 7 real",
            "ignored ids 0, 3",
            "seeds 1",
            "copy 0.25",
            "generator 0123456789ab",
            "few",
        ):
            assert words in line

    @pytest.mark.parametrize(
        ("metric", "better"),
        [
            *(
                (name, "lower is better")
                for name in ("FID", "object KID", "Kernel distance (features a@1)", "mOCD (LPIPS)")
            ),
            *((name, "lower is better") for name in ("Reconstruction LPIPS", "Landmark error with bias")),
            *((name, "higher is better") for name in ("mIoU (segmenter a)", "Part AC (pooled), basis", "mCSD (LPIPS)")),
            *((name, "higher is better") for name in ("LPIPS between seeds", "Foreground IoU", "Pixel accuracy")),
        ],
    )
    def test_it_says_which_values_are_better(self, metric, better):
        assert replace(CARD, metric=metric).better == better

    @pytest.mark.parametrize(("side", "better"), [("inside", ""), ("outside", "lower is better")])
    def test_an_edit_should_leave_alone_what_is_outside_and_do_what_it_likes_inside(self, side, better):
        assert replace(CARD, metric=f"L1 {side}", protocol="control").better == better

    def test_is_never_written_over_another(self, tmp_path):
        write_card(CARD, tmp_path / "a.json")
        with pytest.raises(DataError, match="a card already"):
            write_card(replace(CARD, value=1.0), tmp_path / "a.json")
        assert read_card(tmp_path / "a.json") == CARD

    def test_may_replace_an_earlier_one_where_that_is_meant(self, tmp_path):
        write_card(CARD, tmp_path / "a.json")
        write_card(replace(CARD, value=1.0), tmp_path / "a.json", replace=True)
        assert read_card(tmp_path / "a.json").value == 1

    def test_a_card_written_before_models_and_data_were_told_is_read(self, tmp_path):
        plain = json.loads(CARD.to_json())
        for name in ("model", "data", "baselines", "breakdown"):
            plain.pop(name)
        (tmp_path / "a.json").write_text(json.dumps(plain))
        assert read_card(tmp_path / "a.json") == replace(CARD, model={}, data="", baselines={}, breakdown={})

    def test_what_is_measured_in_another_way_goes_to_another_file(self):
        ways = [{}, {"protocol": "images-256"}, {"metric": "Kernel distance"}, {"features": "other@1"}]
        assert len({card_file_name(replace(CARD, **way)) for way in ways}) == len(ways)
        assert card_file_name(CARD) == "images_frechet-distance_tiny.json"

    @pytest.mark.parametrize(
        ("metric", "measure"),
        [
            ("FID", "Frechet distance"),
            ("object KID", "Object kernel distance"),
            ("Frechet distance (features tiny@0123)", "Frechet distance"),
            ("mIoU (segmenter s@1)", "mIoU"),
        ],
    )
    def test_its_measure_is_the_metric_without_the_network(self, metric, measure):
        assert replace(CARD, metric=metric).measure == measure

    def test_a_run_has_its_cards_in_a_folder_of_their_own(self, tmp_path):
        (tmp_path / "run.json").write_text("{}")
        with pytest.raises(DataError, match="ipose evaluate"):
            read_cards(tmp_path)
        (tmp_path / "cards").mkdir()
        write_card(CARD, tmp_path / "cards" / "a.json")
        assert read_cards(tmp_path) == [CARD]

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"format": "ipose-eval-card-1", "value": 1.0}', '{"format": "x"}']
    )
    def test_other_files_are_no_cards(self, text, tmp_path):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(DataError, match="no eval card"):
            read_card(tmp_path / "a.json")

    def test_a_folder_without_cards_says_so(self, tmp_path):
        with pytest.raises(DataError, match="no eval cards"):
            read_cards(tmp_path)


class TestCardsOnOtherData:
    """A run that was judged on other data than its own has its cards in `cards/on-NAME/`."""

    def test_are_those_of_the_run_where_there_are_no_others(self, tmp_path):
        (tmp_path / "run" / "cards" / "on-world").mkdir(parents=True)
        write_card(CARD, tmp_path / "run" / "cards" / "on-world" / "a.json")
        assert [one.metric for one in read_cards(tmp_path / "run")] == [CARD.metric]

    def test_on_several_data_have_to_be_chosen_from(self, tmp_path):
        for name in ("a", "b"):
            (tmp_path / "run" / "cards" / f"on-{name}").mkdir(parents=True)
            write_card(CARD, tmp_path / "run" / "cards" / f"on-{name}" / "a.json")
        with pytest.raises(DataError, match=r"eval cards on several data.*on-a.*on-b"):
            read_cards(tmp_path / "run")
