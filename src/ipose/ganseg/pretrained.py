"""A trained GANSeg on disk: a model folder with `config.json` and `model.safetensors`."""

from dataclasses import asdict
from pathlib import Path

from ipose.configs import config_from_plain
from ipose.ganseg.ablated import build_generator
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import GANSegConfig
from ipose.model_folder import EXTRAS, ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model

KIND = ModelKind("ipose-ganseg", "GANSeg model", "ipose train ganseg")
WEIGHTS = "model.safetensors"


def save_ganseg(folder: str | Path, generator: GANSegGenerator) -> None:
    """Write a generator as a model folder."""
    grid = {} if generator.release_grid is None else {"release_grid": generator.release_grid}
    weights = {WEIGHTS: generator.state_dict(), EXTRAS: grid}
    write_model(folder, KIND, {"ganseg_config": asdict(generator.config)}, weights)


def load_ganseg(path: str | Path | ModelFolder) -> GANSegGenerator:
    """The generator of a run or model folder, in eval mode.

    Raises:
        RunError: no model here, one of another system, or a damaged file.
    """
    model = open_model(path, KIND)
    with model.reading("GANSeg generator"):
        generator = build_generator(config_from_plain(GANSegConfig, model.config["ganseg_config"]))
        generator.load_state_dict(model.weights(WEIGHTS))
    generator.release_grid = model.extras().get("release_grid")
    return generator.eval()
