"""A trained generator on disk: its fields of a model folder's `config.json`, and `model.safetensors`."""

from dataclasses import asdict
from typing import Any

from torch import Tensor

from ipose.configs import config_from_plain
from ipose.errors import RunError
from ipose.layers.psm_block import BlockFactory
from ipose.model_folder import EXTRAS, ModelFolder
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig

WEIGHTS = "model.safetensors"


def generator_fields(generator: Generator) -> dict[str, Any]:
    """Fields of config.json about a generator."""
    return {"synthesis_config": asdict(generator.config), "block": _block_name(generator)}


def generator_files(generator: Generator) -> dict[str, dict[str, Tensor]]:
    """The tensors of each safetensors file: the weights, and unused tensors of the authors' file. PartNet has its own
    file."""
    unused = {name: value for name, value in generator.release_extras.items() if not name.startswith("partnet.")}
    return {WEIGHTS: generator.state_dict(), EXTRAS: unused}


def read_generator(model: ModelFolder, block: BlockFactory | None = None) -> Generator:
    """The generator of a model, in eval mode.

    Args:
        model: its folder.
        block: makes the blocks, if it was trained with other blocks. None = the config's own.
    Raises:
        RunError: config.json and weights disagree, a damaged file, or blocks that need `block`.
    """
    with model.reading("generator"):
        generator = Generator(config_from_plain(SynthesisConfig, model.config["synthesis_config"]), block)
        trained_with = model.config.get("block", _block_name(generator))
        if block is None and trained_with != _block_name(generator):
            message = "a generator with blocks of its own"
            mend = "Pass what makes them: IPose.from_pretrained(..., block=...)."
            raise RunError(message, file=model.path, found=trained_with, expected=_block_name(generator), mend=mend)
        generator.load_state_dict(model.weights(WEIGHTS))
    generator.release_extras = model.extras()
    return generator.eval()


def _block_name(generator: Generator) -> str:
    """Name of the blocks' class, so that a reader of config.json knows which `block` to pass."""
    kind = type(generator.blocks[0])
    return f"{kind.__module__}.{kind.__qualname__}"
