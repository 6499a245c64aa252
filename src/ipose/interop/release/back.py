"""A network as a state dict of the authors' release."""

from torch import Tensor, nn

from ipose.errors import ConfigError
from ipose.ganseg.discriminator import GANSegDiscriminator
from ipose.ganseg.generator import GANSegGenerator
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.interop.release.discriminator_form import discriminator_entries
from ipose.interop.release.entries import export
from ipose.interop.release.ganseg_form import export_ganseg
from ipose.interop.release.generator_form import export_generator
from ipose.interop.release.groupdnet_form import decoder_entries, encoder_entries, scales_entries
from ipose.interop.release.partnet_form import partnet_entries
from ipose.partnet.partnet import PartNet
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator


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
