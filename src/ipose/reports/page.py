"""One self-contained HTML page: what was done, how, and what came out.

The page has no script and refers to nothing outside itself: pictures are inlined as base64 PNG at their own size and
scaled by the browser (small ones pixel-sharp). The caller assembles the content from `Section`, `Table` and `Figure`;
`report_blocks` has ready-made ones. Nothing here knows a network.
"""

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from PIL import Image

from ipose.errors import ConfigError
from ipose.reports.contact_sheet import LegendEntry, Tile
from ipose.whole_files import write_text_whole

_NUMBER = r"[\d.,]*\d(e[+-]\d+)?( ?%)?"
_CELL = re.compile(rf"-?|[+±-]? ?{_NUMBER}( ± {_NUMBER})?")


@dataclass(frozen=True)
class Table:
    """A table of text or numbers.

    Args:
        rows: each as long as the header. Columns of numbers are aligned to the right.
        strong: indices of rows in bold, such as means.
        shades: darkness of each cell, 0..1; None or missing = no shade.
    Raises:
        ConfigError: a row is longer or shorter than the header.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str | int | float]]
    title: str = ""
    caption: str = ""
    strong: Sequence[int] = ()
    shades: Sequence[Sequence[float | None]] = ()
    kind: str = field(default="table", init=False)

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.header):
                raise ConfigError(
                    f"a row of table {self.title!r} does not fit its header", found=len(row), expected=len(self.header)
                )

    def shade(self, row: int, column: int) -> float:
        """Darkness of a cell, 0..1."""
        shades = self.shades[row] if row < len(self.shades) else ()
        return (shades[column] or 0.0) if column < len(shades) else 0.0

    @property
    def numeric(self) -> list[bool]:
        """For each column, whether all cells are numbers, with their spread or without, "-" or empty."""
        return [all(_looks_numeric(str(row[i])) for row in self.rows) for i in range(len(self.header))]


@dataclass(frozen=True)
class Figure:
    """Pictures side by side.

    Args:
        tiles: pictures with captions. Empty tiles are left out.
        legends: colours and their meanings, by heading; "" = no heading.
        wide: one smoothed picture over the full width, for curves and whole sheets. False = small pixel-sharp pictures.
        columns: tiles in a row; 0 = as many as fit on the page.
    """

    tiles: Sequence[Tile]
    title: str = ""
    caption: str = ""
    legends: Mapping[str, Sequence[LegendEntry]] = field(default_factory=dict)
    wide: bool = False
    columns: int = 0
    kind: str = field(default="figure", init=False)


@dataclass(frozen=True)
class Code:
    """Preformatted text: a command, a log."""

    text: str
    title: str = ""
    kind: str = field(default="code", init=False)


@dataclass(frozen=True)
class Section:
    """A section of the page.

    Args:
        blocks: below the text.
        shown: number of open blocks; the others are folded. None = all are open.
        rest: text of the line that unfolds the others.
    """

    title: str
    text: str = ""
    blocks: Sequence[Table | Figure | Code] = ()
    shown: int | None = None
    rest: str = "more"

    @property
    def paragraphs(self) -> list[str]:
        """The paragraphs of the text."""
        return [part.strip() for part in self.text.split("\n\n") if part.strip()]


@dataclass(frozen=True)
class ReportContent:
    """A whole page.

    Args:
        facts: (what, value) pairs for the foot: versions, machine, date.
    """

    title: str
    lead: str
    sections: Sequence[Section]
    facts: Sequence[tuple[str, str]] = ()


def data_uri(picture: Image.Image) -> str:
    """A picture as a data URI with a lossless PNG."""
    out = io.BytesIO()
    picture.convert("RGB").save(out, format="PNG")
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def render_report(content: ReportContent) -> str:
    """The page as HTML. All text of the content is escaped."""
    return _template().render(content=content)


def write_report(path: str | Path, content: ReportContent) -> Path:
    """Write the page. An older one is replaced at once, so nobody reads half a page.

    Raises:
        ConfigError: the folder of `path` does not exist.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise ConfigError("no folder to write the report into", file=path.parent, mend="Make it first.")
    write_text_whole(path, render_report(content))
    return path


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("ipose.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["data_uri"] = data_uri
    environment.filters["unbroken"] = lambda cell: str(cell).replace(" ", "\u00a0").replace("\u00a0±", " ±")
    environment.filters["css_color"] = lambda color: "#{:02x}{:02x}{:02x}".format(*color)
    return environment.get_template("report.html.jinja")


def _looks_numeric(text: str) -> bool:
    """Whether a cell is a number, such as "93.10", "-", "81 %", "1,024", "2.7e-06" or "85.2 ± 0.4"."""
    return _CELL.fullmatch(text.strip()) is not None
