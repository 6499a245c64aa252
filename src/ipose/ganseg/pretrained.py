"""A trained GANSeg on disk: a model folder with `config.json` and `model.safetensors`."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import ipose
from ipose.configs import config_from_plain
from ipose.errors import ConfigError, RunError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import GANSegConfig
from ipose.model_folder import model_format, read_model_config

FORMAT = "ipose-ganseg"
WEIGHTS = "model.safetensors"
EXTRAS = "release_extras.safetensors"
"""Name of the file with the grid of the authors' file."""


def save_ganseg(folder: Path, generator: GANSegGenerator) -> None:
    """Write a generator as a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous().clone() for name, value in generator.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    if generator.release_grid is not None:
        save_file({"release_grid": generator.release_grid.cpu().contiguous()}, folder / EXTRAS)
    described = {"format": FORMAT, "ipose_version": ipose.__version__, "ganseg_config": asdict(generator.config)}
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")


def is_ganseg(path: str | Path) -> bool:
    """Whether a run or model folder holds a GANSeg generator. False if it cannot be read."""
    return model_format(Path(path)) == FORMAT


def load_ganseg(path: str | Path) -> GANSegGenerator:
    """The generator of a run or model folder, in eval mode.

    Raises:
        RunError: no model here, one of another system, or a damaged file.
    """
    folder, config = read_model_config(Path(path), FORMAT, name="GANSeg model", command="ipose train ganseg")
    try:
        generator = GANSegGenerator(config_from_plain(GANSegConfig, config["ganseg_config"]))
        generator.load_state_dict(load_file(folder / WEIGHTS))
        if (folder / EXTRAS).is_file():
            generator.release_grid = load_file(folder / EXTRAS)["release_grid"]
    except (KeyError, TypeError, ConfigError, OSError, SafetensorError, RuntimeError) as error:
        words = " ".join(str(error).split())[:200]
        raise RunError(
            f"the GANSeg generator cannot be read ({words})", file=folder, mend="Copy the model folder again, whole."
        ) from error
    return generator.eval()
