"""report.html of a part segmenter's run: its parts of generated images and of photographs."""

from collections.abc import Sequence
from typing import Any

from PIL import Image

from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, Section
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.systems.reporting import RunPage, config_of, settings_section
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

SHEET = "Images of the generator, the generator's masks, and the segmenter's parts. Then photographs, if they are here."
CURVES = (
    "Losses: half of cross-entropy and half of Dice. Each pair is used for one step only. Pairs: the share of pixels "
    "to which the segmenter gives the generator's part, on some fixed pairs that it is not trained on."
)


def page(run: Run) -> RunPage:
    """The last sheet, and how often the segmenter agrees with the generator."""
    records = read_metrics(run.metrics)
    sheets = sorted(run.samples.glob("step-*.png"))
    shown = [Figure([Tile(Image.open(sheets[-1]).convert("RGB"))], wide=True, caption=SHEET)] if sheets else []
    return RunPage(
        [Section("Generated pairs, and photographs", _agreement(records), shown)],
        settings_section(config_of(run, "segmenter", PartSegmenterConfig), PartSegmenterConfig()),
        lead=", without any annotation",
        curves=CURVES,
    )


def _agreement(records: Sequence[dict[str, Any]]) -> str:
    watched = [record["pairs"] for record in records if "pairs" in record]
    if not watched:
        return "No pairs were judged yet."
    right, commonest = watched[-1]["pixels"], watched[-1].get("commonest")
    text = f"It gives {100 * right:.1f} % of the pixels of generated pairs the generator's part."
    beside = "" if commonest is None else f" The commonest part everywhere would give {100 * commonest:.1f} %."
    return text + beside
