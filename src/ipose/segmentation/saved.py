"""A trained segmenter on disk: a TorchScript file that runs without this package, its class map, and the weights."""

import json
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ipose.configs import config_from_plain
from ipose.errors import ConfigError, RunError
from ipose.model_folder import read_model_config
from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import FORMAT, SegmenterConfig

SCRIPT, CLASS_MAP, WEIGHTS = "segmenter.pt", "class_map.json", "segmenter.safetensors"


def load_network(path: str | Path) -> SemanticSegmenter:
    """The network of a run or model folder, in eval mode.

    Raises:
        RunError: no segmenter here, or a damaged file.
    """
    folder, config = read_model_config(Path(path), FORMAT, name="segmenter", command="ipose train segmenter")
    try:
        settings = config_from_plain(SegmenterConfig, config["segmenter_config"])
        network = SemanticSegmenter(settings, int(config["num_classes"]))
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (KeyError, TypeError, ValueError, ConfigError, OSError, SafetensorError, RuntimeError) as error:
        words = " ".join(str(error).split())[:200]
        mend = "Copy the model folder again, whole."
        raise RunError(f"the segmenter cannot be read ({words})", file=folder, mend=mend) from error
    return network.eval()


def save_segmenter(folder: Path, network: SemanticSegmenter, class_names: Sequence[str]) -> None:
    """Write a model folder: `segmenter.pt`, `class_map.json` (the class of each channel), `segmenter.safetensors`,
    `config.json`.

    `segmenter.pt` takes float32 (b, 3, h, w) in [-1, 1] and gives logits, for any b, h, w. It is TorchScript, because
    torch.export needs half a minute to write such a network, and as long to read it.

    Args:
        folder: made if it does not exist.
        network: in any mode. It is put in eval mode, on the CPU.
        class_names: one for each channel.
    """
    folder.mkdir(parents=True, exist_ok=True)
    network = network.eval().cpu()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # TorchScript has a successor; sizes in a trace are tensors
        script = torch.jit.trace(network, torch.zeros(1, 3, network.config.height, network.config.width))
        torch.jit.save(script, folder / SCRIPT)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / WEIGHTS)
    (folder / CLASS_MAP).write_text(json.dumps(list(class_names), indent=1) + "\n")
    described = {"format": FORMAT, "segmenter_config": asdict(network.config), "num_classes": network.num_classes}
    (folder / "config.json").write_text(json.dumps(described, indent=2) + "\n")
