"""Judging and looking: part metrics and baselines, sheets, curves, the report page.

    part_metrics      AC, object-pixel accuracy, part mIoU, by category and basis / novel
    baselines         copy and majority
    part_evaluation   a part predictor beside both
    figures           maps and images as pictures          palette        their colours
    sheets            scenes, supports, parts on one page  contact_sheet  its layout
    training_curves   losses over the steps
    report            the self-contained HTML page         report_blocks  its ready-made blocks

Names are looked up on first use, so that the metrics do not wait for matplotlib.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipose.evaluation.baselines import copy_baseline, majority_baseline
    from ipose.evaluation.figures import instance_picture, label_picture, part_overlay, part_picture, photo
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
    from ipose.evaluation.report import Code, Figure, ReportContent, Section, Table, write_report
    from ipose.evaluation.sheets import SceneRow, overlay_sheet, parts_sheet, scene_sheet, supports_sheet
    from ipose.evaluation.training_curves import curves

_HOME = {
    "baselines": ("copy_baseline", "majority_baseline"),
    "training_curves": ("curves",),
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
    "Figure",
    "PartEvaluation",
    "PartScore",
    "PartScores",
    "ReportContent",
    "SceneRow",
    "Section",
    "Table",
    "copy_baseline",
    "curves",
    "evaluate_parts",
    "instance_picture",
    "label_picture",
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
    "scene_sheet",
    "score_parts",
    "supports_sheet",
    "write_report",
]


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
