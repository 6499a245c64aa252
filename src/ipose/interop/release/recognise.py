"""Recognise which of the authors' networks a state dict belongs to, by its names. Removes prefixes of wrappers."""

import re
from collections.abc import Mapping

from torch import Tensor

from ipose.errors import RunError

PARTNET_IN_GENERATOR = "partnet.model."
"""Prefix of PartNet's names in a generator's state."""

_MARKS = {
    "generator": r"body\.\d+\.(norm|conv)_p\.|body\.\d+\.norm_[01s]\.mlp|conv_part\.0\.|conv_nos\.\d+\.",
    "discriminator": r"body_(down|up)\.\d+\.|layer_up_last\.",
    "PartNet": r"(shape|mask)_encoder\.(ms_)?enc\d|catt\d+\.|decoder\.dec\d",
    "GroupDNet generator": r"(head_0|G_middle_\d|up_\d+)\.",
    "GroupDNet encoder": r"layer\d+\.0\.weight_orig|fc_(mu|var)\.",
    "GroupDNet discriminator": r"discriminator_\d+\.model\d",
    "GANSeg generator": r"(mask_spade|spade|adain)_blocks\.\d+\.|gen_keypoints_\w+\.|(mask|x|bg)_start\.pe\.",
    "GANSeg discriminator": r"conv\.\d+\.(conv_res|net\.\d+|downsample\.\d+)\.",
    "GANSeg segmenter": r"model\.(backbone|classifier)\.",
}


def without_prefix(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state without `module.`, which parallel training adds to every name, also inside (`partnet.model.module.`).

    Raises:
        RunError: a value that is no tensor, as in a checkpoint with several state dicts.
    """
    stripped: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor):
            message = "this is no state dict, because a state dict holds only tensors"
            mend = "Pass the state dict of one network. A file can hold several."
            raise RunError(message, field=str(name), found=type(tensor).__name__, mend=mend)
        stripped[re.sub(r"(?<![^.])(module\.)+", "", name)] = tensor
    return stripped


def partnet_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """PartNet's tensors, without prefixes: those under `partnet.model.` of a generator, or else all."""
    state = without_prefix(state)
    carried = {
        name.removeprefix(PARTNET_IN_GENERATOR): tensor
        for name, tensor in state.items()
        if name.startswith(PARTNET_IN_GENERATOR)
    }
    return without_prefix(carried) if carried else state


def network_of(state: Mapping[str, Tensor], others: Mapping[str, str] | None = None) -> str | None:
    """Name of the network, for example "PartNet" or "GANSeg generator". None = no name is of a release. `others`: marks
    of networks of anybody's, patterns that names of tensors begin with.
    """
    names, marks = without_prefix(state), {**_MARKS, **(others or {})}
    votes = {network: sum(bool(re.match(mark, name)) for name in names) for network, mark in marks.items()}
    votes["PartNet"] += sum(name.startswith(PARTNET_IN_GENERATOR) for name in names) if not votes["generator"] else 0
    best = max(votes, key=lambda network: votes[network])
    return best if votes[best] else None


def released_state(network: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state without prefixes. Raises RunError where it belongs to another network, or to none of the release."""
    state = without_prefix(state)
    expect_network(state, network)
    return state


def expect_network(state: Mapping[str, Tensor], network: str) -> None:
    """Raises RunError where the state belongs to another network, or to none of the release."""
    found = network_of(state)
    if found == network:
        return
    if found is None:
        first = next(iter(state), None)
        raise RunError(
            f"this is no {network} of the release",
            found=f"{len(state)} tensors, the first named {first!r}" if state else "no tensors",
            expected="names such as " + _EXAMPLES[network],
            mend="Take a state dict that the authors' training saved; no other has these layers.",
        )
    raise RunError(
        f"this is the release's {found}, not its {network}",
        mend=f"Read it with ipose.interop.release.{found.lower().replace(' ', '_')}, or take the {network}'s file.",
    )


_EXAMPLES = {
    "generator": "body.0.conv_p.weight_orig and conv_part.0.weight",
    "discriminator": "body_down.0.conv1.0.weight_orig and layer_up_last.weight",
    "PartNet": "shape_encoder.enc0.0.weight and catt0.ln1.weight",
    "GroupDNet generator": "head_0.conv_0.weight_orig and fc.weight",
    "GroupDNet encoder": "layer1.0.weight_orig and fc_mu.weight",
    "GroupDNet discriminator": "discriminator_0.model0.0.weight",
    "GANSeg generator": "mask_spade_blocks.0.conv1.weight (in the authors' file under 'generator')",
    "GANSeg discriminator": "conv.0.conv_res.weight (in the authors' file under 'discriminator')",
    "GANSeg segmenter": "model.backbone.conv1.weight (in the authors' file under 'detector')",
}
