"""The authors' released networks, to and from: state dicts with their names become our modules, and go back exactly.

`partnet(state)`, `generator(state, z_channels=64)`, `discriminator(state)`: modules in eval mode, and of GroupDNet
`groupdnet_generator(state)`, `groupdnet_encoder(state)`, `groupdnet_discriminator(state)`. `to_release(module)`: the
state dict again.
`ganseg_generator(state)`, `ganseg_discriminator(state)`, `ganseg_segmenter(state)`: those of GANSeg.

    state = torch.load("latest_EMA.pth", weights_only=True)
    G, P = generator(state), partnet(state)

entries     the table of names that loading, its faults and going back share
*_form      the table of each network          widths      counts and widths from shapes
spectral    u and v of spectral norm           recognise   whose state this is, and its prefixes
"""

from ipose.interop.release.back import to_release
from ipose.interop.release.discriminator_form import discriminator
from ipose.interop.release.ganseg_form import ganseg_discriminator, ganseg_generator, ganseg_segmenter
from ipose.interop.release.generator_form import generator
from ipose.interop.release.groupdnet_form import groupdnet_discriminator, groupdnet_encoder, groupdnet_generator
from ipose.interop.release.partnet_form import partnet

__all__ = [
    "discriminator",
    "ganseg_discriminator",
    "ganseg_generator",
    "ganseg_segmenter",
    "generator",
    "groupdnet_discriminator",
    "groupdnet_encoder",
    "groupdnet_generator",
    "partnet",
    "to_release",
]
