"""A trained PartNet on disk: `config.json`, `partnet.safetensors`, and the supports it was trained to read."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ipose.configs import config_from_plain
from ipose.data.support_folder import load_supports, save_supports
from ipose.errors import ConfigError, RunError, SupportError
from ipose.model_folder import model_folder
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.types import SupportSet

FORMAT = "ipose-partnet"
WEIGHTS = "partnet.safetensors"
SUPPORTS = "supports"
SUPPORT_MAPS, NO_SUPPORTS = "support_maps", "none"
"""What config.json says of a model that came without any; the key is none of `IPose`, which the hub would decode."""

_NO_SUPPORTS_NOTE = """These weights came without support part maps, and PartNet reads parts from nothing else.
Put them here, a folder a category, k drawings in each: <category>/<name>_part.png
(grey value 0 = no part, 1 = the first part, ...); ipose supports check tells whether they will do.
"""


@dataclass(frozen=True, eq=False)
class TrainedPartNet:
    """A PartNet in eval mode with its supports, and the hash of its weight file."""

    partnet: PartNet
    supports: SupportSet
    sha256: str


def save_partnet_weights(folder: Path, partnet: PartNet) -> dict[str, Any]:
    """Write the weights and return what a config file says of them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.cpu().contiguous() for name, value in partnet.state_dict().items()}, folder / WEIGHTS)
    return {"partnet_config": asdict(partnet.config), "partnet_sha256": _hash(folder / WEIGHTS)}


def load_partnet_weights(folder: Path, config: dict[str, Any]) -> PartNet:
    """The PartNet that `save_partnet_weights` wrote, in eval mode. Raises RunError where file and config disagree."""
    path = folder / WEIGHTS
    try:
        partnet = PartNet(config_from_plain(PartNetConfig, config["partnet_config"]))
        if (found := _hash(path)) != config["partnet_sha256"]:
            raise RunError(
                "not the PartNet that the model was trained with",
                file=path,
                found=f"sha256 {found[:12]}",
                expected=config["partnet_sha256"][:12],
                mend="Copy the model folder again, whole.",
            )
        partnet.load_state_dict(load_file(path))
    except (KeyError, TypeError, ConfigError, OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError(
            f"no PartNet can be read here ({error})", file=folder, mend="Copy the model folder again, whole."
        ) from error
    return partnet.eval()


def save_partnet(folder: Path, partnet: PartNet, supports: SupportSet) -> None:
    """Write a PartNet with its supports as a model folder."""
    described = {"format": FORMAT, **save_partnet_weights(folder, partnet), **save_model_supports(folder, supports)}
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")


def read_parts_config(folder: Path) -> dict[str, Any]:
    """The config.json of a model folder."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"config.json cannot be read ({error})", file=folder, mend="Copy the folder again.") from error
    if not isinstance(config, dict) or not {"partnet_config", "synthesis_config"} & set(config):
        raise RunError(
            "config.json describes no model of parts, or of images from parts",
            file=folder,
            found=str(config.get("format", "no format")) if isinstance(config, dict) else "no table",
            expected="a PartNet or a synthesis model",
            mend="Of a GroupDNet use ipose generate, figures, evaluate; of GANSeg generate, of its segmenter segment.",
        )
    return config


def load_partnet(path: str | Path) -> TrainedPartNet:
    """PartNet of a run or model folder, of PartNet alone or of the whole system.

    Raises:
        RunError: no model here, a damaged one, or one that was trained without a PartNet.
    """
    folder = model_folder(path)
    config = read_parts_config(folder)
    if not has_partnet(config):
        raise RunError(
            "this model has no PartNet: its generator reads no predicted parts",
            file=folder,
            mend="Name a run of ipose train partnet, or a model that has one.",
        )
    partnet = load_partnet_weights(folder, config)
    return TrainedPartNet(partnet, load_model_supports(folder, config), config["partnet_sha256"])


def has_partnet(config: dict[str, Any]) -> bool:
    """Whether the config.json of a model folder tells of a PartNet; models without predicted parts may lack one."""
    return "partnet_config" in config


def save_model_supports(folder: Path, supports: SupportSet) -> dict[str, Any]:
    """Write the supports of a model and return what its config file says of them; none at all is fine."""
    if supports.categories:
        save_supports(supports, folder / SUPPORTS)
        return {}
    (folder / SUPPORTS).mkdir(parents=True, exist_ok=True)
    (folder / SUPPORTS / "README.txt").write_text(_NO_SUPPORTS_NOTE)
    return {SUPPORT_MAPS: NO_SUPPORTS}


def load_model_supports(folder: Path, config: dict[str, Any]) -> SupportSet:
    """The supports of a model folder: an empty set where it came without, and nobody has put any there since.

    Raises:
        SupportError: they are damaged, or gone.
    """
    if config.get(SUPPORT_MAPS) == NO_SUPPORTS and not any((folder / SUPPORTS).glob("*/*_part.png")):
        return SupportSet({}, {})
    return load_supports(folder / SUPPORTS)


def without_supports(file: Path | None = None) -> SupportError:
    """What to say where parts are asked for and the model has no supports."""
    return SupportError(
        "this model has no support part maps, from which parts are inferred",
        file=file,
        mend="Convert it again with ipose convert --supports DIR, or put <category>/<name>_part.png files into its "
        "supports/ folder.",
    )


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
