"""A trained generator on disk: its part of a model folder's `config.json`, and `model.safetensors`."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.errors import ConfigError, RunError
from ipose.layers.psm_block import BlockFactory
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig

WEIGHTS = "model.safetensors"
EXTRAS = "release_extras.safetensors"
"""Name of the file with unused tensors of the authors' file, so that it can be written again."""


def save_generator_weights(folder: Path, generator: Generator) -> dict[str, Any]:
    """Write the weights. Returns what the config file says about them."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.cpu().contiguous() for name, value in generator.state_dict().items()}, folder / WEIGHTS)
    unused = {name: value for name, value in generator.release_extras.items() if not name.startswith("partnet.")}
    if unused:  # PartNet has a file of its own
        save_file({name: value.cpu().contiguous() for name, value in unused.items()}, folder / EXTRAS)
    return {"synthesis_config": asdict(generator.config), "block": _block_name(generator)}


def read_generator_weights(folder: Path) -> dict[str, Tensor]:
    """The weights by name. Raises RunError where the file is missing or damaged."""
    try:
        return load_file(folder / WEIGHTS)
    except (OSError, SafetensorError) as error:
        raise _unreadable(folder / WEIGHTS, error) from error


def load_generator(folder: Path, config: Mapping[str, Any], block: BlockFactory | None = None) -> Generator:
    """The generator that `save_generator_weights` wrote, in eval mode.

    Args:
        folder: of the model.
        config: content of the config file.
        block: makes the blocks, if it was trained with other blocks. None = the config's own.
    Raises:
        RunError: config and weights disagree, a damaged file, or blocks that need `block`.
    """
    try:
        generator = Generator(config_from_plain(SynthesisConfig, config["synthesis_config"]), block)
    except (KeyError, TypeError, ConfigError) as error:
        raise _unreadable(folder / "config.json", error) from error
    trained_with = config.get("block", _block_name(generator))
    if block is None and trained_with != _block_name(generator):
        raise RunError(
            "a generator with blocks of its own",
            file=folder,
            found=trained_with,
            expected=_block_name(generator),
            mend="Pass what makes them: IPose.from_pretrained(..., block=...).",
        )
    try:
        generator.load_state_dict(read_generator_weights(folder))
        if (folder / EXTRAS).is_file():
            generator.release_extras = load_file(folder / EXTRAS)
    except (RuntimeError, OSError, SafetensorError) as error:
        if isinstance(error, RunError):
            raise
        raise _unreadable(folder / WEIGHTS, error) from error
    return generator.eval()


def _block_name(generator: Generator) -> str:
    """Name of the blocks' class, so that a reader of config.json knows which `block` to pass."""
    kind = type(generator.blocks[0])
    return f"{kind.__module__}.{kind.__qualname__}"


def _unreadable(file: Path, why: Exception) -> RunError:
    words = " ".join(str(why).split())
    reason = words if len(words) < 200 else f"{words[:200]} ..."
    return RunError(f"the generator cannot be read ({reason})", file=file, mend="Copy the model folder again, whole.")
