"""The record of the part segmenter, GANSeg's second stage."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipose.segmentation.part_segmenter_config import FORMAT, PartSegmenterConfig
from ipose.systems.record import Released, System, TrainOptions

ROOM = "ipose.systems.part_segmenter"


@dataclass(frozen=True, kw_only=True)
class PartSegmenterOptions(TrainOptions):
    """What `ipose train part-segmenter` takes more."""

    pairs: Path
    """GANSeg run (or its model folder) whose generator draws the pairs."""
    backbone: Path | None = None
    """Local file of ImageNet weights for the backbone: https://download.pytorch.org/models/resnet50-0676ba61.pth for
    deeplabv3_resnet50. None = random weights."""


def describe(config: Mapping[str, Any], folder: Path) -> list[str]:
    """What a model folder holds, in words."""
    return [f"{config['network']}, {config['parts']} parts, images of {config['image_size']}"]


SYSTEM = System(
    name="part-segmenter",
    formats=(FORMAT,),
    title="Part segmenter",
    summary="Train GANSeg's second stage: a segmenter on pairs that a GANSeg run generates, to be used on photographs.",
    config=PartSegmenterConfig,
    config_key="segmenter",
    data=None,
    train_options=PartSegmenterOptions,
    training=f"{ROOM}.training:prepare",
    metrics={"pixels": "higher"},
    loading="ipose.segmentation.saved_part_segmenter:load_part_segmenter",
    describing=f"{ROOM}.record:describe",
    judging=f"{ROOM}.segment:judge",
    judged_by={"photographs": ("data", "spec", "limit")},
    page=f"{ROOM}.training:page",
    released={"GANSeg segmenter": Released(making="ipose.systems.ganseg.release:segmenter_from_release")},
    to_release="ipose.systems.ganseg.release:segmenter_to_release",
    next_step="See parts of photographs: ipose segment IMAGES --model {run}",
    instead="A part segmenter makes no images: see parts of photographs with ipose segment, or name its GANSeg run.",
)
