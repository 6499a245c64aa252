"""Claims about diversity between seeds."""

from dataclasses import dataclass

import pytest
import torch

from ipose.errors import ConfigError, DataError
from ipose.evaluation.diversity import by_scene, diversity, feature_diversity, lpips_diversity
from ipose.evaluation.feature_networks import FeatureNetwork
from ipose.evaluation.protocols import EvaluationProtocol


class TestFeatureDiversity:
    """feature_diversity compares the seeds of a scene, and no two scenes."""

    def test_is_zero_where_the_seed_changes_nothing(self):
        features = torch.eye(3)[:, None].expand(3, 4, 3)  # scenes differ, seeds do not
        assert feature_diversity(features).item() == pytest.approx(0, abs=1e-12)

    def test_matches_a_hand_count_over_pairs(self):
        features = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [-3.0, 0.0]]])  # right angle, opposite, right angle
        assert feature_diversity(features).item() == pytest.approx((1 + 2 + 1) / 3)

    @pytest.mark.parametrize("shape", [(2, 1, 3), (0, 2, 3)])
    def test_needs_two_images_of_a_scene(self, shape):
        with pytest.raises(ConfigError, match="--count 2"):
            feature_diversity(torch.zeros(shape))

    def test_scenes_count_alike_and_lengths_of_features_do_not(self):
        features = torch.tensor([[[1.0, 0.0], [0.0, 5.0]], [[2.0, 0.0], [9.0, 0.0]]])  # a right angle; none
        assert feature_diversity(features).item() == pytest.approx(0.5)


@dataclass(frozen=True)
class Grey:
    """A generated image of one grey."""

    scene: str
    seed: int | None
    level: int

    def pixels(self):
        return torch.full((3, 4, 4), self.level, dtype=torch.uint8)


@pytest.mark.parametrize(("size", "seen"), [(None, (4, 4)), ((2, 3), (2, 3))])
def test_images_of_each_scene_reach_the_network_at_the_protocols_size(size, seen):
    """Given features (1, grey) of images of one grey: the angles between (1, 0), (1, 1) and (1, 1) are 45 degrees."""
    shapes = []

    def network(images):
        shapes.append(tuple(images.shape))
        return torch.stack([torch.ones(len(images)), images.float().mean((1, 2, 3))], 1)

    scenes = [[Grey("a", seed, level) for seed, level in enumerate((0, 1, 1))], [Grey("b", s, 7) for s in range(3)]]
    found = diversity(FeatureNetwork("grey", "0" * 64, network), EvaluationProtocol(name="x", size=size), scenes)
    assert found == pytest.approx((2 * (1 - 0.5**0.5) + 0) / 6, abs=1e-6)
    assert shapes == [(3, 3, *seen)] * 2


class TestLpipsDiversity:
    """lpips_diversity is the mean over scenes of the mean over all pairs of their seeds."""

    def test_matches_a_hand_count(self):
        scenes = [
            [Grey("a", seed, level) for seed, level in enumerate((0, 1, 10))],
            [Grey("b", s, 7) for s in range(3)],
        ]
        found = lpips_diversity(
            lambda a, b: (a.double() - b).abs().mean((1, 2, 3)), EvaluationProtocol(name="x"), scenes
        )
        assert found == pytest.approx(((1 + 10 + 9) / 3 + 0) / 2)


class TestByScene:
    """by_scene groups images by their label map; each has the same seeds."""

    def test_images_of_a_scene_come_together_in_their_order(self):
        images = [Grey("a", 0, 1), Grey("b", 0, 2), Grey("a", 1, 3), Grey("b", 1, 4)]
        assert by_scene(images) == [[images[0], images[2]], [images[1], images[3]]]

    def test_one_image_a_scene_is_no_diversity(self):
        images = [Grey("a", None, 1), Grey("b", None, 2)]
        assert by_scene(images) == []
        with pytest.raises(ConfigError, match=r"\[lpips\].*--count 2"):
            by_scene(images, required=True)

    def test_scenes_of_other_seeds_are_refused(self):
        with pytest.raises(DataError, match="different seeds"):
            by_scene([Grey("a", 0, 1), Grey("a", 1, 2), Grey("b", 0, 3)])
