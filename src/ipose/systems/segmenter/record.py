"""The semantic segmenter's record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ipose.segmentation.segmenter_config import FORMAT, SegmenterConfig
from ipose.systems.record import System

ROOM = "ipose.systems.segmenter"


def describe(config: Mapping[str, Any], folder: Path) -> list[str]:
    """The facts about a model folder, in words."""
    return [f"{config['segmenter_config']['architecture']}, {config['num_classes']} classes"]


SYSTEM = System(
    name="segmenter",
    formats=(FORMAT,),
    title="Segmenter",
    summary="Train a semantic segmenter on images and label maps, to judge images by: ipose evaluate --segmenter.",
    config=SegmenterConfig,
    training=f"{ROOM}.training:prepare",
    metrics={"miou": "higher", "accuracy": "higher"},
    loading="ipose.segmentation.saved:load_semantic_segmenter",
    describing=f"{ROOM}.record:describe",
    judging=f"{ROOM}.training:judge",
    judged_by={"photographs": ("data", "spec", "split", "limit")},
    finishing=f"{ROOM}.training:finish",
    next_step="Judge images by it: ipose evaluate RUN --segmenter {run}",
    instead="A segmenter judges the images of others: ipose evaluate RUN --segmenter SEGMENTER.",
)
