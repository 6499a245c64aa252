"""A step with less memory has the gradient of the plain step, in every system."""

import copy
from collections import Counter
from functools import cache
from typing import ClassVar

import pytest
import torch
from torch import nn

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.data.batch_sources import PhotoBatch
from ipose.errors import ConfigError
from ipose.ganseg.objective import GANSegObjective
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.partnet.objective import PartBatch, PartNetObjective
from ipose.partnet.partnet import PartNet
from ipose.partnet.parts_without_partnet import true_parts
from ipose.segmentation.objective import SegmenterObjective
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.testing.partnet_contract import blocky_part_map, tiny_config
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.testing.tiny_system import TinyBatch, TinySystem
from ipose.training.less_memory import blocks_of, less_memory
from ipose.training.phases import PhaseRunner
from ipose.training.processes import Processes
from ipose.types import SceneBatch

SIZE = {"num_classes": SPEC.num_classes, "height": 32, "width": 32}


@cache
def scenes():
    return SceneBatch.from_scenes([make_scene(seed, (32, 32)) for seed in range(4)])


def tiny():
    return TinySystem(dropout=0.0), TinyBatch(tuple("abcd"), torch.linspace(-1, 1, 16).view(4, 4))


def ipose():
    narrow = {"channels": 2, "channel_multipliers": (2, 2, 2, 1), "spade_hidden": 2, "part_hidden": 2, "z_channels": 3}
    heads = {"discriminator_channels": (3, 4, 4, 4), "last_decoder_channels": 2, "part_noise_channels": 2}
    config = preset("toy", **SIZE, **narrow, **heads, unknown=0, parts="true")
    return SynthesisObjective.from_config(config, infer_parts=true_parts), scenes()


def groupdnet():
    config = GroupDNetConfig(
        **SIZE,
        encoder_channels=(2, 3, 3, 3),
        code_channels=3,
        decoder_channels=(10,) * 6,
        decoder_groups=(5, 5, 1, 1, 1),
        modulation_hidden=5,
        discriminator_width=4,
        perceptual="none",
        batch_size=4,
        init="glorot",
        decay_epochs=1,
        epochs=2,
    )
    return GroupDNetObjective.from_config(config), scenes()


def ganseg():
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    return GANSegObjective.from_config(TINY_GANSEG), PhotoBatch(2 * images - 1, tuple("abcd"))


def partnet():
    draw = torch.Generator().manual_seed(0)
    maps = torch.stack([blocky_part_map(draw) for _ in range(8)])
    supports, index = maps[4:].unflatten(0, (2, 2)), torch.tensor([0, 1, 0, 1])
    config = tiny_config()
    batch = PartBatch(tuple("abcd"), (maps[:4, None] > 0).float(), maps[:4], supports, index)
    return PartNetObjective(PartNet(config), config), batch


def segmenter():
    batch = scenes()
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, SPEC.num_classes, 1))
    objective = SegmenterObjective.__new__(SegmenterObjective)
    objective.segmenter, objective.unknown, objective.networks = network, 0, {"segmenter": network}
    objective.optimizers = {"segmenter": torch.optim.SGD(network.parameters(), lr=0.1)}
    return objective, batch


SYSTEMS = {make.__name__: make for make in (tiny, ipose, groupdnet, ganseg, partnet, segmenter)}


@pytest.fixture(params=SYSTEMS)
def system(request, monkeypatch):
    """(objective, batch) in float64, with plain descent in place of Adam, which is uneven where a gradient is 0."""
    scenes()  # before everything is float64: photographs must be float32
    torch.manual_seed(0)
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    try:
        objective, batch = SYSTEMS[request.param]()
        objective.optimizers = {
            name: torch.optim.SGD(optimizer.param_groups[0]["params"], lr=0.01)
            for name, optimizer in objective.optimizers.items()
        }
        if isinstance(batch, SceneBatch):
            batch = copy.copy(batch)
            object.__setattr__(batch, "image", batch.image.double())
        yield objective, batch
    finally:
        torch.set_default_dtype(torch.float32)


