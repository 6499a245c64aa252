"""The site: Markdown pages of this folder, and pages that are made from the code and its tests (see _ext)."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "ipose"
copyright = "the ipose authors, Apache-2.0"
release = installed_version("ipose")

extensions = ["myst_parser", "ipose_site"]
exclude_patterns = ["_build", "_ext"]
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = "ipose"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": False}
