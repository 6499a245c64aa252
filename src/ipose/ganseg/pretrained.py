"""A trained GANSeg on disk: a model folder with `config.json` and `model.safetensors`."""

from dataclasses import asdict
from pathlib import Path

from ipose.configs import config_from_plain
from ipose.data.data_config import CropRule
from ipose.ganseg.ablated import build_generator
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import GANSegConfig
from ipose.model_folder import EXTRAS, ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model

KIND = ModelKind("ipose-ganseg", "GANSeg model", "ipose train ganseg")
WEIGHTS = "model.safetensors"


def save_ganseg(folder: str | Path, generator: GANSegGenerator, crops: CropRule | None = None) -> None:
    """Write a generator as a model folder. `crops`: how the objects that it learned from were cut out, if they were."""
    grid = {} if generator.release_grid is None else {"release_grid": generator.release_grid}
    weights = {WEIGHTS: generator.state_dict(), EXTRAS: grid}
    config = {"ganseg_config": asdict(generator.config)}
    write_model(folder, KIND, config if crops is None else {**config, "crops": asdict(crops)}, weights)


def stored_crops(path: str | Path | ModelFolder) -> CropRule | None:
    """How the objects that a saved GANSeg learned from were cut out. None = it knows whole photographs.

    Raises:
        RunError: see `load_ganseg`.
    """
    model = open_model(path, KIND)
    with model.reading("rule of its crops"):
        return CropRule.of(model.config)


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
