"""Maps that a user hands to a trained model."""

import pytest
import torch

from ipose.data.input_maps import find_maps, read_map, read_silhouette
from ipose.data.png import write_index
from ipose.errors import DataError
from ipose.testing.tiny_scenes import BOX, CAR, SPEC

SKY_ID, CAR_ID, BOX_ID = 2, 7, 11
"""File ids of the tiny spec."""


@pytest.fixture
def street(tmp_path):
    """Sky with two cars and a box, 32x48, as a label map of file ids."""
    ids = torch.full((32, 48), SKY_ID, dtype=torch.uint8)
    ids[4:12, 4:14] = ids[4:12, 30:40] = CAR_ID
    ids[20:30, 10:20] = BOX_ID
    path = tmp_path / "maps" / "street.png"
    path.parent.mkdir()
    write_index(path, ids)
    return path


class TestFindMaps:
    """A PNG, or all of a folder."""

    def test_a_file_is_itself(self, street):
        assert find_maps(street) == [street]

    def test_a_folder_gives_its_pngs_by_name(self, street):
        other = street.with_name("alley.png")
        write_index(other, torch.zeros(8, 8, dtype=torch.uint8))
        street.with_name("notes.txt").touch()
        assert find_maps(street.parent) == [other, street]

    def test_nothing_there_and_nothing_inside_are_told_apart(self, tmp_path):
        with pytest.raises(DataError, match="no such file or folder"):
            find_maps(tmp_path / "nowhere")
        with pytest.raises(DataError, match="no map in this folder: found an empty folder"):
            find_maps(tmp_path)
        (tmp_path / "photo.jpg").touch()
        with pytest.raises(DataError, match=r"found photo\.jpg, expected PNG files"):
            find_maps(tmp_path)


class TestReadMap:
    """A scene without a photograph."""

    def test_ids_become_classes_and_connected_pieces_become_objects(self, street):
        scene = read_map(street, SPEC)
        assert (scene.name, scene.image, scene.size) == ("street", None, (32, 48))
        assert sorted(item.class_id for item in scene.objects) == [CAR, CAR, BOX]
        assert int(scene.label[4, 4]) == CAR

    def test_an_instance_map_says_what_belongs_together(self, street, tmp_path):
        one = torch.zeros(32, 48, dtype=torch.uint8)
        write_index(tmp_path / "street.png", one + 1)
        for where in (tmp_path / "street.png", tmp_path):
            scene = read_map(street, SPEC, instances=where)
            assert sorted(item.class_id for item in scene.objects) == [CAR, BOX]

    def test_another_size_is_reached_by_nearest_and_the_old_one_remembered(self, street):
        scene = read_map(street, SPEC, size=(64, 64))
        assert scene.size == (64, 64)
        assert set(scene.label.unique().tolist()) == set(read_map(street, SPEC).label.unique().tolist())
        assert {item.original_size for item in scene.objects} == {(32, 48)}

    def test_faults_name_the_file(self, street, tmp_path):
        with pytest.raises(DataError, match=r"nowhere\.png: no such instance map: expected the partner of street\.png"):
            read_map(street, SPEC, instances=tmp_path / "nowhere.png")
        write_index(street, torch.full((32, 48), 99, dtype=torch.uint8))
        with pytest.raises(DataError, match=r"street.png: label id outside spec 'tiny': found 99"):
            read_map(street, SPEC)


class TestReadSilhouette:
    """White (or anything) on black."""

    @pytest.mark.parametrize("value", [1, 255])
    def test_the_object_is_where_it_is_not_0(self, tmp_path, value):
        ids = torch.zeros(20, 30, dtype=torch.uint8)
        ids[3:9, 5:20] = value
        write_index(tmp_path / "shape.png", ids)
        assert torch.equal(read_silhouette(tmp_path / "shape.png"), ids > 0)

    def test_an_empty_canvas_is_refused(self, tmp_path):
        write_index(tmp_path / "blank.png", torch.zeros(8, 8, dtype=torch.uint8))
        with pytest.raises(DataError, match=r"blank.png: nothing drawn here"):
            read_silhouette(tmp_path / "blank.png")
