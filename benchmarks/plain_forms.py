"""The networks as the equations are written: each convolution alone, at every pixel, each norm and product a pass.

The benchmarks compare the package with this. It is what the package computed before it had its fast forms.
"""

from contextlib import contextmanager
from unittest.mock import patch

import torch
import torch.nn.functional as F
from torch import nn

from ipose.ganseg import generator as ganseg_generator
from ipose.ganseg.blocks import SLOPE, AdaINBlock, SPADEBlock
from ipose.ganseg.heatmaps import crop
from ipose.layers import discriminator_blocks, psm_block, residual
from ipose.layers.part_modulation import PartModulation
from ipose.layers.remembered_weight import Conv2d
from ipose.layers.semantic_maps import SemanticMaps
from ipose.layers.spade import SPADE, GammaBeta, nearest
from ipose.synthesis import discriminator, generator


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


def ganseg_margins(sizes, margin, whole):
    """All blocks get and give the whole margin. It is cut off at the end."""
    return [*[(margin, margin)] * (len(sizes) - 1), (margin, 0)]


def ganseg_spade_block(block, x, maps, embeddings, cut):
    looks = torch.einsum("bkhw,bke->bhwe", maps, embeddings).permute(0, 3, 1, 2)
    shortcut = x if block.spade_shortcut is None else block.conv_shortcut(block.spade_shortcut(x, looks))
    x = block.conv1(F.leaky_relu(block.spade1(x, looks), SLOPE))
    x = block.conv2(F.leaky_relu(block.spade2(x, looks), SLOPE))
    return crop(shortcut + x, cut)


def ganseg_adain_block(block, x, embedding, cut):
    return crop(block.conv(F.leaky_relu(block.adain(x, embedding), SLOPE)), cut)


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
        patch.object(ganseg_generator, "margins", ganseg_margins),
        patch.object(SPADEBlock, "forward", ganseg_spade_block),
        patch.object(AdaINBlock, "forward", ganseg_adain_block),
        patch.object(discriminator, "in_fast_memory", lambda image: image),
        patch.object(generator, "in_fast_memory", lambda maps: maps),
        patch.object(discriminator_blocks, "MANY_PIXELS", 10**12),
    ):
        yield
