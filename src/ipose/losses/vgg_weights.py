"""Loading VGG-19 from a local file or torch.hub's cache, or with random weights. Nothing is downloaded."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ipose.errors import MissingWeightsError
from ipose.losses.vgg_feature import VGGFeatureLoss

VGG_FILE = "vgg19-dcbb9e9d.pth"
"""File name of torchvision's VGG-19 (IMAGENET1K_V1). Its SHA-256 begins with the digits in the name."""

_MEND = (
    f"Once, with a network, get https://download.pytorch.org/models/{VGG_FILE}, and name the file or put it into "
    "torch.hub's cache (checkpoints/); or train without it: --style-loss none (iPOSE), --perceptual none (GroupDNet)."
)

_VGG19: tuple[int | str, ...] = (
    *(64, 64, "M", 128, 128, "M", 256, 256, 256, 256, "M", 512, 512, 512, 512, "M", 512, 512, 512, 512, "M"),
)
"""Widths of the convolutions, with "M" for halvings (Simonyan and Zisserman 2015, configuration E)."""

_TINY: tuple[int | str, ...] = (4, 4, "M", 4, 4, "M", 6, 6, 6, 6, "M", 6, 6, 6, 6, "M", 8, 8, 8, 8, "M")
"""The same layers with small widths."""


def load_vgg_loss(weights: Path | None = None, *, imagenet: bool = True) -> VGGFeatureLoss:
    """The perceptual loss with torchvision's VGG-19, from a file or torch.hub's cache.

    Args:
        weights: file of torchvision's vgg19 (.pth, .pt or .safetensors), with or without the classifier. None =
            torch.hub's cache.
        imagenet: see `ipose.losses.vgg_feature.vgg_features`.
    Raises:
        MissingWeightsError: no file, or weights of another model. Says how to get them.
    """
    path = Path(torch.hub.get_dir()) / "checkpoints" / VGG_FILE if weights is None else Path(weights)
    if not path.is_file():
        raise MissingWeightsError("no weights of VGG-19", file=path, mend=_MEND)
    with torch.device("meta"):  # no random numbers, no memory
        layers = _layers(_VGG19)
    state = {
        name.removeprefix("features."): tensor for name, tensor in _read_vgg(path).items() if "classifier" not in name
    }
    try:
        layers.load_state_dict(state, assign=True)
    except (RuntimeError, AttributeError) as error:
        raise MissingWeightsError("these are no weights of VGG-19", file=path, mend=_MEND) from error
    return VGGFeatureLoss(layers.float(), imagenet=imagenet)


def tiny_vgg_loss(seed: int) -> VGGFeatureLoss:
    """The perceptual loss with a RANDOM, narrow VGG-19, for tests and for trying the code offline."""
    return VGGFeatureLoss(tiny_vgg(seed))


def tiny_vgg(seed: int) -> nn.Sequential:
    """VGG-19's layers with 4 to 8 channels and random weights. Global random numbers are not used."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return _layers(_TINY)


def _layers(widths: Sequence[int | str]) -> nn.Sequential:
    from torchvision.models.vgg import make_layers  # slow to import, and few need it

    layers: nn.Sequential = make_layers(list(widths))
    return layers


def _read_vgg(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a safetensors file or a plain state dict. No pickle is run."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor for name, tensor in state.items() if isinstance(tensor, Tensor)}
    except Exception as error:  # torch's reader raises whatever it likes
        raise MissingWeightsError("VGG-19's weight file cannot be read", file=path, mend=_MEND) from error
