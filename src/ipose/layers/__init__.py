"""Layers and blocks that several systems share."""

from ipose.layers.init import init_weights
from ipose.layers.injection_blocks import ConcatInjectionBlock, PlainBlock, SpadeInjectionBlock
from ipose.layers.part_modulation import PartModulation
from ipose.layers.psm_block import BlockFactory, PSMBlock
from ipose.layers.residual import SPADEResBlock
from ipose.layers.spade import SPADE
from ipose.layers.spectral_norm import spectral_norm_conv

__all__ = [
    "SPADE",
    "BlockFactory",
    "ConcatInjectionBlock",
    "PSMBlock",
    "PartModulation",
    "PlainBlock",
    "SPADEResBlock",
    "SpadeInjectionBlock",
    "init_weights",
    "spectral_norm_conv",
]
