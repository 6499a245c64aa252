"""Legends in the forms that tools and people write."""

import pytest

from ipose.data.importing.legend import LegendEntry, read_legend
from ipose.errors import DataError


@pytest.mark.parametrize(
    ("line", "entry"),
    [
        ("car 128 0 0", ("car", (128, 0, 0), None)),
        ("traffic light,1,2,3", ("traffic light", (1, 2, 3), None)),
        ("128 0 0 car", ("car", (128, 0, 0), None)),
        ("#800000 car", ("car", (128, 0, 0), None)),
        ("car: #0a0B0c", ("car", (10, 11, 12), None)),
        ("car:128,0,0::", ("car", (128, 0, 0), None)),
        ("7: traffic light", ("traffic light", None, 7)),
        ("7 car", ("car", None, 7)),
    ],
)
def test_each_form(tmp_path, line, entry):
    (tmp_path / "legend.txt").write_text(f"# label:color_rgb:parts:actions\n\n{line}\n", encoding="utf-8-sig")
    assert read_legend(tmp_path / "legend.txt") == [LegendEntry(*entry)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("car", "a line of a legend that says nothing: found 'car'"),
        ("car 1 2 3\ncar 2 2 2", "a name twice: found car"),
        ("car 1 2 3\nbus 1 2 3", "a color twice"),
        ("car 1 2 3\n7 bus", "not a legend"),
        ("", "not a legend"),
    ],
)
def test_what_is_no_legend(tmp_path, text, words):
    (tmp_path / "legend.txt").write_text(text)
    with pytest.raises(DataError, match=words):
        read_legend(tmp_path / "legend.txt")
