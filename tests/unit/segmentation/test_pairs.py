"""A segmenter learns from pairs that the generator draws for one step alone."""

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.segmentation.pairs import NoiseSource, PartSegmenterObjective, draw_pairs
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig

SMALL = "lraspp_mobilenet_v3_large"


@pytest.fixture(scope="module")
def generator():
    torch.manual_seed(0)
    return GANSegGenerator(TINY_GANSEG).eval()


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(0)
    return PartSegmenter(3, SMALL, enlarge=2).eval()


class TestPairs:
    """Image and part map are two views of one output; background is 0."""

    def test_the_map_is_the_likeliest_channel_with_the_background_first(self, generator):
        noise = numbered_noise(TINY_GANSEG, 0, range(2))
        image, target = draw_pairs(generator, noise)
        with torch.no_grad():
            output = generator(*noise)
        assert torch.equal(image, output.image)
        winner = output.mask.argmax(1)
        assert torch.equal(target == 0, winner == 3)
        assert torch.equal(target == 2, winner == 1)

    def test_every_item_of_every_epoch_is_another(self):
        source = NoiseSource(TINY_GANSEG, 10)
        drawn = [source.item(0, torch.Generator().manual_seed(seed))[1].points for seed in (1, 2)]
        assert not torch.equal(*drawn)
        assert len(source) == 10

    def test_a_batch_holds_its_items(self):
        source = NoiseSource(TINY_GANSEG, 10)
        items = [source.item(i, torch.Generator().manual_seed(i)) for i in range(3)]
        batch = source.collate(items, torch.Generator())
        assert batch.names == ("0", "1", "2")
        assert torch.equal(batch.noise.parts[1], items[1][1].parts[0])


class TestObjective:
    """One phase, two terms; the generator stays as it is."""

    def test_the_segmenter_learns_and_the_generator_does_not(self, generator, segmenter):
        objective = PartSegmenterObjective(segmenter.train(), generator, PartSegmenterConfig(batch_size=2))
        source = NoiseSource(TINY_GANSEG, 4)
        batch = source.collate([source.item(i, torch.Generator().manual_seed(i)) for i in range(2)], torch.Generator())
        (phase,) = objective.phases(batch, torch.Generator())
        losses = phase.losses()
        assert losses.keys() == {"cross_entropy", "dice"}
        sum(losses.values()).backward()
        assert any(parameter.grad.any() for parameter in segmenter.parameters() if parameter.grad is not None)
        assert not any(parameter.requires_grad for parameter in generator.parameters())
        assert objective.networks.keys() == {"segmenter"}
        segmenter.zero_grad(set_to_none=True)
        segmenter.eval()
