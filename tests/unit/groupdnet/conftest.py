"""Small GroupDNets: four classes, five blocks, images of 32x16 pixels."""

import pytest
import torch

from ipose.groupdnet.presets import GroupDNetConfig

SMALL = {
    "num_classes": 4,
    "height": 32,
    "width": 16,
    "encoder_channels": (2, 3, 3, 3),
    "code_channels": 3,
    "decoder_channels": (16, 16, 16, 8, 8, 4),
    "decoder_groups": (4, 4, 2, 2, 1),
    "modulation_hidden": 8,
    "discriminator_width": 4,
    "perceptual": "none",
    "batch_size": 2,
    "init": "glorot",
    "decay_epochs": 1,
    "epochs": 2,
}


def small(**settings):
    return GroupDNetConfig(**{**SMALL, **settings})


VARIANTS = {
    "release": {},
    "mask": {"class_images": "mask"},
    "without split": {"class_images": "whole"},
    "without map": {"code": "pooled"},
    "group norm": {"norm": "group"},
    "no spectral norm": {"spectral_norm": "none"},
    "spectral norm on all": {"spectral_norm": "all"},
    "paper": {"modulation_form": "paper", "activation": "relu"},
    "edges": {"edges": True, "modulation": "class"},
    "class to block": {"modulation": "class_to_block"},
    "vspade": {
        "class_images": "whole",
        "encoder_grouped": False,
        "code": "vector",
        "code_channels": 6,
        "decoder_groups": (1,) * 5,
        "first_grouped": False,
    },
    "groupenc": {"decoder_groups": (1,) * 5, "first_grouped": False},
    "groupdec": {"class_images": "whole", "encoder_grouped": False},
    "groupnet": {"decoder_groups": (4,) * 5, "fusing_layers": 2},
}


@pytest.fixture(params=VARIANTS)
def variant(request):
    return small(**VARIANTS[request.param])


@pytest.fixture
def label():
    """Two label maps of four classes in vertical stripes, the second without class 3."""
    stripes = (torch.arange(16) // 4).expand(2, 32, 16).clone()
    stripes[1, stripes[1] == 3] = 0
    return stripes


@pytest.fixture
def image():
    return torch.rand(2, 3, 32, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture
def instance(label):
    return label.int()
