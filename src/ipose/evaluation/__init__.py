"""Judging and looking: part metrics and baselines, sheets, curves, the report page.

    part_metrics      AC, object-pixel accuracy, part mIoU, by category and basis / novel
    baselines         copy and majority
    part_evaluation   a part predictor beside both
    frechet, kid      distances of feature sets            feature_networks  the features, by name and hash
    semantic_metrics  mIoU and pixel accuracy              segmenters        anybody's, as a file
    diversity, lpips  between seeds                        image_sets        images of folders or data, by name
    protocols         what is compared, at what size       eval_card         a number with all it depends on
    part_cards        the parts' cards                     control           change inside and outside of an edit
    card_plot         cards as bars
    figures           maps and images as pictures          palette        their colours
    sheets            scenes, supports, parts on one page  contact_sheet  its layout
    training_curves   losses over the steps
    report            the self-contained HTML page         report_blocks  its ready-made blocks
    report_parts      ... on parts: mistakes, attention    report_cards   ... of eval cards and tables
    attention_view    what a query pixel read

Names are looked up on first use, so that the metrics do not wait for matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipose.evaluation.attention_view import attention_sheet
    from ipose.evaluation.baselines import copy_baseline, majority_baseline
    from ipose.evaluation.control import EditedPair, control_cards, region_distance, region_l1
    from ipose.evaluation.diversity import feature_diversity
    from ipose.evaluation.eval_card import EvalCard, compare_cards, read_cards
    from ipose.evaluation.feature_networks import FeatureNetwork, load_features
    from ipose.evaluation.figures import instance_picture, label_picture, part_overlay, part_picture, photo
    from ipose.evaluation.frechet import frechet_distance, gaussian_frechet_distance
    from ipose.evaluation.kid import kernel_distance
    from ipose.evaluation.part_evaluation import PartEvaluation, evaluate_parts
    from ipose.evaluation.part_metrics import (
        PartScore,
        PartScores,
        object_pixel_accuracy,
        part_accuracy,
        part_confusion,
        part_miou,
        score_parts,
    )
    from ipose.evaluation.protocols import EvaluationProtocol, protocol_named
    from ipose.evaluation.report import Code, Figure, ReportContent, Section, Table, write_report
    from ipose.evaluation.semantic_metrics import semantic_confusion, semantic_scores
    from ipose.evaluation.sheets import SceneRow, overlay_sheet, parts_sheet, scene_sheet, supports_sheet
    from ipose.evaluation.training_curves import curves

_HOME = {
    "attention_view": ("attention_sheet",),
    "baselines": ("copy_baseline", "majority_baseline"),
    "training_curves": ("curves",),
    "control": ("EditedPair", "control_cards", "region_distance", "region_l1"),
    "diversity": ("feature_diversity",),
    "eval_card": ("EvalCard", "compare_cards", "read_cards"),
    "feature_networks": ("FeatureNetwork", "load_features"),
    "frechet": ("frechet_distance", "gaussian_frechet_distance"),
    "kid": ("kernel_distance",),
    "protocols": ("EvaluationProtocol", "protocol_named"),
    "semantic_metrics": ("semantic_confusion", "semantic_scores"),
    "figures": ("instance_picture", "label_picture", "part_overlay", "part_picture", "photo"),
    "part_evaluation": ("PartEvaluation", "evaluate_parts"),
    "part_metrics": (
        *("PartScore", "PartScores", "object_pixel_accuracy", "part_accuracy"),
        *("part_confusion", "part_miou", "score_parts"),
    ),
    "report": ("Code", "Figure", "ReportContent", "Section", "Table", "write_report"),
    "sheets": ("SceneRow", "overlay_sheet", "parts_sheet", "scene_sheet", "supports_sheet"),
}

__all__ = [
    "Code",
    "EditedPair",
    "EvalCard",
    "EvaluationProtocol",
    "FeatureNetwork",
    "Figure",
    "PartEvaluation",
    "PartScore",
    "PartScores",
    "ReportContent",
    "SceneRow",
    "Section",
    "Table",
    "attention_sheet",
    "compare_cards",
    "control_cards",
    "copy_baseline",
    "curves",
    "evaluate_parts",
    "feature_diversity",
    "frechet_distance",
    "gaussian_frechet_distance",
    "instance_picture",
    "kernel_distance",
    "label_picture",
    "load_features",
    "majority_baseline",
    "object_pixel_accuracy",
    "overlay_sheet",
    "part_accuracy",
    "part_confusion",
    "part_miou",
    "part_overlay",
    "part_picture",
    "parts_sheet",
    "photo",
    "protocol_named",
    "read_cards",
    "region_distance",
    "region_l1",
    "scene_sheet",
    "score_parts",
    "semantic_confusion",
    "semantic_scores",
    "supports_sheet",
    "write_report",
]


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
