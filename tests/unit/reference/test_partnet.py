"""PartNet is the function that the table of its layers spells out."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.partnet.partnet import PartNet
from ipose.reference.partnet import partnet
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise
from ipose.testing.partnet_contract import tiny_config

SEEDS = st.integers(0, 2**32 - 1)
WIDTHS = st.tuples(*(st.integers(1, 4) for _ in range(4)))


def part_maps(seed, count, *, every_part):
    """uint8 (count, 64, 64) of 8x8 cells; half of them have each of the ids 0..8, or all."""
    generator = torch.Generator().manual_seed(seed)
    maps = []
    for i in range(count):
        ids = 9 if every_part or i % 2 else 4
        cells = torch.cat([torch.arange(ids), torch.randint(0, ids, (64 - ids,), generator=generator)])
        maps.append(cells[torch.randperm(64, generator=generator)].reshape(8, 8))
    return torch.stack(maps).to(torch.uint8).repeat_interleave(8, 1).repeat_interleave(8, 2)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"multi_scale": False},
        {"normalization": "batch"},
        {"zero_empty_masks": False},
    ],
)
@law(0.1, seed=SEEDS, widths=WIDTHS, blocks=st.integers(1, 3), n=st.integers(1, 2), k=st.integers(1, 2))
def test_the_network_is_the_table_of_its_layers(form, seed, widths, blocks, n, k):
    """Empty masks are among the masks, but where what is left of them is rounding."""
    config = tiny_config(encoder_channels=widths, attention_blocks=blocks, **form)
    maps = part_maps(seed, n * (k + 1), every_part="zero_empty_masks" in form)
    shapes, supports = (maps[:n, None] > 0).double(), maps[n:].unflatten(0, (n, k))
    assert_same_function(
        randomise(PartNet(config), seed).eval(),
        lambda state, *inputs: partnet(state, *inputs, attention_blocks=blocks, **form),
        (shapes, supports),
        seed,
    )
