"""Which tool wrote a folder: told by what is in it."""

import numpy as np
import pytest
from PIL import Image
from tests.unit.data.importing.conftest import square
from tests.unit.data.importing.test_coco import CATEGORIES, annotation, images

from ipose.data.importing.recognise import export_in_words, open_import_source
from ipose.errors import DataError
from ipose.testing.tiny_scenes import write_scenes


def mask(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.eye(20, 30, dtype=np.uint8)).save(file)


def test_a_coco_json_in_a_folder(photos, write_json):
    content = {"images": images(0), "annotations": [annotation(0, 5, [square(1, 1, 4)])], "categories": CATEGORIES}
    write_json(photos.parent / "result.json", content)
    assert open_import_source(photos.parent).kind == "COCO JSON"


def test_labelme_files_beside_photographs(photos, write_json):
    write_json(
        photos / "a0.json", {"imagePath": "a0.jpg", "shapes": [{"label": "x", "points": [[1, 1], [5, 1], [5, 5]]}]}
    )
    assert open_import_source(photos.parent).kind == "LabelMe JSON"


@pytest.mark.parametrize("where", ["shots/a0.png", "shots/a0_mask.png", "masks/a0.png", "SegmentationClass/a0.png"])
def test_masks_beside_photographs_or_in_a_folder_of_their_own(photos, where):
    mask(photos.parent / where)
    source = open_import_source(photos.parent)
    assert (source.kind, [item.photo.name for item in source.items]) == ("masks", ["a0.jpg"])
    assert source.ignored["photographs without a mask"] == 2


def test_folders_may_be_named(photos, tmp_path):
    mask(tmp_path / "elsewhere" / "a1.png")
    source = open_import_source(photos.parent, images=photos, masks=tmp_path / "elsewhere")
    assert [item.photo.name for item in source.items] == ["a1.jpg"]


def test_nothing_to_import_says_what_can_be(photos):
    with pytest.raises(DataError, match="nothing to import: found 0 masks, no pair, expected a COCO or LabelMe JSON"):
        open_import_source(photos)


class TestWhatTheDoctorSays:
    """An export is no data set yet: the doctor names it, and the next command."""

    def test_masks_beside_photographs(self, photos):
        mask(photos / "a0.png")
        mask(photos / "a1.png")
        said = export_in_words(photos)
        assert "2 photographs with annotations (masks)" in said
        assert said.endswith(f"Next: ipose data import {photos} OUT")

    def test_a_json_alone(self, photos, write_json):
        content = {"images": images(0), "annotations": [annotation(0, 5, [square(1, 1, 4)])], "categories": CATEGORIES}
        file = write_json(photos.parent / "result.json", content)
        assert "1 photographs with annotations (COCO JSON)" in export_in_words(file)

    def test_coloured_masks_are_one_sentence(self, photos):
        Image.new("RGB", (30, 20)).save(photos / "a0.png")
        said = export_in_words(photos)
        assert said.count("\n") == 1
        assert "Name a legend with --legend" in said

    def test_data_sets_and_photographs_are_no_exports(self, photos, tmp_path):
        write_scenes(tmp_path / "scenes")
        for folder in (photos, tmp_path / "scenes", tmp_path / "nowhere"):
            assert export_in_words(folder) == ""


def test_several_jsons_are_told(photos, write_json):
    for name in ("train.json", "val.json"):
        write_json(photos.parent / name, {"images": [], "annotations": [], "categories": []})
    with pytest.raises(DataError, match=r"several JSONs: found train.json, val.json. Name the one to import"):
        open_import_source(photos.parent)
