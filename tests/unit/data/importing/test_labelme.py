"""LabelMe: a JSON a photograph; "flower/petal" is a part."""

import numpy as np
import pytest

from ipose.data.importing.labelme import LabelMe
from ipose.data.importing.source import Photos
from ipose.data.importing.write import paint, thing_ids


@pytest.fixture
def source(photos, write_json):
    shapes = [
        {"label": "flower/petal", "points": [[2, 2], [5, 2], [5, 9], [2, 9]], "shape_type": "polygon"},
        {"label": "flower", "points": [[2, 2], [9, 9]], "shape_type": "rectangle"},
        {"label": "sun", "points": [[20, 5], [23, 5]], "shape_type": "circle"},
        {"label": "tip", "points": [[1, 1]], "shape_type": "point"},
        {"label": "flower", "points": [[1, 1], [2, 2]]},
    ]
    first = write_json(photos / "a0.json", {"imagePath": "..\\shots\\a0.jpg", "shapes": shapes})
    second = write_json(photos / "a2.json", {"imagePath": "gone.jpg", "shapes": shapes[:2]})
    return LabelMe([first, second], Photos(photos))


def test_polygons_rectangles_and_circles_become_objects_with_parts(source):
    item = source.items[0]
    maps = paint(source.regions(item), item.size, thing_ids(source.classes), source.ignored)
    assert [(c.name, c.parts) for c in source.classes] == [("flower", ("petal",)), ("sun", ())]
    assert np.count_nonzero(maps.label == 1) == 64
    assert np.count_nonzero(maps.part == 1) == 32
    assert abs(np.count_nonzero(maps.label == 2) - np.pi * 9) < 12
    assert set(np.unique(maps.instance)) == {0, 1001, 2001}


def test_a_photograph_is_found_by_its_name_where_the_path_leads_nowhere(source):
    assert [item.photo.name for item in source.items] == ["a0.jpg", "a2.jpg"]
    assert source.items[1].size == (16, 24)


def test_what_has_no_area_is_counted(source):
    assert source.ignored == {"shapes of type point, which have no area": 1, "shapes with too few points": 1}
