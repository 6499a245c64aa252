"""GroupDNet (Zhu et al., CVPR 2020): an image from a label map and one code a class, and how that is learned.

class_images   what the encoder sees of each class        encoder        a photograph's codes
label_tensor   what the decoder sees of the label map     decoder        label map and codes in, image out
cg_block       CG-Norm and CG-Block                       discriminator  multi-scale, with features to match
modulation     how norms split into groups                codes          the code of one class among the others
presets        every number on one page, baselines too    init           how weights begin
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.groupdnet.cg_block import CGBlock, CGNorm
    from ipose.groupdnet.class_images import make_class_images
    from ipose.groupdnet.codes import Codes, class_code, with_class_code
    from ipose.groupdnet.decoder import Decoder
    from ipose.groupdnet.discriminator import MultiScaleDiscriminator, Verdict
    from ipose.groupdnet.encoder import Encoder
    from ipose.groupdnet.presets import PRESETS, GroupDNetConfig, preset

__all__ = [
    "PRESETS",
    "CGBlock",
    "CGNorm",
    "Codes",
    "Decoder",
    "Encoder",
    "GroupDNetConfig",
    "MultiScaleDiscriminator",
    "Verdict",
    "class_code",
    "make_class_images",
    "preset",
    "with_class_code",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "cg_block": ("CGBlock", "CGNorm"),
        "class_images": ("make_class_images",),
        "codes": ("Codes", "class_code", "with_class_code"),
        "decoder": ("Decoder",),
        "discriminator": ("MultiScaleDiscriminator", "Verdict"),
        "encoder": ("Encoder",),
        "presets": ("PRESETS", "GroupDNetConfig", "preset"),
    },
)
