"""Degradations planted in PartWorld's own images and part maps move the number that is there to see them."""

from dataclasses import replace

import pytest
import torch
from torchvision.transforms.v2.functional import gaussian_blur

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.part_pairs import pairs_from_scenes
from ipose.evaluation.feature_networks import random_features
from ipose.evaluation.image_cards import Judges, image_cards
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.image_sets import ScenePhoto
from ipose.evaluation.part_cards import part_cards
from ipose.evaluation.part_evaluation import evaluate_parts
from ipose.evaluation.protocols import protocol_named
from ipose.part_annotations import SupportSet

WORLD = DataConfig(val_scenes=6, objects=(1, 1), object_scale=(0.6, 0.9), categories=("car", "dog"), scene_size=64)


@pytest.fixture(scope="module")
def scenes():
    return list(open_scenes(WORLD, "val", (64, 64)))


def scores(scenes, shown, protocol="images", seeds=(None,)):
    """Numbers of `shown` (the images of each scene, one list a seed) beside the scenes' own images."""
    real = [ScenePhoto(scenes, i, scene.name) for i, scene in enumerate(scenes)]
    maps = DataMaps(scenes, {scene.name: i for i, scene in enumerate(scenes)}, open_spec(WORLD).labels)
    made = [
        ScenePhoto(
            [replace(scene, image=image) for scene, image in zip(scenes, images, strict=True)], i, scene.name, seed
        )
        for i, scene in enumerate(scenes)
        for seed, images in zip(seeds, shown, strict=True)
    ]
    judges = Judges(features=random_features())
    cards = image_cards(protocol_named(protocol), judges, made, real, maps, facts={})
    return {card.metric.split(" (")[0]: card.value for card in cards}


def blurred(scenes, sigma):
    return [gaussian_blur(scene.image, [9, 9], [sigma, sigma]) for scene in scenes]


def test_equal_images_are_at_no_distance(scenes):
    assert scores(scenes, [[scene.image for scene in scenes]])["Frechet distance"] == pytest.approx(0, abs=1e-8)


def test_blur_moves_the_distances_up_and_more_blur_more(scenes):
    little, much = (scores(scenes, [blurred(scenes, sigma)])["Frechet distance"] for sigma in (0.6, 2.0))
    assert 0 < little < much


def test_objects_swapped_between_scenes_are_seen_by_the_object_distance_alone(scenes):
    # given the images in another order: the set is the same, but at an object's place there is something else
    images = [scene.image for scene in scenes]
    shuffled = images[1:] + images[:1]
    assert scores(scenes, [shuffled])["Frechet distance"] == pytest.approx(0, abs=1e-8)
    own = scores(scenes, [images], "objects-128")["Object Frechet distance"]
    assert own == pytest.approx(0, abs=1e-8)
    assert scores(scenes, [shuffled], "objects-128")["Object Frechet distance"] > 1e-4


def test_seeds_that_are_copies_have_no_diversity_and_other_images_some(scenes):
    images = [scene.image for scene in scenes]
    copies = scores(scenes, [images, images], seeds=(0, 1))["Diversity between seeds"]
    other = scores(scenes, [images, blurred(scenes, 2.0)], seeds=(0, 1))["Diversity between seeds"]
    assert copies == pytest.approx(0, abs=1e-12)
    assert other > 1e-5


def test_part_maps_of_other_objects_move_every_part_number_down(scenes):
    pairs = pairs_from_scenes(scenes, open_spec(WORLD).labels)
    categories = sorted({pair.category for pair in pairs})
    supports = SupportSet(
        {name: tuple("abcdefgh") for name in categories},
        {name: torch.stack([p.part_map for p in pairs if p.category == name][:1]) for name in categories},
    )

    def values(maps):
        answers = iter(maps)

        def predict(shapes, names):
            return torch.stack([next(answers).long() for _ in names])

        return [card.value for card in part_cards(evaluate_parts(predict, pairs, supports, pairs), supports, pairs)]

    true = [pair.part_map for pair in pairs]
    right, wrong = values(true), values(true[1:] + true[:1])
    assert right == pytest.approx([1, 1, 1, 1])
    assert all(value < 0.9 for value in wrong)
