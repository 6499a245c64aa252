"""GANSeg's discriminator as the table of its layers reads (GANSeg app. B): no norm of any kind.

A network is its state dict; the layers bear its names.
"""

import math

from jaxtyping import Float
from torch import Tensor

from ipose.reference.operations import Layers, State, leaky_relu


def ganseg_discriminator(state: State, image: Float[Tensor, "b 3 s s"], *, blocks: int = 6) -> Float[Tensor, " b"]:
    """A score of each image.

    Args:
        state: of the network.
        image: in [-1, 1], its side a multiple of 2**blocks.
        blocks: how many.
    """
    net, x = Layers(state), image
    for i in range(blocks):
        block = net.below(f"blocks.{i}")
        y = leaky_relu(block.conv("conv1", x))
        y = leaky_relu(block.conv("conv2", y))
        x = (block.conv("down", y, stride=2) + block.conv("shortcut", x, stride=2)) / math.sqrt(2)
    return net.linear("score", leaky_relu(net.linear("hidden", x.flatten(1))))[:, 0]
