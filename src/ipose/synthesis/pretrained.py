"""A trained generator on disk: its fields of a model folder's `config.json`, and `model.safetensors`."""

from dataclasses import asdict
from typing import Any

from torch import Tensor

from ipose.configs import config_from_plain
from ipose.errors import ConfigError, RunError
from ipose.layers.psm_block import BlockFactory, PSMBlock
from ipose.model_folder import EXTRAS, ModelFolder
from ipose.synthesis.block_names import block_name, block_named
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig

WEIGHTS = "model.safetensors"

HASH = "generator_sha256"
"""Field of config.json with the hash of the weights."""


def generator_fields(generator: Generator) -> dict[str, Any]:
    """Fields of config.json about a generator."""
    return {"synthesis_config": asdict(generator.config), "block": block_name(generator.block)}


def generator_files(generator: Generator) -> dict[str, dict[str, Tensor]]:
    """The tensors of each safetensors file: the weights, and unused tensors of the authors' file. PartNet has its own
    file."""
    unused = {name: value for name, value in generator.release_extras.items() if not name.startswith("partnet.")}
    return {WEIGHTS: generator.state_dict(), EXTRAS: unused}


def read_generator(model: ModelFolder, block: BlockFactory | None = None) -> Generator:
    """The generator of a model, in eval mode.

    Args:
        model: its folder.
        block: makes the blocks. None = the class that config.json names, which is imported (`block_names`).
    Raises:
        RunError: config.json and weights disagree, a damaged file, or blocks that cannot be imported.
    """
    with model.reading("generator"):
        config = config_from_plain(SynthesisConfig, model.config["synthesis_config"])
        block = block or _own_block(model, config)
        generator = Generator(config, block)
        weights = model.checked_weights(WEIGHTS, HASH) if HASH in model.config else model.weights(WEIGHTS)
    _load(generator, weights, model)
    generator.release_extras = model.extras()
    return generator.eval()


def _own_block(model: ModelFolder, config: SynthesisConfig) -> BlockFactory | None:
    """The class of blocks that config.json names. None = the config's own."""
    name = model.config.get("block")
    if name is None or config.part_injection != "psm":
        return None
    try:
        return block_named(str(name))
    except ConfigError as error:
        message = "a generator with blocks of its own, which cannot be imported"
        raise RunError(message, file=model.path, found=error.found, expected=error.expected, mend=error.mend) from error


def _load(generator: Generator, weights: dict[str, Tensor], model: ModelFolder) -> None:
    """Raises RunError if the weights do not fit. Names the blocks where they are somebody's own."""
    with model.reading("generator"):
        try:
            generator.load_state_dict(weights)
        except RuntimeError as error:
            if generator.block is PSMBlock or generator.config.part_injection != "psm":
                raise
            raise RunError(
                f"the weights do not fit the blocks of {block_name(generator.block)}",
                file=model.path,
                found=" ".join(str(error).split())[:200],
                mend="Was the class changed since the training? Bring back the one that was trained.",
            ) from error
