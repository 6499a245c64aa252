"""Label noise as users have it, and what a painter whose answer is known beforehand makes of it."""

from dataclasses import replace

import pytest
import torch
from hypothesis import strategies as st

from ipose.data.object_index import index_objects
from ipose.errors import ConfigError, DataError
from ipose.evaluation.robustness import (
    Robustness,
    dropped,
    jittered,
    merged,
    noises_of,
    robustness,
    robustness_cards,
    segmented,
)
from ipose.testing import law
from ipose.testing.tiny_scenes import BOX, CAR, DOG, SPEC, make_scene
from ipose.types import Scene

SKY = 1
NO_UNKNOWN = replace(SPEC, unknown=None)
seeds = st.integers(0, 10**6)


def scene_of(label, instance=None, spec=SPEC):
    label = torch.as_tensor(label)
    maps = label, torch.zeros_like(label, dtype=torch.int32) if instance is None else torch.as_tensor(instance).int()
    return Scene("by hand", None, *maps, index_objects(*maps, spec))


def same_maps(a, b):
    return torch.equal(a.label, b.label) and torch.equal(a.instance, b.instance) and torch.equal(a.part, b.part)


class TestJittered:
    """jittered(scene, spec, shift_px, seed): wavy borders, in all maps alike."""

    @law(seed=seeds)
    def test_by_0_px_changes_nothing(self, seed):
        scene = make_scene(seed % 99)
        noisy = jittered(scene, SPEC, 0, seed)
        assert same_maps(noisy, scene)
        assert noisy.objects == scene.objects

    @law(seed=seeds, shift_px=st.integers(1, 4))
    def test_a_pixel_has_the_labels_of_one_that_is_no_farther_away(self, seed, shift_px):
        """Pixels count through: each says which one it was."""
        numbers = torch.arange(24 * 30).reshape(24, 30)
        scene = scene_of(torch.ones(24, 30, dtype=torch.int64), numbers)
        found = jittered(scene, SPEC, shift_px, seed).instance.long()
        assert ((found // 30 - numbers // 30).abs() <= shift_px).all()
        assert ((found % 30 - numbers % 30).abs() <= shift_px).all()
        assert (found != numbers).any()

    def test_borders_are_wavy_and_not_chequered(self):
        """Half sky, half void: the border of two areas stays near one line."""
        label = torch.ones(64, 64, dtype=torch.int64)
        label[:, 32:] = 0
        noisy = jittered(scene_of(label), SPEC, 4, 1).label
        changes = int((noisy[:, 1:] != noisy[:, :-1]).sum())
        assert 64 <= changes < 2 * 64
        assert (noisy != label).any()

    def test_the_seed_and_the_name_decide(self):
        scene = make_scene(0)
        assert same_maps(jittered(scene, SPEC, 3, 5), jittered(scene, SPEC, 3, 5))
        assert not same_maps(jittered(scene, SPEC, 3, 5), jittered(scene, SPEC, 3, 6))
        assert not same_maps(jittered(scene, SPEC, 3, 5), jittered(replace(scene, name="x"), SPEC, 3, 5))


class TestDropped:
    """dropped(scene, spec, seed): one class is missing."""

    @law(seed=seeds)
    def test_a_thing_becomes_the_unknown_class(self, seed):
        scene = make_scene(seed % 99)
        noisy = dropped(scene, SPEC, seed)
        (gone,) = {CAR, DOG, BOX} & (set(scene.label.unique().tolist()) - set(noisy.label.unique().tolist()))
        assert (noisy.label[scene.label == gone] == SPEC.unknown).all()
        assert torch.equal(noisy.label[scene.label != gone], scene.label[scene.label != gone])
        assert all(item.class_id != gone for item in noisy.objects)
        assert (noisy.part[scene.label == gone] == 0).all()

    def test_without_an_unknown_class_it_becomes_its_surroundings(self):
        label = [[1, 1, 1, 1, 1, 0, 0], [1, CAR, CAR, CAR, CAR, 0, 0]]
        noisy = dropped(scene_of(label, spec=NO_UNKNOWN), NO_UNKNOWN)
        assert noisy.label.tolist() == [[1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 0, 0, 0]] or noisy.label.tolist() == [
            [1, 1, 1, 1, 1, 0, 0],
            [1, 1, 1, 1, 1, 0, 0],
        ]
        assert noisy.objects == ()

    def test_a_scene_of_stuff_loses_stuff(self):
        noisy = dropped(scene_of([[1, 1], [0, 0]]), SPEC)
        assert noisy.label.tolist() == [[0, 0], [0, 0]]

    def test_a_scene_of_one_class_stays(self):
        for spec in (SPEC, NO_UNKNOWN):
            assert dropped(scene_of([[0, 0]]), spec).label.tolist() == [[0, 0]]

    def test_the_seed_decides(self):
        scene = make_scene(1)
        found = {tuple(dropped(scene, SPEC, seed).label.unique().tolist()) for seed in range(20)}
        assert len(found) == 3  # without the car, the dog or the box
        assert torch.equal(dropped(scene, SPEC, 7).label, dropped(scene, SPEC, 7).label)


class TestMerged:
    """merged(scene, spec): one object for each class."""

    def test_objects_of_a_class_are_one_and_keep_their_labels(self):
        label = [
            [CAR, CAR, SKY, CAR, CAR],
            [CAR, CAR, SKY, CAR, CAR],
            [DOG, DOG, DOG, DOG, SKY],
            [DOG, DOG, SKY, SKY, SKY],
        ]
        instance = [[4, 4, 0, 7, 7], [4, 4, 0, 7, 7], [7, 7, 9, 9, 0], [7, 7, 0, 0, 0]]
        scene = scene_of(label, instance)
        noisy = merged(scene, SPEC)
        assert torch.equal(noisy.label, scene.label)
        assert [(item.class_id, item.instance_id) for item in noisy.objects] == [(CAR, 4), (DOG, 7)]
        assert noisy.objects[0].box == (0, 1, 0, 4) or noisy.objects[0].box.max_col >= 4

    @law(seed=seeds)
    def test_one_object_a_class_changes_nothing(self, seed):
        scene = make_scene(seed % 99)
        noisy = merged(scene, SPEC)
        assert same_maps(noisy, scene)
        assert noisy.objects == scene.objects


class TestSegmented:
    """segmented(scene, spec, segmenter): the map that a segmenter gives."""

    def test_each_piece_is_an_object(self):
        answer = torch.ones(32, 48, dtype=torch.int64)
        answer[2:8, 2:8] = answer[20:28, 20:30] = CAR
        noisy = segmented(make_scene(0), SPEC, lambda image: answer)
        assert torch.equal(noisy.label, answer)
        assert [item.part_category for item in noisy.objects] == ["car", "car"]

    def test_a_scene_without_photograph_is_refused(self):
        with pytest.raises(DataError, match=r"by hand.*a segmenter reads photographs"):
            segmented(scene_of([[1]]), SPEC, lambda image: image)


def colours_of_labels(scene, seed):
    """Grey by class, brighter with the seed; part 1 on instance 1, part 2 on other things."""
    image = (scene.label / 4 + 0.1 * seed)[None].expand(3, -1, -1)
    return image, torch.where(scene.label < CAR, 0, torch.where(scene.instance == 1, 1, 2)).to(torch.uint8)


class TestRobustness:
    """robustness(paint, scenes, noises, seed): how answers change inside and outside of the noise."""

    def test_matches_a_hand_count(self):
        """Two cars of four pixels; one of eight object pixels turns into sky."""
        label = torch.full((2, 6), SKY)
        label[:, :2] = label[:, 4:] = CAR
        scene = scene_of(label, [[1, 1, 0, 0, 2, 2]] * 2)
        other = label.clone()
        other[0, 0] = SKY

        def hole(scene):
            return replace(scene, label=other)

        found = robustness(colours_of_labels, [scene], {"hole": hole, "merged": lambda s: merged(s, SPEC)})
        assert found.inside == {"hole": [pytest.approx(0.25 / 2)]}  # classes 2 and 1 are 1/4 apart, in [-1, 1]
        assert found.outside == {"hole": [0], "merged": [0]}
        assert found.parts == {"hole": [0], "merged": [0.5]}  # four of eight pixels are of the other instance then
        assert found.seeds == [pytest.approx(0.05)]

    def test_noise_that_changes_nothing_does_not_count(self):
        found = robustness(colours_of_labels, [make_scene(0)], {"none": lambda scene: jittered(scene, SPEC, 0)})
        assert found == Robustness(seeds=found.seeds)

    def test_all_noises_by_name(self):
        names = list(noises_of(SPEC))
        assert names == [*(f"borders moved by up to {i} px" for i in range(1, 5)), "a class dropped", "objects merged"]
        assert [*names, "maps of a segmenter"] == list(noises_of(SPEC, segmenter=lambda image: image))

    def test_no_scene_is_refused(self):
        with pytest.raises(ConfigError, match="no scene to paint"):
            robustness(colours_of_labels, [], {})


class TestRobustnessCards:
    """robustness_cards(found, facts): one card a number, each noise in its breakdown."""

    def test_values_are_means_over_noises(self):
        found = Robustness({"a": [0.1, 0.3], "b": [0.4]}, {"a": [0.5]}, {"a": [0.2], "b": [0.4]}, [0.1, 0.3])
        parts, outside, inside = robustness_cards(found, {"images": "model"})
        assert (parts.value, parts.breakdown) == (pytest.approx(0.3), {"a": pytest.approx(0.2), "b": 0.4})
        assert (outside.value, inside.value) == (pytest.approx(0.3), 0.5)
        assert (parts.baselines, outside.baselines) == ({}, {"another seed, all pixels": pytest.approx(0.2)})
        assert "scenes that the noise changes: a 2, b 1" in parts.notes
        assert [card.better for card in (parts, outside, inside)] == ["lower is better", "lower is better", ""]

    def test_what_no_noise_changes_has_no_card(self):
        assert robustness_cards(Robustness(seeds=[0.1]), {}) == []
