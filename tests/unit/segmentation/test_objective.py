"""Claims about what a segmenter learns from."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import log_softmax
from torch import nn

from ipose.errors import DataError
from ipose.segmentation.objective import SegmentationBatch, SegmenterObjective, pixel_cross_entropy
from ipose.segmentation.segmenter_config import SegmenterConfig
from ipose.testing.tiny_scenes import make_scene
from ipose.types import SceneBatch


def logits_and_labels(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(2, 4, 3, 5, generator=draw), torch.randint(0, 4, (2, 3, 5), generator=draw)


class TestPixelCrossEntropy:
    """pixel_cross_entropy is the mean over known pixels."""

    @pytest.mark.parametrize("unknown", [None, 0])
    def test_equals_scipy_pixel_by_pixel(self, unknown):
        logits, label = logits_and_labels()
        rows = log_softmax(logits.permute(0, 2, 3, 1).reshape(-1, 4).double().numpy(), axis=1)
        true = label.flatten().numpy()
        known = true != unknown if unknown is not None else np.ones_like(true, dtype=bool)
        expected = -rows[np.arange(len(true)), true][known].mean()
        assert pixel_cross_entropy(logits, label, unknown).item() == pytest.approx(expected, rel=1e-5)

    def test_the_unknown_class_gives_no_gradient(self):
        logits, label = logits_and_labels()
        logits.requires_grad_()
        pixel_cross_entropy(logits, label, unknown=2).backward()
        where = (label == 2)[:, None].expand_as(logits)
        assert logits.grad[where].abs().sum() == 0
        assert logits.grad[~where].abs().min() > 0

    def test_of_one_known_pixel_is_that_pixels(self):
        logits, _ = logits_and_labels()
        label = torch.zeros(2, 3, 5, dtype=torch.int64)
        label[1, 2, 0] = 3
        torch.testing.assert_close(pixel_cross_entropy(logits, label, 0), -logits[1, :, 2, 0].log_softmax(0)[3])

    def test_of_nothing_known_is_zero_and_not_nan(self):
        logits, label = logits_and_labels()
        assert pixel_cross_entropy(logits, torch.zeros_like(label), unknown=0) == 0


class Dropped(nn.Module):
    """A pixelwise network with dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 1), nn.Dropout(0.5), nn.Conv2d(8, 5, 1))

    def forward(self, x):
        return self.layers(x)


@pytest.fixture
def batch() -> SceneBatch:
    return SceneBatch.from_scenes([make_scene(seed) for seed in range(3)])


class TestSegmenterObjective:
    """One phase a batch, whose only randomness is the step's generator."""

    def test_scenes_are_a_batch_to_learn_from(self, batch):
        assert isinstance(batch, SegmentationBatch)

    def test_the_same_step_draws_the_same_dropout_and_leaves_the_global_numbers_alone(self, batch):
        torch.manual_seed(0)
        objective = SegmenterObjective(Dropped(), SegmenterConfig(), unknown=0)
        state = torch.get_rng_state()
        values = []
        for step in (1, 1, 2):
            (phase,) = objective.phases(batch, torch.Generator().manual_seed(step))
            values.append(phase.losses()["cross_entropy"].item())
        assert values[0] == values[1] != values[2]
        assert torch.equal(torch.get_rng_state(), state)

    def test_learns(self, batch):
        torch.manual_seed(0)
        objective = SegmenterObjective(nn.Conv2d(3, 5, 1), SegmenterConfig(learning_rate=0.1), unknown=0)
        values = []
        for _ in range(20):
            (phase,) = objective.phases(batch, torch.Generator().manual_seed(0))
            loss = phase.losses()["cross_entropy"]
            objective.optimizers["segmenter"].zero_grad()
            loss.backward()
            objective.optimizers["segmenter"].step()
            values.append(loss.item())
        assert values[-1] < 0.8 * values[0]

    def test_scenes_without_photographs_are_named(self, batch):
        objective = SegmenterObjective(nn.Conv2d(3, 5, 1), SegmenterConfig())
        with pytest.raises(DataError, match="scene000, scene001"):
            next(objective.phases(replace(batch, image=None), torch.Generator()))
