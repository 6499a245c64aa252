"""The networks as the equations are written: each convolution alone, at every pixel, each norm and product a pass.

The benchmarks compare the package with this. It is what the package computed before it had its fast forms.
"""

from contextlib import contextmanager
from unittest.mock import patch

import torch.nn.functional as F
from torch import nn

from ipose.layers import discriminator_blocks, psm_block, residual
from ipose.layers.part_modulation import PartModulation
from ipose.layers.remembered_weight import Conv2d
from ipose.layers.semantic_maps import SemanticMaps
from ipose.layers.spade import SPADE, GammaBeta, nearest
from ipose.synthesis import discriminator


def dense(maps, size):
    """[z, one-hot label], made at full size and then resized."""
    full = maps.features[maps.tokens].permute(0, 3, 1, 2).contiguous()
    return nearest(full, size)


def both(gamma_beta, maps, offset=0.0):
    shared = gamma_beta.shared(maps)
    hidden = F.leaky_relu(shared, gamma_beta.slope) if gamma_beta.slope else F.relu(shared)
    return gamma_beta.gamma(hidden) + offset, gamma_beta.beta(hidden)


def spade(module, x, semantic_map):
    scale, shift = module.gamma_beta.both(nearest(semantic_map, x.shape[-2:]), float(module.around_one))
    return module.norm(x) * scale + shift


def part_modulation(module, x, part, mask, noise):
    size = x.shape[-2:]
    m = nearest(mask, size)
    gamma_part, beta_part = module.part_gamma_beta.both(nearest(part, size))
    gamma_noise, beta_noise = module.noise_gamma_beta.both(nearest(noise, size))
    gamma, beta = m * gamma_part + (1 - m) * gamma_noise, m * beta_part + (1 - m) * beta_noise
    return module.norm(x) * (1 + gamma) + beta


def activated(modulation, slope, *inputs):
    return F.leaky_relu(modulation(*inputs), slope)


@contextmanager
def plain_forms():
    """Inside, every network of iPOSE, GroupDNet and GANSeg computes the plain forms."""
    with (
        patch.object(SemanticMaps, "at", dense),
        patch.object(SemanticMaps, "dense", dense),
        patch.object(GammaBeta, "both", both),
        patch.object(SPADE, "forward", spade),
        patch.object(PartModulation, "forward", part_modulation),
        patch.object(Conv2d, "forward", nn.Conv2d.forward),
        patch.object(residual, "activated", activated),
        patch.object(psm_block, "activated", activated),
        patch.object(discriminator, "in_fast_memory", lambda image: image),
        patch.object(discriminator_blocks, "MANY_PIXELS", 10**12),
    ):
        yield
