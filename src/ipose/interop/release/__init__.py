"""The authors' released networks: a state dict of theirs becomes a module, and a module becomes the same state dict.

    state = torch.load("latest_EMA.pth", weights_only=True)
    G, P = generator(state), partnet(state)      # modules in eval mode
    to_release(G)                                # the state dict again

iPOSE       partnet, generator, discriminator
GroupDNet   groupdnet_generator, groupdnet_encoder, groupdnet_discriminator
GANSeg      ganseg_generator, ganseg_discriminator, ganseg_segmenter

Modules: `entries` has the tables of names, `*_form` one network's table, `recognise` finds the network of a state.
"""

from torch import Tensor, nn

from ipose.errors import ConfigError
from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.ganseg.generator import GANSegGenerator
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.interop.release.entries import export
from ipose.interop.release.ganseg_form import export_ganseg, ganseg_discriminator, ganseg_generator, ganseg_segmenter
from ipose.interop.release.generator_form import discriminator, discriminator_entries, export_generator, generator
from ipose.interop.release.groupdnet_form import (
    decoder_entries,
    encoder_entries,
    groupdnet_discriminator,
    groupdnet_encoder,
    groupdnet_generator,
    scales_entries,
)
from ipose.interop.release.partnet_form import partnet, partnet_entries
from ipose.partnet.partnet import PartNet
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator

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


def to_release(module: nn.Module) -> dict[str, Tensor]:
    """A network of iPOSE, GroupDNet or GANSeg as a state dict with the release's names.

    A network that was read from the release gives back the same tensors, bit for bit. Another generator has zeros for
    the one layer that the release stores and never uses. It has no PartNet; `ipose convert --to-release` adds that.

    Args:
        module: in any mode. The state dict shares memory with it if it can, like `state_dict`.
    Raises:
        ConfigError: another module, or layers that the release does not have, for example other blocks than PSM.
    """
    if isinstance(module, Generator):
        return export_generator(module)
    if isinstance(module, PartNet):
        return export(module, partnet_entries(module))
    if isinstance(module, Discriminator):
        return export(module, discriminator_entries(module))
    if isinstance(module, Decoder):
        return {**export(module, decoder_entries(module)), **module.release_extras}
    if isinstance(module, Encoder):
        return export(module, encoder_entries(module))
    if isinstance(module, MultiScaleDiscriminator):
        return export(module, scales_entries(module))
    if isinstance(module, GANSegGenerator | GANSegDiscriminator | PartSegmenter):
        return export_ganseg(module)
    message = "the release has no such module"
    expected = "a network of iPOSE, GroupDNet or GANSeg"
    mend = "Pass the network itself, without a wrapper (its .module)."
    raise ConfigError(message, field="module", found=type(module).__name__, expected=expected, mend=mend)
