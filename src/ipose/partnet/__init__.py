"""PartNet (iPOSE sec. 3.1): an object's parts from its shape and a few annotated supports of its category.

partnet      the network and its support memory     encoders     shapes and masks as tokens
scene_parts  the parts of whole scenes              objective    its losses and batches
presets      every variant on one page              pretrained   on disk
attention    which support pixels a query pixel read
stand_ins    what can take the place of predicted parts: true ones, position descriptors, nothing
"""

from typing import TYPE_CHECKING

from ipose.lazy import lazy_attributes

if TYPE_CHECKING:
    from ipose.partnet.attention import SupportAttention, support_attention
    from ipose.partnet.objective import PartBatch, PartNetObjective, PartPairSource, part_bce, part_cross_entropy
    from ipose.partnet.partnet import PartNet, PartPrediction, SupportMemory
    from ipose.partnet.presets import PRESETS, PartNetConfig, preset
    from ipose.partnet.pretrained import TrainedPartNet, load_partnet, save_partnet
    from ipose.partnet.scene_parts import SceneParts, infer_scene_parts, predict_objects, predict_part_maps
    from ipose.partnet.stand_ins import PositionParts, no_parts, true_parts

__all__ = [
    "PRESETS",
    "PartBatch",
    "PartNet",
    "PartNetConfig",
    "PartNetObjective",
    "PartPairSource",
    "PartPrediction",
    "PositionParts",
    "SceneParts",
    "SupportAttention",
    "SupportMemory",
    "TrainedPartNet",
    "infer_scene_parts",
    "load_partnet",
    "no_parts",
    "part_bce",
    "part_cross_entropy",
    "predict_objects",
    "predict_part_maps",
    "preset",
    "save_partnet",
    "support_attention",
    "true_parts",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "attention": ("SupportAttention", "support_attention"),
        "objective": ("PartBatch", "PartNetObjective", "PartPairSource", "part_bce", "part_cross_entropy"),
        "partnet": ("PartNet", "PartPrediction", "SupportMemory"),
        "presets": ("PRESETS", "PartNetConfig", "preset"),
        "pretrained": ("TrainedPartNet", "load_partnet", "save_partnet"),
        "scene_parts": ("SceneParts", "infer_scene_parts", "predict_objects", "predict_part_maps"),
        "stand_ins": ("PositionParts", "no_parts", "true_parts"),
    },
)
