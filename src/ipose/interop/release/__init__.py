"""The authors' released networks: a state dict of theirs becomes a module, and a module becomes the same state dict.

    state = torch.load("latest_EMA.pth", weights_only=True)
    G, P = generator(state), partnet(state)      # modules in eval mode
    to_release(G)                                # the state dict again

iPOSE       partnet, generator, discriminator
GroupDNet   groupdnet_generator, groupdnet_encoder, groupdnet_discriminator
GANSeg      ganseg_generator, ganseg_discriminator, ganseg_segmenter

Modules: `entries` has the tables of names, `*_form` one network's table, `recognise` finds the network of a state.
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
