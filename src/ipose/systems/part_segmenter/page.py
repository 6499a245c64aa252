"""report.html of a part segmenter's run: generated pairs beside its answers, and photographs."""

from collections.abc import Sequence
from typing import Any

from PIL import Image

from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, Section
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.systems.reporting import RunPage, config_of, settings_section
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

SHEET = (
    "Images of the generator, its masks of them, and what the segmenter answers; then photographs, where they are here."
)
CURVES = (
    "Losses: half of cross-entropy and half of Dice, on pairs that are drawn for one step alone. Pairs: the share of "
    "the pixels of some fixed pairs, none of them trained on, that the segmenter gives the generator's part."
)


def page(run: Run) -> RunPage:
    """The last sheet, and the agreement with the generator."""
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
        return "No pairs were looked at yet."
    right, commonest = watched[-1]["pixels"], watched[-1].get("commonest")
    said = f"It gives {100 * right:.1f} % of the pixels of generated pairs the generator's part"
    return said + ("." if commonest is None else f"; the commonest part everywhere would be {100 * commonest:.1f} %.")
