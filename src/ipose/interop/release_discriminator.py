"""The authors' discriminator weights, by the names of their state dict."""

import re
from collections.abc import Mapping

from torch import Tensor

from ipose.synthesis.discriminator import Discriminator

_RENAMES = (
    (r"^body_down\.(\d+)\.", r"encoder.\1."),
    (r"^body_up\.(\d+)\.", r"decoder.\1."),
    (r"^layer_up_last\.", "segmentation_head."),
    (r"^conv_g\.", "global_head."),
    (r"\.(conv[12])\.\d\.", r".\1."),  # position in a Sequential behind its activation and upsampling
    (r"\.conv_s\.", ".shortcut."),
    (r"\.weight_orig$", ".parametrizations.weight.original"),
    (r"\.weight_(u|v)$", r".parametrizations.weight.0._\1"),
)


def our_discriminator_name(name: str) -> str:
    """Our name of a tensor that the release names so.

    Example:
        >>> our_discriminator_name("body_up.1.conv1.2.weight_u")
        'decoder.1.conv1.parametrizations.weight.0._u'
    """
    name = name.removeprefix("module.")
    for pattern, replacement in _RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


def discriminator_from_release(state: Mapping[str, Tensor]) -> Discriminator:
    """The discriminator with the release's weights, in eval mode; widths and class count come from the shapes.

    Args:
        state: a state dict in the release's names, with or without the prefix `module.`.
    """
    ours = {our_discriminator_name(name): tensor for name, tensor in state.items()}
    first = "encoder.{}.conv1.parametrizations.weight.original"
    convs = [ours[first.format(i)] for i in range(sum(first.format(i) in ours for i in range(len(ours))))]
    channels = (convs[0].shape[1], *(conv.shape[0] for conv in convs))
    head = ours["segmentation_head.weight"]
    discriminator = Discriminator(head.shape[0] - 1, channels, last_decoder_channels=head.shape[1])
    discriminator.load_state_dict(ours)
    return discriminator.eval()
