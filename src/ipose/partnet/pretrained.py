"""A trained PartNet on disk: its fields of `config.json`, `partnet.safetensors`, and the supports that it reads."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ipose.configs import config_from_plain
from ipose.errors import RunError, SupportError
from ipose.model_folder import ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig

KIND = ModelKind("ipose-partnet", "PartNet", "ipose train partnet")
WEIGHTS = "partnet.safetensors"
HASHES = {"partnet_sha256": WEIGHTS}
"""Field of config.json with the hash of PartNet's weights. A generator only works with the PartNet of its training."""


@dataclass(frozen=True, eq=False)
class TrainedPartNet:
    """A PartNet in eval mode with its supports, and the hash of its weight file."""

    partnet: PartNet
    supports: SupportSet
    sha256: str


def save_partnet(folder: str | Path, partnet: PartNet, supports: SupportSet) -> None:
    """Write a PartNet with its supports as a model folder."""
    weights = {WEIGHTS: partnet.state_dict()}
    write_model(folder, KIND, partnet_fields(partnet), weights, hashes=HASHES, supports=supports)


def partnet_fields(partnet: PartNet) -> dict[str, Any]:
    """Fields of config.json about a PartNet."""
    return {"partnet_config": asdict(partnet.config)}


def has_partnet(model: ModelFolder) -> bool:
    """Whether the model has a PartNet. A generator that reads no predicted parts can be without one."""
    return "partnet_config" in model.config


def read_partnet(model: ModelFolder) -> PartNet:
    """The PartNet of a model, in eval mode. Raises RunError where config.json and weights disagree, or are damaged."""
    with model.reading("PartNet"):
        partnet = PartNet(config_from_plain(PartNetConfig, model.config["partnet_config"]))
        partnet.load_state_dict(model.checked_weights(WEIGHTS, "partnet_sha256"))
    return partnet.eval()


def load_partnet(path: str | Path | ModelFolder) -> TrainedPartNet:
    """The PartNet of a run or model folder, with or without a generator.

    Raises:
        RunError: no model, a damaged one, or one without a PartNet.
    """
    model = open_model(path)
    if not has_partnet(model):
        expected = "a PartNet, or a generator with one"
        mend = "Name a run of ipose train partnet, or of ipose train synthesis with predicted parts."
        raise RunError("this model has no PartNet", file=model.path, found=model.format, expected=expected, mend=mend)
    return TrainedPartNet(read_partnet(model), model.supports(), str(model.config["partnet_sha256"]))


def without_supports(file: Path | None = None) -> SupportError:
    """The error for a model without supports."""
    return SupportError(
        "this model has no support part maps, from which parts are inferred",
        file=file,
        mend="Convert it again with ipose convert --supports DIR, or put <category>/<name>_part.png files into its "
        "supports/ folder.",
    )
