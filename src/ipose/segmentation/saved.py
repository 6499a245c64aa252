"""A trained segmenter on disk: a TorchScript file that runs without this package, its class map, and the weights."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from ipose.configs import config_from_plain
from ipose.model_folder import ModelFolder, ModelKind, open_model
from ipose.model_writing import write_model
from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import FORMAT, SegmenterConfig
from ipose.whole_files import write_text_whole

KIND = ModelKind(FORMAT, "segmenter", "ipose train segmenter")
SCRIPT, CLASS_MAP, WEIGHTS = "segmenter.pt", "class_map.json", "segmenter.safetensors"
PART_MAP = "part_map.json"
"""Part id of each channel, 0 = none. Only beside a segmenter that tells parts apart."""


def load_semantic_segmenter(path: str | Path | ModelFolder) -> SemanticSegmenter:
    """The network of a run or model folder, in eval mode.

    Raises:
        RunError: no segmenter here, or a damaged file.
    """
    model = open_model(path, KIND)
    with model.reading("segmenter"):
        settings = config_from_plain(SegmenterConfig, model.config["segmenter_config"])
        network = SemanticSegmenter(settings, int(model.config["num_classes"]))
        network.load_state_dict(model.weights(WEIGHTS))
    return network.eval()


def save_semantic_segmenter(
    folder: str | Path, network: SemanticSegmenter, class_names: Sequence[str], parts: Sequence[int] = ()
) -> None:
    """Write a model folder: `segmenter.pt`, `class_map.json` (the class of each channel), `segmenter.safetensors`,
    `config.json`; with parts also `part_map.json`.

    `segmenter.pt` takes float32 (b, 3, h, w) in [-1, 1] and gives logits, for any b, h, w.

    Args:
        folder: made if it does not exist.
        network: in any mode. It is put in eval mode, on the CPU.
        class_names: one for each channel.
        parts: part id of each channel, 0 = none; () = it does not tell parts apart.
    """
    network = network.eval().cpu()
    maps = {CLASS_MAP: class_names, PART_MAP: parts} if parts else {CLASS_MAP: class_names}
    texts = {name: json.dumps(list(channels), indent=1) + "\n" for name, channels in maps.items()}
    write_model(
        folder,
        KIND,
        {"segmenter_config": asdict(network.config), "num_classes": network.num_classes},
        {WEIGHTS: network.state_dict()},
        files={
            SCRIPT: partial(_write_script, network),
            **{name: partial(write_text_whole, text=text) for name, text in texts.items()},
        },
    )


def _write_script(network: SemanticSegmenter, file: Path) -> None:
    """Write TorchScript. torch.export would need half a minute to write such a network, and as long to read it."""
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # TorchScript has a successor; sizes in a trace are tensors
        script = torch.jit.trace(network, torch.zeros(1, 3, network.config.height, network.config.width))
        torch.jit.save(script, file)
