"""Sphinx extension of this project: pages made from modules, their tests, the table of equations and the floors.

reading     a module's public names, by its syntax tree          claims    a test file's claims, contracts included
docstrings  a docstring as Markdown                              results   what a JUnit file says of each claim
pages       the page of a module, and of a room                  equations  the page of docs/equations.toml
figures     pictures that the package itself makes               floors    the picture of the floors

Nothing here runs a test. The pages are written to docs/_generated before Sphinx reads its sources.
"""

import os
from pathlib import Path
from typing import Any

from ipose_site.equations import equations_page
from ipose_site.figures import draw_figures
from ipose_site.floors import FloorsDirective
from ipose_site.pages import write_if_new, write_pages
from ipose_site.results import read_results

ROOT = Path(__file__).parents[3]
"""Of the repository."""


def generate(app: Any) -> None:
    """Write the generated pages and pictures into docs/_generated."""
    folder = Path(app.srcdir) / "_generated"
    figures = draw_figures(folder / "figures")
    junit = os.environ.get("IPOSE_JUNIT", "")
    write_if_new(folder / "equations.md", equations_page(ROOT))
    write_pages(ROOT, folder, figures, read_results(Path(junit)) if junit else {})


def keep_spreads_whole(app: Any, page: str, source: list[str]) -> None:
    """A line may break before "± 0.4", not within it."""
    source[0] = source[0].replace(" ± ", " ±\u00a0")


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_directive("floors", FloorsDirective)
    app.connect("builder-inited", generate)
    app.connect("source-read", keep_spreads_whole)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
