"""A trained GANSeg on disk: a model folder with `config.json` and `model.safetensors`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import ipose
from ipose.configs import config_from_plain
from ipose.errors import ConfigError, RunError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import GANSegConfig

FORMAT = "ipose-ganseg"
WEIGHTS = "model.safetensors"


def save_ganseg(folder: Path, generator: GANSegGenerator) -> None:
    """Write a generator as a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous().clone() for name, value in generator.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    described = {"format": FORMAT, "ipose_version": ipose.__version__, "ganseg_config": asdict(generator.config)}
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")


def load_ganseg(path: str | Path) -> GANSegGenerator:
    """The generator of a run or model folder, in eval mode.

    Raises:
        RunError: no model here, one of another system, or a damaged file.
    """
    folder = _model_folder(Path(path))
    config = _read_config(folder)
    try:
        generator = GANSegGenerator(config_from_plain(GANSegConfig, config["ganseg_config"]))
        generator.load_state_dict(load_file(folder / WEIGHTS))
    except (KeyError, TypeError, ConfigError, OSError, SafetensorError, RuntimeError) as error:
        words = " ".join(str(error).split())[:200]
        raise RunError(
            f"the GANSeg generator cannot be read ({words})", file=folder, mend="Copy the model folder again, whole."
        ) from error
    return generator.eval()


def _model_folder(path: Path) -> Path:
    for folder in (path, path / "model"):
        if (folder / "config.json").is_file():
            return folder
    found = "a run that has saved no model yet" if (path / "run.json").is_file() else "no config.json"
    raise RunError(
        "no GANSeg model here",
        file=path,
        found=found if path.exists() else "no such folder",
        expected="a run folder or its model/",
        mend="Train one with ipose train ganseg, or check the path.",
    )


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        found = config.get("format")
    except (OSError, ValueError, AttributeError) as error:
        raise RunError(f"config.json cannot be read ({error})", file=folder, mend="Copy the folder again.") from error
    if found != FORMAT:
        raise RunError(
            "a model of another system",
            file=folder,
            found=found,
            expected=FORMAT,
            mend="Name a run of ipose train ganseg.",
        )
    return dict(config)
