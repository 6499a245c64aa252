"""iPOSE's discriminator is the function that the table of its layers spells out."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.reference.discriminator import discriminator
from ipose.synthesis.discriminator import Discriminator
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise


@pytest.mark.parametrize("spectral_norm", ["release", "all"])
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@law(
    0.4,
    seed=st.integers(0, 2**32 - 1),
    channels=st.lists(st.integers(1, 4), min_size=2, max_size=6),
    last=st.integers(1, 3),
    classes=st.integers(1, 3),
    multiples=st.tuples(st.integers(1, 2), st.integers(1, 2)),
)
def test_the_network_is_the_table_of_its_layers(spectral_norm, training, seed, channels, last, classes, multiples):
    h, w = (multiple * 2 ** len(channels) for multiple in multiples)
    image = torch.rand(2, 3, h, w, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2 - 1
    assert_same_function(
        randomise(Discriminator(classes, (3, *channels), last, spectral_norm), seed).train(training),
        lambda state, x: discriminator(state, x, blocks=len(channels), spectral_norm=spectral_norm),
        (image,),
        seed,
    )
