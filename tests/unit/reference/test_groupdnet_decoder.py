"""GroupDNet's decoder is the function that the table of its layers spells out, under every rule of its groups."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.reference.groupdnet_decoder import groupdnet_decoder
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise

UNIT = 12
"""Every class count and group number below divides it."""


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"modulation": "class", "edges": True},
        {"modulation": "class_to_block"},
        {"norm": "group"},
        {"norm": "group", "modulation_form": "paper"},
        {"modulation_form": "paper", "activation": "relu"},
        {"code": "vector"},
        {"code": "pooled", "first_grouped": False, "fusing_layers": 2, "edges": True},
        {"spectral_norm": "all"},
        {"spectral_norm": "none"},
    ],
)
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@law(
    0.2,
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(2, 4),
    widths=st.lists(st.sampled_from([UNIT, 2 * UNIT]), min_size=3, max_size=4),
    code_channels=st.integers(1, 2),
    start=st.sampled_from([(1, 2), (2, 1), (2, 3)]),
    map_form=st.sampled_from(["neighbourhoods", "dense"]),
    data=st.data(),
)
def test_the_network_is_the_table_of_its_layers(
    form, training, seed, classes, widths, code_channels, start, map_form, data
):
    blocks = len(widths) - 1
    fit = [g for g in (1, 2, 3, 4) if classes % g == 0 or "modulation" in form]  # "block" splits the label map in g
    groups = data.draw(st.lists(st.sampled_from(fit), min_size=blocks, max_size=blocks), label="groups")
    h, w = (side * 2 ** (blocks - 1) for side in start)
    config = GroupDNetConfig(
        num_classes=classes,
        height=h,
        width=w,
        encoder_channels=(1,) * (blocks - 1),
        code_channels=code_channels,
        decoder_channels=tuple(widths),
        decoder_groups=tuple(groups),
        modulation_hidden=UNIT,
        **form,
    )
    source = torch.Generator().manual_seed(seed)
    label, instance = (torch.randint(0, n, (2, h, w), generator=source) for n in (classes, 3))
    grid = {"vector": (), "pooled": (1, 1)}.get(config.code, start)
    z = torch.randn(2, config.z_channels, *grid, generator=source, dtype=torch.float64)
    names = {"modulation": "rule", "modulation_form": "form", "fusing_layers": "fusing"}
    own = {names.get(name, name): form[name] for name in form if name not in ("edges", "activation")}
    network = randomise(Decoder(config), seed).train(training)
    network.map_form = map_form
    assert_same_function(
        network,
        lambda state, *x: groupdnet_decoder(
            state,
            *x,
            num_classes=classes,
            groups=groups,
            hidden=UNIT,
            slope=0.0 if config.activation == "relu" else 0.2,
            training=training,
            **own,
        ),
        (label, z, instance) if config.edges else (label, z),
        seed,
    )
