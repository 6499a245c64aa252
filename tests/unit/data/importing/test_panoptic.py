"""COCO's panoptic form: PNG colours are segment numbers, red + 256 green + 65536 blue."""

import numpy as np
import pytest
from PIL import Image

from ipose.data.importing.paint import paint, thing_ids
from ipose.data.importing.panoptic import CocoPanoptic
from ipose.data.importing.photos import Photos


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
