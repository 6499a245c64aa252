"""COCO's instance JSON: every pixel counted by hand."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image
from tests.unit.data.importing.conftest import square

from ipose.data.importing.coco import CocoInstances, CocoPanoptic
from ipose.data.importing.source import Photos
from ipose.data.importing.write import paint, thing_ids
from ipose.errors import DataError

CATEGORIES = [
    {"id": 5, "name": "flower", "supercategory": "plant"},
    {"id": 9, "name": "petal", "supercategory": "flower"},
    {"id": 12, "name": "stem", "supercategory": "flower"},
    {"id": 20, "name": "box"},
]


def annotation(image, category, segmentation, **more):
    return {"image_id": image, "category_id": category, "segmentation": segmentation, **more}


def images(*numbers):
    return [
        {"id": i, "file_name": f"a{i}.jpg", "height": 16 if i == 2 else 20, "width": 24 if i == 2 else 30}
        for i in numbers
    ]


@pytest.fixture
def open_source(photos, write_json):
    def opened(annotations, numbers=(0,)):
        content = {"images": images(*numbers), "annotations": annotations, "categories": CATEGORIES}
        return CocoInstances(write_json(photos.parent / "x.json", content), Photos(photos.parent))

    return opened


def painted(source, number=0):
    item = source.items[number]
    return paint(source.regions(item), item.size, thing_ids(source.classes), source.ignored)


def test_classes_and_their_parts(open_source):
    source = open_source([annotation(0, 5, [square(2, 2, 4)])])
    assert [(c.name, c.file_id, c.parts) for c in source.classes] == [("flower", 1, ("petal", "stem")), ("box", 2, ())]


def test_small_objects_lie_on_large_ones_and_each_has_its_number(open_source):
    source = open_source([annotation(0, 20, [square(5, 5, 2)]), annotation(0, 5, [square(2, 2, 10)])])
    maps = painted(source)
    assert Counter(maps.label.ravel().tolist()) == {0: 500, 1: 96, 2: 4}
    assert Counter(maps.instance.ravel().tolist()) == {0: 500, 1001: 96, 2001: 4}


def test_parts_are_painted_on_their_objects_alone(open_source):
    part = [square(0, 2, 4)]  # half of it lies above the flower
    maps = painted(open_source([annotation(0, 9, part), annotation(0, 5, [square(2, 2, 10)])]))
    assert Counter(maps.part.ravel().tolist()) == {0: 592, 1: 8}
    assert maps.part[2:4, 2:6].all()


def test_run_lengths_and_several_polygons(open_source):
    runs = {"size": [20, 30], "counts": [0, 20, 580]}  # the first column
    maps = painted(open_source([annotation(0, 20, runs), annotation(0, 5, [square(2, 5, 3), square(10, 5, 3)])]))
    assert maps.label[:, 0].tolist() == [2] * 20
    assert np.count_nonzero(maps.instance == 1001) == 18


def test_a_crowd_is_its_class_but_no_object(open_source):
    source = open_source([annotation(0, 5, [square(2, 2, 4)], iscrowd=1)])
    maps = painted(source)
    assert set(np.unique(maps.instance)) == {0, 1}
    assert source.ignored["crowds: painted as their class, but no object"] == 1


def test_what_cannot_be_used_is_counted_and_the_rest_is_used(open_source):
    faulty = [
        annotation(0, 5, [square(2, 2, 4)]),
        annotation(0, 5, []),
        annotation(0, 99, [square(0, 0, 3)]),
        annotation(0, 5, [[1, 2, 3, 4]]),
    ]
    source = open_source(faulty, numbers=(0, 1, 7))
    maps = painted(source)
    assert np.count_nonzero(maps.label) == 16
    assert dict(source.ignored) == {
        "photographs without an annotation": 1,
        "images of the JSON that are not in the folder": 1,
        "annotations without a segmentation (boxes or points alone)": 1,
        "annotations of a category that the file does not list": 1,
        "annotations that cannot be read (not a polygon)": 1,
    }


def test_another_json_is_refused(photos, write_json):
    with pytest.raises(DataError, match=r"not COCO-style annotations.*expected lists images"):
        CocoInstances(write_json(photos / "x.json", {"things": []}), Photos(photos))


@pytest.fixture
def source(photos, write_json):
    pixels = np.zeros((20, 30, 3), np.uint8)
    pixels[:5] = (7, 1, 0)  # 263: sky
    pixels[10:14, 3:6] = (1, 0, 1)  # 65537: a car
    pixels[19, 29] = (9, 0, 0)  # nobody lists it
    folder = photos.parent / "panoptic"
    folder.mkdir()
    Image.fromarray(pixels).save(folder / "a0.png")
    segments = [{"id": 263, "category_id": 40}, {"id": 65537, "category_id": 3, "iscrowd": 0}]
    content = {
        "images": [{"id": 1, "file_name": "a0.jpg", "height": 20, "width": 30}],
        "annotations": [{"image_id": 1, "file_name": "a0.png", "segments_info": segments}],
        "categories": [
            {"id": 40, "name": "sky", "isthing": 0, "color": [1, 2, 250]},
            {"id": 3, "name": "car", "isthing": 1, "color": [200, 0, 0]},
        ],
    }
    return CocoPanoptic(write_json(photos.parent / "panoptic.json", content), Photos(photos))


def test_things_are_objects_and_stuff_is_not(source):
    item = source.items[0]
    maps = paint(source.regions(item), item.size, thing_ids(source.classes), source.ignored)
    assert [(c.name, c.file_id, c.color, c.thing) for c in source.classes] == [
        ("car", 1, (200, 0, 0), True),
        ("sky", 2, (1, 2, 250), False),
    ]
    assert (maps.label[:5] == 2).all()
    assert np.count_nonzero(maps.instance == 1001) == 12
    assert set(np.unique(maps.instance)) == {0, 1001}
    assert source.ignored["segments of a PNG that the JSON does not list"] == 1
