"""GroupDNet's encoder is the function that the table of its layers spells out."""

import pytest
import torch
from hypothesis import strategies as st

from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.reference.groupdnet_encoder import groupdnet_encoder
from ipose.testing import law
from ipose.testing.literal import assert_same_function, randomise


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"class_images": "mask", "code": "pooled"},
        {"class_images": "whole", "norm": "group"},
        {"class_images": "whole", "encoder_grouped": False},
        {"code": "vector", "encoder_grouped": False},
        {"spectral_norm": "all"},
        {"spectral_norm": "none"},
    ],
)
@pytest.mark.parametrize("training", [False, True], ids=["eval", "training"])
@law(
    0.2,
    seed=st.integers(0, 2**32 - 1),
    classes=st.integers(1, 3),
    widths=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    code_channels=st.integers(1, 2),
    left=st.sampled_from([(1, 2), (2, 1), (2, 3)]),
)
def test_the_network_is_the_table_of_its_layers(form, training, seed, classes, widths, code_channels, left):
    h, w = (side * 2 ** len(widths) for side in left)
    config = GroupDNetConfig(
        num_classes=classes,
        height=h,
        width=w,
        encoder_channels=tuple(widths),
        code_channels=code_channels,
        decoder_channels=(classes,) * (len(widths) + 2),
        decoder_groups=(1,) * (len(widths) + 1),
        **form,
    )
    names = {"class_images": "seen", "encoder_grouped": "grouped"}
    own = {names.get(name, name): value for name, value in form.items()}
    source = torch.Generator().manual_seed(seed)
    image = torch.rand(2, 3, h, w, generator=source, dtype=torch.float64) * 2 - 1
    label = torch.randint(0, classes, (2, h, w), generator=source)
    label[0] = label[0].clamp(max=max(classes - 2, 0))  # the first image lacks the last class
    assert_same_function(
        randomise(Encoder(config), seed).train(training),
        lambda state, *x: groupdnet_encoder(state, *x, num_classes=classes, **own),
        (image, label),
        seed,
    )
