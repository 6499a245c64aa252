"""LPIPS with AlexNet, the perceptual distance of two images. Its weights are a local file with a known hash."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float64, UInt8
from torch import Tensor

from ipose.errors import MissingDependencyError, MissingWeightsError
from ipose.images import image_float
from ipose.model_folder import sha256_of

ALEXNET_FILE = "alexnet-owt-7be5be79.pth"
ALEXNET_HASH = "7be5be79"
"""First digits of the SHA-256 of torchvision's AlexNet (IMAGENET1K_V1), which the file's name carries."""

_URL = f"https://download.pytorch.org/models/{ALEXNET_FILE}"
LPIPS_MEND = f"Once, with a network, get {_URL}."
_MEND = f"{LPIPS_MEND[:-1]}; without it, diversity is measured by --features."


@dataclass(frozen=True, eq=False)
class PerceptualDistance:
    """LPIPS of pairs of images.

    Args:
        label: name and hash of the backbone, for cards.
        network: (a, b), each float (b, 3, h, w) in [-1, 1], to b values.
    """

    label: str
    network: Callable[[Tensor, Tensor], Tensor]
    device: str = "cpu"

    def __call__(self, a: UInt8[Tensor, "b 3 h w"], b: UInt8[Tensor, "b 3 h w"]) -> Float64[Tensor, " b"]:
        """LPIPS of each pair, on the CPU. 0 for equal images, symmetric."""
        with torch.no_grad():
            distance = self.network(image_float(a.to(self.device)), image_float(b.to(self.device)))
        return distance.reshape(len(a)).double().cpu()


def load_lpips(weights: Path, *, device: str = "cpu") -> PerceptualDistance:
    """Load LPIPS (Zhang et al. 2018, version 0.1, AlexNet). Its linear layers are part of torchmetrics.

    Raises:
        MissingWeightsError: no such file, or a file with another hash.
        MissingDependencyError: torchmetrics is not installed.
    """
    if not weights.is_file():
        raise MissingWeightsError("no weights of LPIPS's AlexNet", file=weights, mend=_MEND)
    if not (digest := sha256_of(weights)).startswith(ALEXNET_HASH):
        raise MissingWeightsError(
            "not the AlexNet of LPIPS", file=weights, found=f"sha256 {digest[:8]}", expected=ALEXNET_HASH, mend=_MEND
        )
    try:
        from torchmetrics.functional.image.lpips import _NoTrainLpips
    except ImportError as error:
        raise MissingDependencyError(
            "LPIPS needs torchmetrics, which is not installed", mend='Run pip install "ipose[metrics]".'
        ) from error
    with torch.random.fork_rng(devices=[]):  # building the backbone draws random numbers
        network: Any = _NoTrainLpips(net="alex", pnet_rand=True)
    try:
        state = torch.load(weights, map_location="cpu", weights_only=True)
        wanted = network.net.state_dict()  # sliceN.i.weight, where torchvision says features.i.weight
        network.net.load_state_dict({name: state[name.replace(name.split(".")[0], "features")] for name in wanted})
    except Exception as error:  # torch's reader raises many kinds of errors
        raise MissingWeightsError(
            "LPIPS's AlexNet cannot be read", file=weights, found=type(error).__name__, mend=_MEND
        ) from error
    return PerceptualDistance(f"alexnet@{digest[:12]}", network.to(device).eval(), device)
