"""PartNet is the function that the table of its layers spells out."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.partnet.partnet import PartNet
from ipose.reference.partnet import partnet
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise
from ipose.testing.partnet_contract import tiny_config

WIDTHS = st.tuples(*(st.integers(1, 4) for _ in range(4)))


def part_maps(seed, count, ids):
    """uint8 (count, 64, 64) of 8x8 cells; each map has all of these ids, the other cells any of them."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.tensor(ids)
    more = ids[torch.randint(0, len(ids), (count, 64 - len(ids)), generator=generator)]
    order = torch.rand(count, 64, generator=generator).argsort(1)
    cells = torch.cat([ids.expand(count, -1), more], dim=1).gather(1, order).unflatten(1, (8, 8))
    return cells.to(torch.uint8).repeat_interleave(8, 1).repeat_interleave(8, 2)


@pytest.mark.parametrize("form", [{}, {"multi_scale": False}, {"normalization": "batch"}, {"zero_empty_masks": False}])
@law(
    0.15,
    seed=st.integers(0, 2**32 - 1),
    widths=WIDTHS,
    blocks=st.integers(1, 4),
    k=st.integers(1, 4),
    ids=st.sets(st.integers(0, 8), min_size=1),
)
def test_the_network_is_the_table_of_its_layers(form, seed, widths, blocks, k, ids):
    """The second object's supports lack what the first one's have; but none is empty where its tokens are rounding."""
    every = range(9)
    of_objects = [every, every] if "zero_empty_masks" in form else [sorted(ids), sorted({*every} - ids) or every]
    supports = torch.stack([part_maps(seed + i, k, list(ids)) for i, ids in enumerate(of_objects)])
    shapes = (part_maps(seed + 2, 2, [0, 1])[:, None] > 0).double()
    assert_same_function(
        randomise(PartNet(tiny_config(encoder_channels=widths, attention_blocks=blocks, **form)), seed).eval(),
        lambda state, *inputs: partnet(state, *inputs, attention_blocks=blocks, **form),
        (shapes, supports),
        seed,
    )


@law(
    0.15,
    seed=st.integers(0, 2**32 - 1),
    widths=WIDTHS,
    blocks=st.integers(1, 4),
    k=st.integers(1, 4),
    which=st.tuples(st.integers(0, 3), st.integers(0, 3)),
)
def test_a_replaced_support_is_the_table_with_the_other_map(seed, widths, blocks, k, which):
    """Eq. 11: two objects that share supports, and one support of each is the object's own part map."""
    every, replaced = range(9), torch.tensor(which) % k
    supports, own = part_maps(seed, k, every)[None], part_maps(seed + 1, 2, every)
    network = randomise(PartNet(tiny_config(encoder_channels=widths, attention_blocks=blocks)), seed).eval()

    def fast(shapes, supports, own):
        memory = network.encode_supports(supports)
        both = memory.replace_one(torch.zeros(2, dtype=torch.int64), network.encode_supports(own[:, None]), replaced)
        return network.predict(network.shape_encoder(shapes), both, torch.arange(2))

    def literal(state, shapes, supports, own):
        read = supports.repeat(2, 1, 1, 1)
        read[torch.arange(2), replaced] = own
        return partnet(state, shapes, read, attention_blocks=blocks)

    shapes = (own[:, None] > 0).double()
    assert_same_function(network, literal, (shapes, supports, own), seed, call=fast)
