"""Masks: colours by a legend, ids as they are, objects where the tool draws them."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image

from ipose.data.importing.masks import LegendClass, Masks, read_legend
from ipose.data.importing.source import spec_of
from ipose.data.importing.write import paint, thing_ids
from ipose.errors import DataError

LEGEND = [LegendClass("background", (0, 0, 0), None), LegendClass("car", (128, 0, 0), None)]


def painted(source):
    item = source.items[0]
    return paint(source.regions(item), item.size, thing_ids(source.classes), source.ignored)


@pytest.fixture
def coloured(photos):
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[2:6, 2:6] = pixels[2:6, 6:9] = (128, 0, 0)
    pixels[0, 0] = (1, 1, 1)
    Image.fromarray(pixels).save(photos.parent / "m.png")
    objects = np.zeros((20, 30, 3), np.uint8)
    objects[2:6, 2:6], objects[2:6, 6:9] = (9, 0, 0), (0, 9, 0)
    Image.fromarray(objects).save(photos.parent / "o.png")
    return photos / "a0.jpg", photos.parent / "m.png", photos.parent / "o.png"


def test_colours_and_objects(coloured):
    source = Masks([coloured], LEGEND, None, Counter())
    maps = painted(source)
    assert [(c.name, c.file_id, c.color, c.thing) for c in source.classes] == [
        ("background", 0, (0, 0, 0), False),
        ("car", 1, (128, 0, 0), True),
    ]
    assert Counter(maps.instance.ravel().tolist()) == {0: 572, 1001: 12, 1002: 16}


def test_the_background_may_stand_anywhere_in_the_legend(coloured):
    source = Masks([coloured], LEGEND[::-1], None, Counter())
    assert [(c.name, c.file_id, c.thing) for c in source.classes] == [("background", 0, False), ("car", 1, True)]
    by_id = [LegendClass("car", None, 1), LegendClass("background", None, 3), LegendClass("unknown", None, 4)]
    ids = np.ones((20, 30), np.uint8)
    Image.fromarray(ids).save(coloured[1])
    classes = Masks([coloured], by_id, None, Counter()).classes
    assert [c.thing for c in classes] == [True, False, True]
    assert [c.name for c in spec_of("mine", classes).classes] == ["car", "background", "unknown", "not annotated"]


def test_colours_that_the_legend_does_not_name_are_unknown_and_counted(coloured):
    source = Masks([coloured], LEGEND, None, Counter())
    maps = painted(source)
    assert maps.label[0, 0] == 255
    assert sum(source.ignored.values()) == 1


def test_ids_are_kept(photos):
    ids = np.zeros((20, 30), np.uint8)
    ids[3:5, 3:5], ids[9, 9] = 7, 255
    Image.fromarray(ids).save(photos.parent / "m.png")
    source = Masks([(photos / "a0.jpg", photos.parent / "m.png", None)], [LegendClass("cat", None, 7)], None, Counter())
    assert [(c.name, c.file_id, c.thing) for c in source.classes] == [("class 0", 0, False), ("cat", 7, True)]
    assert Counter(painted(source).label.ravel().tolist()) == {0: 595, 7: 4, 255: 1}
    assert not source.has_instances


def test_things_are_those_that_are_named(coloured):
    assert not Masks([coloured], LEGEND, ["background"], Counter()).classes[1].thing
    with pytest.raises(DataError, match=r"\[things\] no such class: found dog, expected background, car"):
        Masks([coloured], LEGEND, ["dog"], Counter())


def test_colours_without_a_legend_are_refused(coloured):
    with pytest.raises(DataError, match=r"coloured masks.*Name a legend with --legend"):
        Masks([coloured], (), None, Counter())


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
    assert read_legend(tmp_path / "legend.txt") == [LegendClass(*entry)]


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
