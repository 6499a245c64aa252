"""The record: all that `ipose` knows of this system. Functions are named, not imported: --help needs no torch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ipose.systems.record import IMAGE_OPTIONS, System
from safm_toy.config import PRESETS, SafmConfig, preset


def describe(config: Mapping[str, Any], folder: Path) -> list[str]:
    """What a model folder holds, for `ipose info`."""
    settings = config["safm"]
    return [f"{settings['num_classes']} classes, images of {settings['height']}x{settings['width']}"]


SYSTEM = System(
    name="safm",
    title="SAFM (toy)",
    summary="Train a small generator that knows where each pixel lies in its object's outline (after SAFM, CVPR 2022).",
    config=SafmConfig,
    preset=preset,
    presets=tuple(PRESETS),
    training="safm_toy.training:prepare",
    loading="safm_toy.model:Safm.from_pretrained",
    describing="safm_toy.record:describe",
    making="ipose.systems.scene_models:make",
    judging="ipose.systems.image_judging:judge",
    judged_by={"images": IMAGE_OPTIONS},
    page="safm_toy.page:page",
    next_step="Make images: ipose generate MAP.png --model {run}",
)
