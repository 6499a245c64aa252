"""iPOSE's generator is the function that the table of its layers spells out."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.reference.generator import generator
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise

SEEDS = st.integers(0, 2**32 - 1)
CLASSES = 4


def inputs(config, start, seed, *, a_z_a_pixel):
    source, (h, w), multiple = torch.Generator().manual_seed(seed), start, config.size_multiple

    def normal(*shape):
        return torch.randn(2, *shape, generator=source, dtype=torch.float64)

    size = h * multiple, w * multiple
    label = torch.randint(0, CLASSES, (2, *size), generator=source)
    mask = torch.randint(0, 2, (2, 1, *size), generator=source).double()
    z = normal(config.z_channels, *(size if a_z_a_pixel else ()))
    return label, normal(config.part_input_channels, *size), mask, z, normal(config.part_noise_channels, h, w)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"part_injection": "spade"},
        {"part_injection": "concat"},
        {"part_injection": "none"},
        {"spectral_norm": "all"},
    ],
)
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@law(
    0.2,
    seed=SEEDS,
    multipliers=st.lists(st.integers(1, 4), min_size=2, max_size=6),
    widths=st.tuples(*(st.integers(1, 4) for _ in range(4))),
    start=st.sampled_from([(1, 2), (2, 1), (2, 3)]),
    a_z_a_pixel=st.booleans(),
    map_form=st.sampled_from(["neighbourhoods", "dense"]),
)
def test_the_network_is_the_table_of_its_layers(
    form, training, seed, multipliers, widths, start, a_z_a_pixel, map_form
):
    z, noise, hidden, part = widths
    config = SynthesisConfig(
        num_classes=CLASSES,
        z_channels=z,
        channels=2,
        channel_multipliers=tuple(multipliers),
        spade_hidden=hidden,
        part_hidden=part,
        part_noise_channels=noise,
        part_feature_channels=1,
        style_loss="none",
        **form,
    )
    network = randomise(Generator(config), seed).train(training)
    network.map_form = map_form
    assert_same_function(
        network,
        lambda state, *x: generator(state, *x, num_classes=CLASSES, training=training, **form),
        inputs(config, start, seed, a_z_a_pixel=a_z_a_pixel),
        seed,
        call=lambda label, parts, mask, z, noise: network(label, parts, mask, z=z, part_noise=noise),
    )
