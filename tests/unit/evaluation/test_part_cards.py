"""Claims about the eval cards of a part predictor."""

from dataclasses import replace

import pytest
import torch

from ipose.evaluation.eval_card import card_file_name
from ipose.evaluation.part_cards import pairs_hash, part_cards, supports_hash
from ipose.evaluation.part_evaluation import PartEvaluation, evaluate_parts
from ipose.part_annotations import PartPair, SupportSet


def pair(category: str, rows: str) -> PartPair:
    part_map = torch.tensor([[int(x) for x in row] for row in rows.split()], dtype=torch.uint8)
    return PartPair(category, part_map > 0, part_map)


LEFT, RIGHT = pair("cow", "1100 1100 0000 0000"), pair("cow", "2200 2200 0000 0000")
CAT = pair("cat", "0000 0000 0012 0012")
PAIRS = [LEFT, LEFT, RIGHT, CAT]
SUPPORTS = SupportSet(
    {"cow": ("head", "leg"), "cat": ("head", "tail")},
    {"cow": LEFT.part_map[None], "cat": torch.full((1, 4, 4), 1, dtype=torch.uint8)},
)


def ones(shapes: torch.Tensor, categories: list[str]) -> torch.Tensor:
    return shapes[:, 0].long()


@pytest.fixture
def evaluation() -> PartEvaluation:
    return evaluate_parts(ones, PAIRS, SUPPORTS, [LEFT, RIGHT, RIGHT], novel=["cat"])


class TestPartCards:
    """part_cards tells every part metric with all it depends on."""

    def test_matches_a_hand_count(self, evaluation):
        # given a predictor that takes everything for part 1: of three cows two are right, of the cat one half
        cards = {card.metric: card for card in part_cards(evaluation, SUPPORTS, PAIRS)}
        assert cards["Part object-pixel accuracy, basis"].value == pytest.approx(8 / 12)
        assert cards["Part object-pixel accuracy, novel"].value == pytest.approx(2 / 4)
        assert cards["Part AC, basis"].value == pytest.approx((48 - 4) / 48)
        assert cards["Part mIoU, novel"].value == pytest.approx((2 / 4 + 0 / 2) / 2)

    def test_ac_pooled_stands_beside_the_macro_mean(self):
        """Given two right cows and a dog with 2 of 16 pixels wrong: 46 of 48 right, and the mean (1 + 14/16) / 2."""
        dog = pair("dog", "1200 1200 0000 0000")
        supports = SupportSet(
            {**SUPPORTS.part_names, "dog": ("head", "leg")}, {**SUPPORTS.part_maps, "dog": dog.part_map[None]}
        )
        evaluation = evaluate_parts(ones, [LEFT, LEFT, dog], supports, [LEFT, dog])
        cards = {card.metric: card for card in part_cards(evaluation, supports, [LEFT, LEFT, dog])}
        assert cards["Part AC (pooled), basis"].value == pytest.approx(46 / 48)
        assert cards["Part AC, basis"].value == pytest.approx((1 + 14 / 16) / 2)
        assert cards["Part AC (pooled), basis"].baselines["copy"] == pytest.approx(1)
        assert cards["Part AC (pooled), basis"].breakdown == {"cow": 1.0, "dog": pytest.approx(14 / 16)}
        assert "all objects together" in cards["Part AC (pooled), basis"].notes[0]

    def test_has_both_baselines_each_category_and_the_counts(self, evaluation):
        card = part_cards(evaluation, SUPPORTS, PAIRS)[1]
        assert card.metric == "Part object-pixel accuracy, basis"
        # copy reads the only support, part 1; the majority of the training cows is part 2
        assert card.baselines == {"copy": pytest.approx(8 / 12), "majority": pytest.approx(4 / 12)}
        assert card.breakdown == {"cow": pytest.approx(8 / 12)}
        assert card.counts == {"objects": 3, "categories": 1, "supports a category": 1}

    def test_without_novel_categories_there_are_no_novel_cards(self):
        known = evaluate_parts(ones, [LEFT], SUPPORTS, [LEFT])
        assert [card.metric.split(", ")[1] for card in part_cards(known, SUPPORTS, PAIRS)] == ["basis"] * 4

    def test_each_card_has_a_file_of_its_own(self, evaluation):
        names = [card_file_name(card) for card in part_cards(evaluation, SUPPORTS, PAIRS)]
        assert len(set(names)) == len(names) == 8
        assert "parts_part-ac-pooled-basis.json" in names

    def test_cards_of_other_objects_do_not_compare(self, evaluation):
        basis, *_, novel = part_cards(evaluation, SUPPORTS, PAIRS)
        assert (basis.data, novel.data) == (pairs_hash([LEFT, LEFT, RIGHT]), pairs_hash([CAT]))

    def test_what_all_share_is_on_each(self, evaluation):
        assert all(
            card.model == {"PartNet": "ab"} for card in part_cards(evaluation, SUPPORTS, PAIRS, model={"PartNet": "ab"})
        )


class TestHashes:
    """The hashes change with what they stand for, and with nothing else."""

    def test_of_supports(self):
        reordered = SupportSet(dict(reversed(SUPPORTS.part_names.items())), dict(reversed(SUPPORTS.part_maps.items())))
        repainted = replace(SUPPORTS, part_maps={**SUPPORTS.part_maps, "cow": RIGHT.part_map[None]})
        assert supports_hash(reordered) == supports_hash(SUPPORTS) != supports_hash(repainted)

    def test_of_pairs(self):
        assert pairs_hash([LEFT, CAT]) == pairs_hash([LEFT, CAT])
        assert len({pairs_hash(pairs) for pairs in ([LEFT, CAT], [CAT, LEFT], [LEFT], [RIGHT, CAT])}) == 4
