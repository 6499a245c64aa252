"""report.html of a GANSeg run: generated images, and whether the parts are in use."""

from ipose.ganseg.presets import GANSegConfig
from ipose.ganseg.pretrained import load_ganseg
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, Section, Table
from ipose.systems.ganseg.training import sample_sheet, usage_of
from ipose.systems.reporting import RunPage, config_of, settings_section
from ipose.training.run import Run

SHOWN = 8


def page(run: Run) -> RunPage:
    """Generated images with their points and masks, and how much each part covers."""
    generator = load_ganseg(run.folder)
    usage = usage_of(generator)
    rows = [(k + 1, f"{100 * share:.2f}") for k, share in enumerate(usage.coverage.tolist())]
    facts = f"Entropy {usage.entropy:.2f} (1 = all parts alike), motion of the centres {usage.motion:.3f}."
    sections = [
        Section(
            "What it generates",
            "Points say where parts are; masks follow the points; foreground and background are painted apart.",
            [Figure([Tile(sample_sheet(generator, range(SHOWN)))], wide=True)],
        ),
        Section(
            "The parts",
            " ".join([facts, *(f"Warning: {warning}." for warning in usage.warnings())]),
            [Table(("part", "% of all pixels"), rows)],
        ),
    ]
    settings = settings_section(
        config_of(run, "ganseg", GANSegConfig), GANSegConfig(), title="Settings beside those of CelebA in the wild"
    )
    return RunPage(sections, settings, lead=", without any annotation")
