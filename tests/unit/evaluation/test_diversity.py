"""Claims about diversity between seeds."""

import pytest
import torch

from ipose.errors import ConfigError
from ipose.evaluation.diversity import feature_diversity


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
