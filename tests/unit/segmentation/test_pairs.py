"""A segmenter learns from pairs that the generator draws for one step alone."""

import pytest
import torch
import torch.nn.functional as F

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.losses.dice import dice_loss
from ipose.segmentation.pairs import NoiseBatch, NoiseSource, PartSegmenterObjective, draw_pairs
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

    def test_a_generator_in_train_mode_is_frozen_in_eval_mode(self, segmenter):
        PartSegmenterObjective(segmenter, (made := GANSegGenerator(TINY_GANSEG).train()), PartSegmenterConfig())
        assert not any(module.training for module in made.modules())

    def test_terms_are_those_of_the_generators_own_pairs(self, generator, segmenter):
        """Of the segmenter's answer to the generator's image: half the cross-entropy, and half the Dice loss."""
        objective = PartSegmenterObjective(segmenter.eval(), generator, PartSegmenterConfig(batch_size=2))
        noise = numbered_noise(TINY_GANSEG, 0, range(2))
        (phase,) = objective.phases(NoiseBatch(noise, ("0", "1")), torch.Generator())
        with torch.no_grad():
            image, target = draw_pairs(generator, noise)
            logits = segmenter(image)
            losses = phase.losses()
        expected = F.cross_entropy(logits, target) / 2, dice_loss(logits, target) / 2
        torch.testing.assert_close((losses["cross_entropy"], losses["dice"]), expected)

    def test_noise_of_the_items_of_a_batch_is_each_its_own(self):
        source = NoiseSource(TINY_GANSEG, 10)
        items = [source.item(i, torch.Generator().manual_seed(i)) for i in range(3)]
        for field in source.collate(items, torch.Generator()).noise:
            assert len(field.flatten().unique()) == field.numel()

    def test_moves_the_generator_too(self):
        moved = PartSegmenterObjective(torch.nn.Linear(1, 1), GANSegGenerator(TINY_GANSEG), PartSegmenterConfig())
        moved.to("meta")
        assert all(p.is_meta for network in (moved.segmenter, moved.generator) for p in network.parameters())

    def test_adam_has_torchs_betas_and_the_rate_of_the_config(self, generator, segmenter):
        config = PartSegmenterConfig(learning_rate=3e-4)
        group = PartSegmenterObjective(segmenter, generator, config).optimizers["segmenter"].param_groups[0]
        assert (group["lr"], group["betas"]) == (3e-4, (0.9, 0.999))
