"""Supports are encoded once for all scenes, and anew where they or the weights change."""

import pytest
import torch

from ipose.partnet import remembered_supports as module
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import preset
from ipose.partnet.remembered_supports import remembered_supports, side_by_side
from ipose.testing.partnet_contract import blocky_part_map


def part_maps(sets, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.stack([blocky_part_map(generator, parts=2 + i) for _ in range(2)]) for i in range(sets)])


@pytest.fixture
def partnet():
    torch.manual_seed(0)
    return PartNet(preset("toy")).eval()


@pytest.fixture
def encoded(partnet, monkeypatch):
    """The support sets that were encoded."""
    sets, encode = [], partnet.encode_supports

    def watched(supports):
        sets.extend(supports)
        return encode(supports)

    monkeypatch.setattr(partnet, "encode_supports", watched)
    return sets


class TestRememberedSupports:
    """remembered_supports: what encode_supports gives, each set encoded once."""

    @torch.no_grad()
    def test_predictions_are_those_of_supports_encoded_together(self, partnet):
        supports, index = part_maps(3), torch.tensor([2, 0, 1, 2])
        query = partnet.shape_encoder((part_maps(4, seed=1)[:, :1] > 0).float())
        found = [
            partnet.predict(query, memory, index)
            for memory in (remembered_supports(partnet, supports), partnet.encode_supports(supports))
        ]
        torch.testing.assert_close(found[0].logits, found[1].logits)
        torch.testing.assert_close(found[0].features, found[1].features)

    @torch.no_grad()
    def test_each_set_is_encoded_once_in_any_order(self, partnet, encoded):
        supports = part_maps(3)
        for chosen in ([0, 1], [1, 0], [2, 1]):
            remembered_supports(partnet, supports[chosen])
        assert len(encoded) == 3

    @torch.no_grad()
    def test_a_changed_weight_or_support_is_seen(self, partnet, encoded):
        supports = part_maps(1)
        before = remembered_supports(partnet, supports)
        next(partnet.shape_encoder.parameters()).mul_(1.5)
        assert not torch.equal(remembered_supports(partnet, supports).keys, before.keys)
        supports[0, 0, :8] = 1
        remembered_supports(partnet, supports)
        assert len(encoded) == 3

    @torch.no_grad()
    def test_what_was_encoded_under_autocast_is_not_taken_for_full_precision(self, partnet):
        supports = part_maps(1)
        with torch.autocast("cpu", torch.bfloat16):
            low = remembered_supports(partnet, supports)
        found, full = remembered_supports(partnet, supports), partnet.encode_supports(supports)
        assert torch.equal(found.keys, full.keys)
        assert not torch.equal(low.keys, full.keys)

    def test_with_gradients_or_in_training_nothing_is_remembered(self, partnet, encoded):
        supports = part_maps(1)
        assert remembered_supports(partnet, supports).keys.requires_grad
        with torch.no_grad():
            partnet.train()
            remembered_supports(partnet, supports)
            remembered_supports(partnet, supports)
        assert len(encoded) == 3

    @torch.no_grad()
    def test_more_sets_than_the_most_are_encoded_all_the_same(self, partnet, monkeypatch):
        monkeypatch.setattr(module, "MOST", 2)
        supports = part_maps(3)
        assert torch.equal(remembered_supports(partnet, supports).active, partnet.encode_supports(supports).active)


@torch.no_grad()
def test_side_by_side_keeps_the_order_and_the_values_of_each_set(partnet):
    supports = part_maps(2)
    alone = [partnet.encode_supports(supports[i : i + 1]) for i in range(2)]
    joined = side_by_side(alone)
    for i, memory in enumerate(alone):
        torch.testing.assert_close(joined.values[joined.slot[i]], memory.values[memory.slot[0]])
        assert torch.equal(joined.keys[i], memory.keys[0])
