"""GANSeg's discriminator is the function that the table of its layers spells out."""

import torch
from hypothesis import strategies as st

from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.reference.ganseg_discriminator import ganseg_discriminator
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise


@law(
    0.4,
    seed=st.integers(0, 2**32 - 1),
    channels=st.lists(st.integers(1, 4), min_size=1, max_size=4),
    hidden=st.integers(1, 4),
    left=st.integers(1, 3),
)
def test_the_network_is_the_table_of_its_layers(seed, channels, hidden, left):
    side = left * 2 ** len(channels)
    image = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1
    assert_same_function(
        randomise(GANSegDiscriminator(tuple(channels), hidden, side), seed),
        lambda state, x: ganseg_discriminator(state, x, blocks=len(channels)),
        (image,),
        seed,
    )
