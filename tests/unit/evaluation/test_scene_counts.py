"""Counts of pixels a scene, and the paired bootstrap of two models."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ConfigError
from ipose.evaluation.scene_counts import (
    SceneCounts,
    class_counts,
    paired_bootstrap,
    part_counts,
    read_counts,
    stacked,
    write_counts,
)
from ipose.evaluation.semantic_metrics import semantic_confusion, semantic_scores
from ipose.testing.tiny_scenes import CAR, DOG, SPEC, make_scene

C = SPEC.num_classes


def guesses(scene, seed, right=0.7):
    """Classes, most of them right."""
    draw = torch.Generator().manual_seed(seed)
    other = torch.randint(C, scene.label.shape, generator=draw)
    return torch.where(torch.rand(scene.label.shape, generator=draw) < right, scene.label, other)


class TestClasses:
    """mIoU and pixel accuracy from counts are those of the confusion matrix."""

    @pytest.mark.parametrize("ignored", [(), (0,), (0, 1)])
    def test_scores_are_those_of_the_whole_confusion_matrix(self, ignored):
        scenes = [make_scene(seed) for seed in range(4)]
        found = [guesses(scene, seed) for seed, scene in enumerate(scenes)]
        counts = stacked(class_counts(ids, scene, C, ignored) for ids, scene in zip(found, scenes, strict=True))
        pairs = [(ids, scene.label) for ids, scene in zip(found, scenes, strict=True)]
        expected = semantic_scores(semantic_confusion(pairs, C), ignored)
        assert counts.miou == pytest.approx(expected.miou, abs=1e-12)
        assert counts.accuracy == pytest.approx(expected.accuracy, abs=1e-12)

    def test_a_class_that_is_nowhere_does_not_count(self):
        counts = SceneCounts(*(torch.tensor([[n, 0]]) for n in (3, 4, 5)))
        assert counts.miou == 3 / 6


class TestParts:
    """A part is right where class and part are."""

    def test_counted_by_hand(self):
        scene = make_scene(0, (16, 16))
        label, part = torch.full((16, 16), CAR), torch.zeros(16, 16, dtype=torch.uint8)
        part[0, :4], part[1, :2] = 1, 2  # six pixels with a part
        scene = replace(scene, label=label, part=part)
        classes, parts = label.clone(), part.long()
        classes[0, 0] = DOG  # another class, the right part
        parts[0, 1] = 2  # the right class, another part
        parts[1, 0] = 0  # no part
        parts[3] = 1  # where no part is: does not count
        counts = part_counts(classes, parts, scene, C)
        right, true, found = counts.view(3, C, 9)[:, CAR, 1:3].tolist()
        assert (right, true, found) == ([2, 1], [4, 2], [2, 2])
        assert counts[2].view(C, 9)[DOG].tolist() == [0, 1, 0, 0, 0, 0, 0, 0, 0]
        assert counts[:, ::9].sum() == 0

    def test_a_scene_whose_objects_have_no_parts_counts_nothing(self):
        scene = make_scene(0)
        scene = replace(scene, part=torch.zeros_like(scene.part))
        assert part_counts(scene.label, scene.label * 0, scene, C).sum() == 0

    def test_a_scene_without_a_part_map_has_no_counts(self):
        scene = replace(make_scene(0), part=None)
        assert part_counts(scene.label, scene.label * 0, scene, C) is None


def test_counts_come_back_from_their_file(tmp_path):
    scenes = [make_scene(seed) for seed in range(3)]
    counts = stacked(class_counts(guesses(scene, 0), scene, C) for scene in scenes)
    write_counts({"miou": counts}, tmp_path / "counts")
    (found,) = read_counts(tmp_path / "counts").values()
    assert all(torch.equal(a, b) for a, b in zip(found, counts, strict=True))
    assert read_counts(tmp_path / "none") == {}


class TestPairedBootstrap:
    """How far a difference depends on the scenes."""

    @pytest.fixture
    def scenes(self):
        return [make_scene(seed) for seed in range(12)]

    def counts(self, scenes, right, seed=0):
        return stacked(class_counts(guesses(scene, seed + n, right), scene, C) for n, scene in enumerate(scenes))

    def test_a_model_does_not_differ_from_itself(self, scenes):
        mine = [self.counts(scenes, 0.8)]
        assert paired_bootstrap(mine, mine) == (0.0, 0.0)

    def test_holds_the_difference_and_tells_a_large_one_from_0(self, scenes):
        good, bad = self.counts(scenes, 0.9), self.counts(scenes, 0.6)
        low, high = paired_bootstrap([good], [bad])
        assert 0 < low < good.miou - bad.miou < high

    def test_scenes_are_drawn_for_both_alike(self, scenes):
        """Scenes differ much in how well they are seen. Both models see them alike, so their difference is sure."""
        rights = torch.linspace(0.3, 0.95, len(scenes)).tolist()
        one, two = (
            stacked(
                class_counts(guesses(scene, n, right - less), scene, C)
                for n, (scene, right) in enumerate(zip(scenes, rights, strict=True))
            )
            for less in (0.0, 0.05)
        )
        paired = paired_bootstrap([one], [two])
        mixed = SceneCounts(*(counts.flip(0) for counts in two))
        apart = paired_bootstrap([one], [mixed])
        assert paired[1] - paired[0] < 0.6 * (apart[1] - apart[0])

    def test_as_many_scenes_are_drawn_as_there_are_and_one_may_come_again(self):
        """Of four scenes one is right, in one model. IoU is the share of the drawings that hit it: of four drawings
        three or more with 5 %, four with 0.4 %, none with 32 %."""
        true, none = torch.tensor([[8]] * 4), torch.tensor([[0]] * 4)
        first = torch.tensor([[8], [0], [0], [0]])
        assert paired_bootstrap([SceneCounts(first, true, first)], [SceneCounts(none, true, none)]) == (0.0, 0.75)

    def test_seeds_of_training_are_averaged(self, scenes):
        a, b, c = (self.counts(scenes, right) for right in (0.9, 0.7, 0.5))
        low, high = paired_bootstrap([a, c], [b])
        gap = (a.miou + c.miou) / 2 - b.miou
        assert low <= gap <= high

    def test_other_scenes_are_refused(self, scenes):
        with pytest.raises(ConfigError, match="the same scenes"):
            paired_bootstrap([self.counts(scenes, 0.8)], [self.counts(scenes[1:], 0.8)])
