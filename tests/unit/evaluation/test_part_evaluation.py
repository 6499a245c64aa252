"""Claims about scoring a predictor beside the two baselines."""

import pytest
import torch

from ipose.errors import ConfigError, ShapeMismatchError, SupportError
from ipose.evaluation.part_evaluation import PartGuess, evaluate_parts
from ipose.part_annotations import PartPair, SupportSet


def pair(category: str, part_map: str) -> PartPair:
    parts = torch.tensor([[int(x) for x in line] for line in part_map.split()], dtype=torch.uint8)
    return PartPair(category, parts > 0, parts)


HALVES = "1122 1122 0000 0000"
SLANTED = "1112 1122 0000 0000"  # one of 8 pixels differs from HALVES
SUPPORTS = SupportSet(
    {"cow": ("head", "leg"), "cat": ("head", "leg")},
    {name: torch.stack([pair(name, HALVES).part_map]) for name in ("cow", "cat")},
)
PAIRS = [pair("cow", SLANTED), pair("cat", HALVES), pair("cow", SLANTED)]
TRAIN = [pair("cow", "2222 2222 0000 0000")]  # 3 of 8 object pixels of SLANTED are of part 2


def oracle(shapes, categories):
    answers = {"cow": pair("cow", SLANTED).part_map, "cat": pair("cat", HALVES).part_map}
    return torch.stack([answers[category] for category in categories])


def blind(shapes, categories):
    return torch.zeros(shapes.shape[0], *shapes.shape[2:], dtype=torch.int64)


def run(predict=oracle, **changes):
    return evaluate_parts(
        **{"predict": predict, "pairs": PAIRS, "supports": SUPPORTS, "train_pairs": TRAIN, "novel": ["cat"], **changes}
    )


