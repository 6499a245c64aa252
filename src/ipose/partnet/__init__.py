"""PartNet (iPOSE sec. 3.1): an object's parts from its shape and a few annotated supports of its category."""

from ipose.partnet.objective import PartBatch, PartNetObjective, PartPairSource, part_bce, part_cross_entropy
from ipose.partnet.partnet import PartNet, PartPrediction, SupportMemory
from ipose.partnet.presets import PRESETS, PartNetConfig, preset
from ipose.partnet.scene_parts import SceneParts, infer_scene_parts, predict_objects, predict_part_maps

__all__ = [
    "PRESETS",
    "PartBatch",
    "PartNet",
    "PartNetConfig",
    "PartNetObjective",
    "PartPairSource",
    "PartPrediction",
    "SceneParts",
    "SupportMemory",
    "infer_scene_parts",
    "part_bce",
    "part_cross_entropy",
    "predict_objects",
    "predict_part_maps",
    "preset",
]