def state_after_a_step(objective, batch, **settings):
    """Every weight and buffer, and the losses, after one step of each phase."""
    losses = {}
    runner = PhaseRunner(objective, Processes("cpu"), **settings)
    for phase in objective.phases(batch, torch.Generator().manual_seed(3)):
        losses[phase.name] = runner.step(phase)
    weights = {name: copy.deepcopy(network.state_dict()) for name, network in objective.networks.items()}
    return weights, losses


def assert_the_same_step(objective, batch, **settings):
    before = {name: copy.deepcopy(network.state_dict()) for name, network in objective.networks.items()}
    wanted = state_after_a_step(objective, batch)
    for name, network in objective.networks.items():
        network.load_state_dict(before[name])
    found = state_after_a_step(objective, batch, **settings)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)
    moved = [not torch.equal(tensor, before[name][key]) for name in before for key, tensor in wanted[0][name].items()]
    assert sum(moved) > len(moved) / 2


def without_batch_norm(objective):
    """Batch norms in eval mode: in training mode they look at other images of the batch."""
    for network in objective.networks.values():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
                module.eval()


def test_pieces_have_the_gradient_of_the_whole_batch(system):
    """Class weights, spectral norm, and the penalty's second derivative included."""
    objective, batch = system
    without_batch_norm(objective)
    assert_the_same_step(objective, batch, accumulate=2)


def test_blocks_computed_again_have_the_same_gradient(system):
    """Batch norms in training mode included: their running statistics are counted once."""
    assert_the_same_step(*system, checkpoint_activations=True)


@pytest.mark.parametrize("system", ["tiny", "ipose"], indirect=True)
def test_both_together(system):
    objective, batch = system
    without_batch_norm(objective)
    assert_the_same_step(objective, batch, accumulate=2, checkpoint_activations=True)


class Watched(nn.Module):
    """Counts how many images it sees at once."""

    def __init__(self):
        super().__init__()
        self.inner = nn.ModuleList([nn.Linear(4, 4)])
        self.norm, self.seen = nn.BatchNorm1d(4), Counter()

    def forward(self, x):
        self.seen[len(x)] += 1
        return self.norm(self.inner[0](x))


class Only:
    """An objective of one network."""

    optimizers: ClassVar = {}

    def __init__(self, network):
        self.networks = {"only": network}

    def phases(self, batch, generator):
        yield from ()


class TestCalls:
    """How a network is called inside."""

    def test_in_pieces_and_once_more_backward(self):
        network, x = Watched(), torch.randn(5, 4)
        with less_memory(Only(network), pieces=2, blocks_again=False):
            answer = network(x)
            assert dict(network.seen) == {3: 1, 2: 1}
            answer.sum().backward()
        assert dict(network.seen) == {3: 2, 2: 2}
        network(x)
        assert network.seen[5] == 1

    def test_batch_norm_sees_each_piece_alone(self):
        """The difference from the large batch that the flag's help speaks of."""
        network, x = Watched(), torch.randn(4, 4)
        with less_memory(Only(network), pieces=2, blocks_again=False), torch.no_grad():
            found = network(x)
        torch.testing.assert_close(found, torch.cat([network(x[:2]), network(x[2:])]))
        assert (found - network(x)).abs().max() > 0.01

    def test_a_network_that_gives_no_batch_is_refused(self):
        class Mean(nn.Module):
            def forward(self, x):
                return x.mean()

        network = Mean()
        with less_memory(Only(network), 2, False), pytest.raises(ConfigError, match=r"\[accumulate\] Mean gives"):
            network(torch.ones(4))

    def test_blocks_are_the_entries_of_lists_and_whole_sequentials(self):
        network = nn.Module()
        network.stem, network.blocks = nn.Conv2d(1, 1, 1), nn.ModuleList([nn.Linear(1, 1), nn.Sequential(nn.ReLU())])
        network.head = nn.Sequential(nn.Linear(1, 1))
        assert list(blocks_of(network)) == [*network.blocks, network.head]
