"""report.html of a part segmenter's run: generated pairs beside its answers, eval cards, curves, settings."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from ipose.reports.blocks import config_table, curves_figure, environment_facts
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, ReportContent, Section, write_report
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

SHEET = (
    "Images of the generator, its masks of them, and what the segmenter answers; then photographs, where they are here."
)
CURVES = (
    "Losses: half of cross-entropy and half of Dice, on pairs that are drawn for one step alone. Pairs: the share of "
    "the pixels of some fixed pairs, none of them trained on, that the segmenter gives the generator's part."
)


def write_part_segmenter_report(run: Run, config: PartSegmenterConfig, files: Sequence[Section]) -> Path:
    """Write the page.

    Args:
        run: of `ipose train segmenter --pairs`.
        config: its settings.
        files: sections of what other commands left: eval cards.
    """
    records = read_metrics(run.metrics)
    sheets = sorted(run.samples.glob("step-*.png"))
    shown = [Figure([Tile(Image.open(sheets[-1]).convert("RGB"))], wide=True, caption=SHEET)] if sheets else []
    settings = config_table(asdict(config), asdict(PartSegmenterConfig()), title="")
    content = ReportContent(
        title="Part segmenter",
        lead=f"Trained {_progress(records)} on {run.info['data']}, without any annotation.",
        sections=[
            Section("Generated pairs, and photographs", _agreement(records), shown),
            *files,
            Section("Training", CURVES if records else "", [curves_figure(records)] if records else []),
            Section("Settings", "Beside the paper's.", [settings]),
        ],
        facts=environment_facts(str(run.info["command"])),
    )
    return write_report(run.report, content)


def _progress(records: Sequence[dict[str, Any]]) -> str:
    """Steps and minutes, by the last line of the log that says so."""
    timed = [record for record in records if "losses" in record]
    return f"{timed[-1]['step']} steps in {timed[-1]['seconds'] / 60:.1f} minutes" if timed else "0 steps"


def _agreement(records: Sequence[dict[str, Any]]) -> str:
    watched = [record["pairs"] for record in records if "pairs" in record]
    if not watched:
        return "No pairs were looked at yet."
    right, commonest = watched[-1]["pixels"], watched[-1].get("commonest")
    said = f"It gives {100 * right:.1f} % of the pixels of generated pairs the generator's part"
    return said + ("." if commonest is None else f"; the commonest part everywhere would be {100 * commonest:.1f} %.")