class TestEvaluateParts:
    """evaluate_parts scores model, copy and majority on the same objects."""

    def test_copy_copies_from_the_supports_of_the_category(self):
        assert run().copy["cow"].object_pixels == pytest.approx(7 / 8)

    def test_every_object_has_its_own_accuracy_in_the_order_given(self):
        def halves(shapes, categories):
            return pair("cow", HALVES).part_map.expand(len(shapes), -1, -1)

        assert run(halves).of_objects.tolist() == pytest.approx([7 / 8, 1, 7 / 8])

    def test_majority_votes_with_the_training_pairs_of_a_basis_category(self):
        assert run().majority["cow"].object_pixels == pytest.approx(3 / 8)

    def test_majority_votes_with_the_supports_of_a_novel_category(self):
        assert run(train_pairs=[*TRAIN, pair("cat", "2222 2222 0000 0000")]).majority["cat"].object_pixels == 1

    def test_error_removed_is_measured_against_the_better_baseline(self):
        def half_right(shapes, categories):
            return torch.where(shapes[:, 0] > 0, 1, 0)  # on a cow 4 of 8 are wrong -> error 1/2 against 1/8

        assert run().error_removed("cow") == pytest.approx(1)
        assert run(half_right).error_removed("cow") == pytest.approx(1 - (3 / 8) / (1 / 8))

    def test_a_baseline_without_error_leaves_nothing_to_remove(self):
        assert run().error_removed("cat") is None

    def test_group_error_removed_compares_mean_errors(self):
        pairs = [pair("cow", SLANTED), pair("dog", SLANTED), pair("cat", HALVES)]
        supports = SupportSet(
            {**SUPPORTS.part_names, "dog": ("head", "leg")},
            {**SUPPORTS.part_maps, "dog": torch.stack([pair("dog", "1111 1111 0000 0000").part_map])},
        )
        train = [*TRAIN, pair("dog", "2222 2222 0000 0000")]
        # better baseline: cow 1/8 (copy), dog 3/8 (copy); the model errs on 1/8 of the dog alone.

        def nearly(shapes, categories):
            answer = oracle(shapes, ["cow"] * len(categories))
            answer[[i for i, name in enumerate(categories) if name == "dog"], 0, 0] = 2
            return answer

        evaluation = run(nearly, pairs=pairs, supports=supports, train_pairs=train)
        assert evaluation.error_removed("basis") == pytest.approx(1 - (0 + 1 / 8) / (1 / 8 + 3 / 8))

    def test_predictor_sees_shapes_as_float_maps_in_chunks_that_cover_all_objects_in_order(self):
        pairs = [pair("cow", SLANTED), pair("cow", "1100 1100 1100 0000"), pair("cat", "0000 0022 0000 0000")]
        seen = []

        def spy(shapes, categories):
            assert shapes.dtype == torch.float32
            assert shapes.shape[1:] == (1, 4, 4)
            seen.append((list(categories), shapes.sum((1, 2, 3)).tolist()))
            return torch.stack([item.part_map for item in pairs if item.shape.sum() in shapes.sum((1, 2, 3))])

        assert run(spy, pairs=pairs, chunk=2).model["cow"].ac == 1
        assert seen == [(["cow", "cow"], [8, 6]), (["cat"], [2])]

    def test_progress_counts_every_object_once(self):
        done = []
        run(chunk=2, progress=done.append)
        assert done == [2, 1]

    def test_a_predictor_that_sees_no_part_is_never_right_on_an_object(self):
        assert run(blind).model["cow"].object_pixels == 0
        assert run(blind).model["cow"].ac == pytest.approx(8 / 16)

    def test_the_table_puts_the_three_side_by_side(self):
        lines = run().table().splitlines()
        assert lines[2].split()[:6] == ["cow", "2", "100.00", "87.50", "37.50", "100.00"]
        assert lines[3].split()[:3] == ["cat", "(novel)", "1"]
        assert [line.split("  ")[0] for line in lines[4:]] == ["mean of basis", "mean of novel"]

    def test_the_last_column_is_ac_pooled_over_all_objects(self):
        """Given two cows with 8 of 16 pixels right and a dog with 15: 31 of 48; the mean of categories is 23/32."""
        names, dog = {**SUPPORTS.part_names, "dog": ("head", "leg")}, pair("dog", "1000 0000 0000 0000")
        supports = SupportSet(names, {**SUPPORTS.part_maps, "dog": SUPPORTS.part_maps["cow"]})
        pairs = [pair("cow", SLANTED), pair("cow", SLANTED), dog]
        evaluation = run(blind, pairs=pairs, supports=supports, train_pairs=[*TRAIN, dog], novel=[])
        header, _, *rows = evaluation.table().splitlines()
        assert header.split("  ")[-1].strip() == "AC (pooled)"
        assert [row.split()[-1] for row in rows] == ["50.00", "93.75", f"{100 * 31 / 48:.2f}"]
        assert rows[-1].split()[-5] == f"{100 * 23 / 32:.2f}"

    def test_plain_values_hold_the_three_and_the_error_removed(self):
        data = run().to_dict()
        assert set(data) == {"model", "copy", "majority", "error_removed"}
        assert data["error_removed"] == {"cow": pytest.approx(1), "cat": None, "basis": pytest.approx(1), "novel": None}


class TestErrors:
    """What cannot be evaluated says why."""

    def test_nothing_to_score(self):
        with pytest.raises(ConfigError, match="no objects"):
            run(pairs=[])

    def test_a_basis_category_without_training_pairs(self):
        with pytest.raises(ConfigError, match="found cow"):
            run(train_pairs=[])

    def test_a_category_without_supports(self):
        with pytest.raises(SupportError, match="'sofa'"):
            run(pairs=[pair("sofa", HALVES)], novel=["sofa"])

    def test_a_predictor_with_a_channel_too_many(self):
        with pytest.raises(ShapeMismatchError, match="another shape"):
            run(lambda shapes, categories: shapes)


class TestPartGuess:
    """A predictor may give two readings: AC is of the frame, object pixels of the other one."""

    def test_each_metric_reads_its_own(self):
        pair = PartPair("dog", torch.ones(4, 4).bool(), torch.ones(4, 4, dtype=torch.uint8))
        supports = SupportSet({"dog": ("head",)}, {"dog": torch.ones(1, 4, 4, dtype=torch.uint8)})

        def predict(shapes, categories):
            return PartGuess(frame=torch.zeros(len(shapes), 4, 4).long(), inside=torch.ones(len(shapes), 4, 4).long())

        found = evaluate_parts(predict, [pair], supports, [pair])
        score = found.model["dog"]
        assert (score.ac, score.object_pixels) == (0.0, 1.0)
        assert found.of_objects.tolist() == [1.0]
