"""GroupDNet's discriminator is the function that the table of its layers spells out."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.reference.groupdnet_discriminator import groupdnet_discriminator
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise


@pytest.mark.parametrize("form", [{}, {"norm": "group"}, {"spectral_norm": "all"}, {"spectral_norm": "none"}])
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@law(
    0.2,
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(1, 3),
    edges=st.booleans(),
    width=st.integers(1, 2),
    layers=st.integers(1, 5),
    scales=st.integers(1, 3),
    size=st.tuples(st.integers(9, 20), st.integers(9, 20)),
)
def test_the_network_is_the_table_of_its_layers(form, training, seed, classes, edges, width, layers, scales, size):
    config = GroupDNetConfig(
        num_classes=classes,
        edges=edges,
        discriminator_width=width,
        discriminator_layers=layers,
        discriminator_scales=scales,
        decoder_channels=(classes,) * 8,
        decoder_groups=(1,) * 7,
        **form,
    )
    channels = classes + edges + 3
    x = torch.randn(2, channels, *size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    assert_same_function(
        randomise(MultiScaleDiscriminator(config), seed).train(training),
        lambda state, x: groupdnet_discriminator(state, x, scales=scales, layers=layers, **form),
        (x,),
        seed,
    )
