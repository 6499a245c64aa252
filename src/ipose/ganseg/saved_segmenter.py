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
from ipose.ganseg.segmenter import PartSegmenter
from ipose.ganseg.segmenter_config import FORMAT

WEIGHTS = "segmenter.safetensors"


@dataclass(frozen=True, eq=False)
class TrainedSegmenter:
    """A part segmenter in eval mode.

    Args:
        network: images in [-1, 1] to logits; channel 0 = background.
        image_size: side that photographs are brought to.
        part_names: of parts 1..K; "part 1", ... until somebody names them (`part_names` in config.json).
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
    folder = _model_folder(Path(path))
    with _faults_told(folder):
        config = _config_of(folder)
        network = PartSegmenter(config["parts"], config["network"], enlarge=config["enlarge"])
        network.load_state_dict(load_file(folder / WEIGHTS))
        return TrainedSegmenter(network.eval(), int(config["image_size"]), tuple(config["part_names"]))


def stored_part_names(path: str | Path) -> tuple[str, ...]:
    """What the segmenter of a run or model folder calls its parts; the network is not loaded.

    Raises:
        RunError: as `load_part_segmenter`.
    """
    folder = _model_folder(Path(path))
    with _faults_told(folder):
        return tuple(_config_of(folder)["part_names"])


def _model_folder(path: Path) -> Path:
    folder = next((place for place in (path, path / "model") if (place / "config.json").is_file()), None)
    if folder is None:
        raise RunError(
            "no part segmenter here",
            file=path,
            found="no config.json" if path.exists() else "no such folder",
            expected="a run folder or its model/",
            mend="Train one with ipose train segmenter --pairs RUN, or check the path.",
        )
    return folder


def _config_of(folder: Path) -> dict[str, Any]:
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if config.get("format") != FORMAT:
        raise RunError(
            "a model of another system",
            file=folder,
            found=config.get("format"),
            expected=FORMAT,
            mend="Train a segmenter on a GANSeg run with ipose train segmenter --pairs RUN.",
        )
    return config


@contextmanager
def _faults_told(folder: Path) -> Iterator[None]:
    """Whatever a damaged file leads to, said as a fault of the folder."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, OSError, SafetensorError, RuntimeError) as error:
        if isinstance(error, RunError):
            raise
        words = " ".join(str(error).split())[:200]
        raise RunError(
            f"the part segmenter cannot be read ({words})", file=folder, mend="Copy the model folder again, whole."
        ) from error
