"""What PartNet's exact shortcuts are worth against one forward pass for each part channel, and a training step."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from ipose.layers.cross_attention import CrossAttentionBlock
from ipose.part_annotations import PART_CHANNELS, PartPair, SupportSet
from ipose.partnet.objective import PartNetObjective, PartPairSource
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import preset
from ipose.testing.partnet_contract import blocky_part_map

OBJECTS, CATEGORIES, SUPPORTS, PARTS = 8, 2, 3, 4


def part_maps(count, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([blocky_part_map(generator, parts=PARTS) for _ in range(count)])


@pytest.fixture
def inputs(where):
    """8 objects of 2 categories with 4 parts each, 3 supports a category, and the network at half of its widths."""
    torch.manual_seed(0)
    network = PartNet(preset("half")).requires_grad_(False).eval().to(where)
    categories = part_maps(CATEGORIES * SUPPORTS, 1).unflatten(0, (CATEGORIES, SUPPORTS)).to(where)
    index = torch.arange(OBJECTS, device=where) % CATEGORIES
    shapes = (part_maps(OBJECTS, 2)[:, None] > 0).float().to(where)
    return SimpleNamespace(network=network, shapes=shapes, categories=categories, index=index)


def plainly(network, shapes, supports):
    """The paper's reading: (object, channel) pairs as a batch, everything computed for each of them anew."""
    n, k, s = len(shapes), supports.shape[1], supports.shape[-1]
    query = shapes.repeat_interleave(PART_CHANNELS, 0)
    masks = F.one_hot(supports.long(), PART_CHANNELS).permute(0, 4, 1, 2, 3).float().reshape(-1, 1, s, s)
    drawn = (supports > 0).float()[:, None].expand(-1, PART_CHANNELS, -1, -1, -1).reshape(-1, 1, s, s)
    shape_tokens = network.shape_encoder(drawn)
    mask_tokens = network.mask_encoder(masks) * masks.flatten(1).any(1)[:, None, None]  # zero_empty_masks
    keys, values = (tokens.unflatten(0, (-1, k)).flatten(1, 2) for tokens in (shape_tokens, mask_tokens))
    x = network.shape_encoder(query)
    for block in network.blocks:
        assert isinstance(block, CrossAttentionBlock)
        x = block(x, keys, values)
    return network.decoder(x)[1].view(n, PART_CHANNELS, s, s)


def test_partnet_on_objects_of_few_categories(inputs, compare, where):
    """Query once, supports once a category, unused channels once: against 9 full passes an object."""
    supports = inputs.categories[inputs.index]
    compare(
        lambda: inputs.network(inputs.shapes, supports).logits,
        lambda: plainly(inputs.network, inputs.shapes, supports),
        at_least=1.5 if where.type == "cpu" else 1.0,
    )


def test_partnet_with_remembered_supports(inputs, compare, where):
    """As in `ipose parts`: the supports are encoded before, and only the objects are new."""
    memory = inputs.network.encode_supports(inputs.categories)
    supports = inputs.categories[inputs.index]
    compare(
        lambda: inputs.network.predict(inputs.network.shape_encoder(inputs.shapes), memory, inputs.index).logits,
        lambda: plainly(inputs.network, inputs.shapes, supports),
        at_least=1.5 if where.type == "cpu" else 1.0,
    )


def test_ten_objects_of_four_categories(against_plain, where):
    """At the published widths, and no support is remembered."""
    torch.manual_seed(0)
    network = PartNet(preset("paper")).requires_grad_(False).eval().to(where)
    supports = part_maps(4 * SUPPORTS, 1).unflatten(0, (4, SUPPORTS)).to(where)[torch.arange(10) % 4]
    shapes = (part_maps(10, 2)[:, None] > 0).float().to(where)
    against_plain(
        "PartNet, 10 objects of 4 categories",
        lambda: network(shapes, supports).logits,
        lambda: plainly(network, shapes, supports),
    )


def test_training_step_against_the_plain_one(against_plain, where):
    """Both predictions of 8 objects, all four terms, forward and backward, at half of the widths."""
    torch.manual_seed(0)
    objective = PartNetObjective(PartNet(preset("half")).to(where), preset("half"))
    network, batch, everyone = objective.partnet, training_batch(where), torch.arange(OBJECTS)

    def fast():
        return learned(objective, objective.losses(batch, torch.Generator().manual_seed(0)))

    def plain():
        supports = batch.supports[batch.index]
        losses = objective._terms(plainly(network, batch.shapes, supports), batch.part_map, "")
        which = torch.randint(SUPPORTS, (OBJECTS,), generator=torch.Generator().manual_seed(0))
        supports[everyone, which] = batch.part_map
        second = plainly(network, batch.shapes, supports)
        return learned(objective, losses | objective._terms(second, batch.part_map, "_rec"))

    against_plain("training step of PartNet, 8 objects, half of the widths", fast, plain)


def learned(objective, losses):
    """The losses, after their gradients were computed."""
    objective.partnet.zero_grad()
    sum(losses.values()).backward()
    return torch.stack(list(losses.values())).detach()


def training_batch(where):
    names = [f"category {i}" for i in range(CATEGORIES)]
    chosen = part_maps(CATEGORIES * SUPPORTS, 1).unflatten(0, (CATEGORIES, SUPPORTS))
    supports = SupportSet(dict.fromkeys(names, ("a", "b", "c", "d")), dict(zip(names, chosen, strict=True)))
    pairs = [PartPair(names[i % CATEGORIES], m > 0, m, str(i)) for i, m in enumerate(part_maps(OBJECTS, 2))]
    return PartPairSource(pairs, supports, random_supports=0).collate(pairs, torch.Generator()).to(where)


@pytest.mark.parametrize("name", ["toy", "half"])
def test_training_step(measure, where, name):
    """Forward, backward and Adam on 8 objects of 2 categories; both predictions, all four terms."""
    torch.manual_seed(0)
    config = preset(name)
    objective = PartNetObjective(PartNet(config).to(where), config)
    batch = training_batch(where)

    def step():
        for phase in objective.phases(batch, torch.Generator().manual_seed(0)):
            optimizer = objective.optimizers[phase.optimizer]
            optimizer.zero_grad()
            sum(phase.losses().values()).backward()
            optimizer.step()

    measure(step, rounds=5)
