"""A trained part segmenter on disk: a model folder with `config.json` and `segmenter.safetensors`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

import ipose
from ipose.errors import RunError
from ipose.model_folder import read_model_config
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.part_segmenter_config import FORMAT

WEIGHTS = "segmenter.safetensors"


@dataclass(frozen=True, eq=False)
class TrainedSegmenter:
    """A part segmenter in eval mode.

    Args:
        network: from images in [-1, 1] to logits; channel 0 = background.
        image_size: side in pixels to which photographs are resized.
        part_names: of parts 1..K. They are "part 1", ... until somebody changes `part_names` in config.json.
    """

    network: PartSegmenter
    image_size: int
    part_names: tuple[str, ...]


def save_part_segmenter(
    folder: Path, network: PartSegmenter, image_size: int, part_names: Sequence[str] | None = None
) -> None:
    """Write a segmenter as a model folder."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    described = {
        "format": FORMAT,
        "ipose_version": ipose.__version__,
        "network": network.network,
        "parts": network.parts,
        "enlarge": network.enlarge,
        "image_size": image_size,
        "part_names": list(part_names or [f"part {k}" for k in range(1, network.parts + 1)]),
    }
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")


def load_part_segmenter(path: str | Path) -> TrainedSegmenter:
    """The segmenter of a run or model folder.

    Raises:
        RunError: no segmenter here, a model of another system, or a damaged file.
    """
    folder, config = _config_of(path)
    with _as_run_error(folder):
        network = PartSegmenter(config["parts"], config["network"], enlarge=config["enlarge"])
        network.load_state_dict(load_file(folder / WEIGHTS))
        return TrainedSegmenter(network.eval(), int(config["image_size"]), tuple(config["part_names"]))


def stored_part_names(path: str | Path) -> tuple[str, ...]:
    """Names of the parts of a saved segmenter. The network is not loaded.

    Raises:
        RunError: see `load_part_segmenter`.
    """
    folder, config = _config_of(path)
    with _as_run_error(folder):
        return tuple(config["part_names"])


def _config_of(path: str | Path) -> tuple[Path, dict[str, Any]]:
    return read_model_config(
        Path(path), FORMAT, name="part segmenter", command="ipose train part-segmenter --pairs RUN"
    )


@contextmanager
def _as_run_error(folder: Path) -> Iterator[None]:
    """Turn the errors of a damaged file into a RunError that names the folder."""
    try:
        yield
    except (KeyError, TypeError, ValueError, OSError, SafetensorError, RuntimeError) as error:
        words = " ".join(str(error).split())[:200]
        raise RunError(
            f"the part segmenter cannot be read ({words})", file=folder, mend="Copy the model folder again, whole."
        ) from error
