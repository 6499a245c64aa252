"""A trained part segmenter on disk: a model folder with `config.json` and `segmenter.safetensors`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ipose.data.data_config import CropRule
from ipose.model_folder import ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.part_segmenter_config import FORMAT

KIND = ModelKind(FORMAT, "part segmenter", "ipose train part-segmenter --pairs RUN")
WEIGHTS = "segmenter.safetensors"


@dataclass(frozen=True, eq=False)
class TrainedSegmenter:
    """A part segmenter in eval mode.

    Args:
        network: from images in [-1, 1] to logits; channel 0 = background.
        image_size: side in pixels to which photographs are resized.
        part_names: of parts 1..K. They are "part 1", ... until somebody changes `part_names` in config.json.
        crops: how objects are cut out for it. None = it sees whole photographs.
    """

    network: PartSegmenter
    image_size: int
    part_names: tuple[str, ...]
    crops: CropRule | None = None


def save_part_segmenter(
    folder: str | Path,
    network: PartSegmenter,
    image_size: int,
    part_names: Sequence[str] | None = None,
    crops: CropRule | None = None,
) -> None:
    """Write a segmenter as a model folder."""
    config: dict[str, Any] = {
        "network": network.network,
        "parts": network.parts,
        "enlarge": network.enlarge,
        "image_size": image_size,
        "part_names": list(part_names or [f"part {k}" for k in range(1, network.parts + 1)]),
    }
    if crops is not None:
        config["crops"] = asdict(crops)
    write_model(folder, KIND, config, {WEIGHTS: network.state_dict()})


def load_part_segmenter(path: str | Path | ModelFolder) -> TrainedSegmenter:
    """The segmenter of a run or model folder.

    Raises:
        RunError: no segmenter here, a model of another system, or a damaged file.
    """
    model = open_model(path, KIND)
    config = model.config
    with model.reading("part segmenter"):
        network = PartSegmenter(config["parts"], config["network"], enlarge=config["enlarge"])
        network.load_state_dict(model.weights(WEIGHTS))
        names, crops = tuple(config["part_names"]), CropRule.of(config)
        return TrainedSegmenter(network.eval(), int(config["image_size"]), names, crops)


def stored_part_names(path: str | Path | ModelFolder) -> tuple[str, ...]:
    """Names of the parts of a saved segmenter. The network is not loaded.

    Raises:
        RunError: see `load_part_segmenter`.
    """
    model = open_model(path, KIND)
    with model.reading("part segmenter"):
        return tuple(model.config["part_names"])
