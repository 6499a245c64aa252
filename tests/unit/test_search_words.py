"""Words of the papers that people search for lead to the code: from a docstring and from the docs' index page."""

import re
from pathlib import Path

import pytest

import ipose.reference

ROOT = Path(__file__).parents[2]
WORDS = {
    "REMD": "losses/relaxed_emd",
    "PSM": "layers/psm_block",
    "AC": "evaluation/part_metrics",
    "SPD": "shapes/position_descriptor",
    "3D noise": "synthesis/scene_noise",
    "class-balanced loss": "losses/n_plus_one",
}
"""Each word, and the module that it is about."""


@pytest.mark.parametrize(("word", "module"), WORDS.items())
class TestSearchWords:
    """A search for the word finds the module."""

    def test_the_modules_own_docstring_has_it(self, word, module):
        text = (ROOT / "src" / "ipose" / f"{module}.py").read_text(encoding="utf-8")
        docstring = text.split('"""')[1]
        assert re.search(rf"\b{word}\b", docstring), f"{word} is not in the docstring of {module}"

    def test_the_index_page_leads_to_it(self, word, module):
        rows = [
            line for line in (ROOT / "docs" / "index.md").read_text(encoding="utf-8").splitlines() if module in line
        ]
        assert any(re.search(rf"\b{word}\b", row) for row in rows)


def test_the_reference_introduces_itself():
    """What it is, what it is for, how one calls it, and where to begin."""
    text = ipose.reference.__doc__
    for words in ("plainest form", "slow", "For tests", ">>> from ipose.reference.geometric_score", "Begin with"):
        assert words in text
