"""A pass for each part channel gives what the fast PartNet gives."""

import pytest
import torch

from ipose.partnet.every_channel import EveryChannelPartNet, encode_every_mask, predict_every_channel
from ipose.partnet.partnet import PartNet
from ipose.testing.literal import randomise
from ipose.testing.partnet_contract import blocky_part_map, tiny_config


@pytest.fixture(params=["instance", "batch"])
def network(request):
    return randomise(PartNet(tiny_config(normalization=request.param)), 0).eval()


def part_maps(count, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([blocky_part_map(generator, parts=3) for _ in range(count)])


@torch.no_grad()
def test_the_answer_is_that_of_the_fast_form(network):
    supports, category = part_maps(4, 1).unflatten(0, (2, 2)), torch.tensor([1, 0, 1])
    shapes = (part_maps(3, 2)[:, None] > 0).double()
    logits, features = EveryChannelPartNet(network)(shapes, supports, category)
    wanted = network(shapes, supports[category])
    torch.testing.assert_close(logits, wanted.logits)
    torch.testing.assert_close(features, wanted.features)


@torch.no_grad()
def test_it_reads_the_memory_of_the_fast_form_too(network):
    supports, index = part_maps(4, 1).unflatten(0, (2, 2)), torch.tensor([1, 0, 1])
    shapes = (part_maps(3, 2)[:, None] > 0).double()
    answers = [
        predict_every_channel(network, shapes, memory, index).logits
        for memory in (network.encode_supports(supports), encode_every_mask(network, supports))
    ]
    torch.testing.assert_close(*answers)
