"""Feature networks of image metrics, each with its name and hash.

The names FID and KID are for one network only: Inception of 2015, with its known weight file. With any other network
the result is a Frechet or kernel distance, and its name says which network.
"""

import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float64, UInt8
from torch import Tensor, nn
from torch.nn import functional as F

from ipose.errors import ConfigError, MissingDependencyError, MissingWeightsError
from ipose.images import image_float
from ipose.model_folder import sha256_of
from ipose.segmentation.saved import SCRIPT

_MEND = "Save it with torch.jit.save(torch.jit.trace(network, images), FILE), or torch.export.save as a .pt2 file."


def load_network_file(path: Path, device: str = "cpu") -> Callable[..., Any]:
    """Load a network of a TorchScript file, or of a torch.export file (its name ends in .pt2).

    Raises:
        MissingWeightsError: no such file, or a file of another kind.
    """
    if not path.is_file():
        raise MissingWeightsError("no such network file", file=path, mend=f"Check the path. {_MEND}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns that TorchScript has a successor
            if path.suffix == ".pt2":
                exported: Callable[..., Any] = torch.export.load(path).module().to(device)
                return exported
            script: Callable[..., Any] = torch.jit.load(path, map_location=device).eval()
            return script
    except Exception as error:  # torch's readers raise many kinds of errors
        what, expected = "no network can be read from this file", "TorchScript, or torch.export in a .pt2 file"
        raise MissingWeightsError(what, file=path, found=type(error).__name__, expected=expected, mend=_MEND) from error


def network_of_run(run: Path) -> Path:
    """The network file of a run of `ipose train segmenter`, or of its model folder. Raises MissingWeightsError."""
    for folder in (run, run / "model"):
        if (folder / SCRIPT).is_file():
            return folder / SCRIPT
    what, mend = "no segmenter in this folder", "Train one with ipose train segmenter, or name a network file."
    raise MissingWeightsError(what, file=run, expected=f"a run with model/{SCRIPT}", mend=mend)


INCEPTION_FILE = "weights-inception-2015-12-05-6726825d.pth"
INCEPTION_HASH = "6726825d"
"""First digits of its SHA-256, which its name carries (torch-fidelity, release v0.2.0)."""

_INCEPTION_URL = f"https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/{INCEPTION_FILE}"


@dataclass(frozen=True, eq=False)
class FeatureNetwork:
    """A network that gives one row of features for each image.

    Args:
        network: uint8 (b, 3, h, w) to (b, d), any float type.
        is_inception: whether its distances are called FID and KID.
    """

    name: str
    sha256: str
    network: Callable[[Tensor], Tensor]
    is_inception: bool = False

    @property
    def label(self) -> str:
        """NAME@hash, with 12 digits of the hash."""
        return f"{self.name}@{self.sha256[:12]}"

    def metric_name(self, general: str, under_inception: str | None = None) -> str:
        """The name of a metric with this network: with Inception its own, else the general name with NAME@hash."""
        if self.is_inception and under_inception is not None:
            return under_inception
        return f"{general} (features {self.label})"

    def __call__(self, images: UInt8[Tensor, "b 3 h w"]) -> Float64[Tensor, "b d"]:
        """Features in float64; the mean over positions of a feature map. Raises ConfigError for other outputs."""
        with torch.no_grad():
            try:
                features = self.network(images)
            except RuntimeError as error:
                raise ConfigError(
                    f"the feature network {self.name} cannot be applied to these images",
                    found=f"{tuple(images.shape)}: {str(error).strip().splitlines()[-1]}",
                    expected="float32 (b, 3, h, w) in [-1, 1] to be taken, whatever b",
                ) from error
        if isinstance(features, Tensor) and features.ndim == 4:
            features = features.mean((2, 3))
        if not isinstance(features, Tensor) or features.ndim != 2 or len(features) != len(images):
            found = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
            what = f"the feature network {self.name} answers in another form"
            raise ConfigError(what, found=found, expected="(b, d) or (b, d, h, w)")
        return features.double()


def load_features(source: str, *, antialias: bool = False, device: str = "cpu") -> FeatureNetwork:
    """Load a feature network by name or file.

    Args:
        source: "inception" (with weights of torch.hub's cache), "random" (a small random network, for trials of the
            code and for comparisons within one study), or a file: Inception's weights, TorchScript, or torch.export.
            A network of a file takes float32 (b, 3, h, w) in [-1, 1] and gives (b, d) or (b, d, h, w). Or a run of
            ipose train segmenter, whose logits are the features.
        antialias: how Inception resizes to 299x299. False = as TensorFlow 1, with which FID was defined. True = as
            torchmetrics since 1.8.
    Raises:
        MissingWeightsError: no such file, or one that cannot be read.
        MissingDependencyError: Inception without torch-fidelity.
    """
    if source == "random":
        return random_features(device=device)
    cached = Path(torch.hub.get_dir()) / "checkpoints" / INCEPTION_FILE
    path = cached if source == "inception" else Path(source)
    if source == "inception" and not path.is_file():
        mend = f"Once, with a network, put {_INCEPTION_URL} there, or name the file with --features FILE; or take "
        mend += "other features (--features random, or a TorchScript file): the result is then not called FID."
        what = "Inception's weights, which make a distance FID, are not here"
        raise MissingWeightsError(what, file=path, mend=mend)
    path = network_of_run(path) if path.is_dir() else path
    digest = sha256_of(path) if path.is_file() else ""
    if digest.startswith(INCEPTION_HASH):
        return FeatureNetwork("inception-2015-12-05", digest, _inception(path, antialias, device), is_inception=True)
    if source == "inception" or path.name == INCEPTION_FILE:
        what, mend = "these are not Inception's weights", f"Get {_INCEPTION_URL} again."
        raise MissingWeightsError(what, file=path, found=f"sha256 {digest[:8]}", expected=INCEPTION_HASH, mend=mend)
    network = load_network_file(path, device)
    return FeatureNetwork(path.stem, digest, lambda images: network(image_float(images.to(device))))


def random_features(seed: int = 0, *, device: str = "cpu") -> FeatureNetwork:
    """A small RANDOM network, the same in every process. It reacts to blur, noise and colour, not to objects."""
    draw = torch.Generator().manual_seed(seed)
    filters = [
        torch.randn(out, width, 5, 5, generator=draw) / (25 * width) ** 0.5
        for width, out in ((3, 16), (16, 32), (32, 48))
    ]
    digest = hashlib.sha256(b"".join(weight.numpy().tobytes() for weight in filters)).hexdigest()
    weights = [weight.to(device) for weight in filters]

    def network(images: Tensor) -> Tensor:
        x, rows = image_float(images.to(device)), []
        for weight in weights:
            x = F.relu(F.conv2d(x, weight, stride=2, padding=2))
            rows.append(x.mean((2, 3)))
        return torch.cat(rows, dim=1)

    return FeatureNetwork("random", digest, network)


def _inception(path: Path, antialias: bool, device: str) -> Callable[[Tensor], Tensor]:
    """Inception's pool features through torch-fidelity, as torchmetrics wraps it."""
    try:
        from torchmetrics.image.fid import NoTrainInceptionV3

        torch.load(path, weights_only=True)  # torch-fidelity would unpickle anything
        network: nn.Module = NoTrainInceptionV3("inception-v3-compat", ["2048"], str(path), antialias=antialias)
    except (ImportError, ModuleNotFoundError) as error:
        raise MissingDependencyError(
            "FID needs torchmetrics and torch-fidelity", mend='Run pip install "ipose[metrics]".'
        ) from error
    except Exception as error:  # torch's reader raises whatever it likes
        what, found = "Inception's weights cannot be read", type(error).__name__
        raise MissingWeightsError(what, file=path, found=found, mend=f"Get {_INCEPTION_URL} again.") from error
    network = network.to(device).eval()

    def features(images: Tensor) -> Tensor:
        answer: Any = network(images.to(device))
        pooled: Tensor = answer[0] if isinstance(answer, tuple) else answer
        return pooled.reshape(len(images), -1)

    return features
