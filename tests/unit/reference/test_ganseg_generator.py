"""GANSeg's generator is the function that the tables of its layers spell out."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import GANSegConfig
from ipose.reference.ganseg_generator import ganseg_generator
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise

WIDTH = st.integers(1, 3)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"heatmap": "gauss-var", "head": "one"},
        {"heatmap": "gauss-paper", "grid": "pixel-centre"},
        {"fixed_background_row": False, "share_repeated": True},
        {"heatmap": "gauss-var", "fixed_scale": 0.05},
    ],
)
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@law(
    0.2,
    seed=st.integers(0, 2**32 - 1),
    sizes=st.sampled_from([(8, 16, 32), (16, 32, 32), (8, 8, 16, 32), (32,)]),
    margin=st.sampled_from([0, 1, 2, 3, 10]),
    parts=st.integers(1, 3),
    points=st.integers(2, 4),
    layers=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    widths=st.tuples(*[WIDTH] * 5),
    channels=st.tuples(*[WIDTH] * 4),
)
def test_the_network_is_the_tables_of_its_layers(
    form, training, seed, sizes, margin, parts, points, layers, widths, channels
):
    noise, embedding, final, mask, hidden = widths
    config = GANSegConfig(
        parts=parts,
        points_per_part=points,
        noise_channels=noise,
        embedding=embedding,
        sizes=sizes,
        channels=(2 * channels[0], *channels[1 : len(sizes)]),
        final_channels=final,
        mask_channels=mask,
        hidden=hidden,
        margin=margin,
        point_divisor=2.0,
        point_layers=layers[0],
        embedding_layers=layers[1],
        discriminator_channels=(1,),
        **form,
    )
    own = {name: form[name] for name in form if name != "share_repeated"}
    source = torch.Generator().manual_seed(seed)
    noises = [torch.randn(2, noise, generator=source, dtype=torch.float64) for _ in range(3)]
    position = 2 * torch.rand(2, 2, generator=source, dtype=torch.float64) - 1
    assert_same_function(
        randomise(GANSegGenerator(config), seed).train(training),
        lambda state, *x: ganseg_generator(
            state, *x, parts=parts, sizes=sizes, margin=margin, point_divisor=2.0, training=training, **own
        ),
        (*noises, position),
        seed,
    )
