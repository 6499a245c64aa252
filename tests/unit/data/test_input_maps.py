"""Maps that a user hands to a trained model."""

import pytest
import torch

from helpers.published_scenes import write_ade20k, write_cityscapes, write_coco_stuff
from ipose.data.input_maps import find_inputs, find_maps, read_inputs, read_map, read_silhouette, tell_of_squeezing
from ipose.data.png import write_index
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import load_spec
from ipose.errors import ConfigError, DataError, SpecError
from ipose.testing.tiny_scenes import BOX, CAR, SPEC, write_scenes

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


PUBLISHED = {"cityscapes": write_cityscapes, "ade20k": write_ade20k, "coco-stuff": write_coco_stuff}


class TestFindInputs:
    """A label map, a folder of them, or a data set as downloaded: with its own instance maps and without other PNGs."""

    def scenes(self, path, spec, **given):
        return [scene for _, scene in read_inputs(find_inputs(path, spec, **given), spec)]

    @pytest.mark.parametrize("name", PUBLISHED)
    @pytest.mark.parametrize("split", ["train", "val", None])
    def test_a_published_data_set_gives_the_scenes_of_the_split_with_its_objects(self, tmp_path, name, split):
        drawn = PUBLISHED[name](tmp_path)[split or "val"]
        spec = load_spec(name)
        found = self.scenes(tmp_path, spec, split=split)
        assert [scene.name for scene in found] == [scene.name for scene in drawn]
        whole = SceneFolder(tmp_path, split or "val", spec)
        for scene, same in zip(found, whole, strict=True):
            assert scene.image is None
            assert scene.objects == same.objects
            assert torch.equal(scene.label, same.label)
            assert torch.equal(scene.instance, same.instance)

    @pytest.mark.parametrize(
        ("place", "count"),
        [("gtFine", 1), ("gtFine/train", 3), ("gtFine/train/aachen", 2), ("gtFine/val/frankfurt", 1)],
    )
    def test_a_folder_within_it_gives_the_scenes_in_there(self, tmp_path, place, count):
        write_cityscapes(tmp_path)
        found = self.scenes(tmp_path / place, load_spec("cityscapes"))
        assert len(found) == count
        assert all(any(item.instance_id >= 24000 for item in scene.objects) for scene in found)

    def test_a_single_map_within_it_has_its_published_instances(self, tmp_path):
        write_ade20k(tmp_path)
        path = tmp_path / "annotations" / "validation" / "ADE_val_00000001.png"
        spec, instances = load_spec("ade20k"), tmp_path / "annotations_instance" / "validation"
        alone, named = (self.scenes(path, spec, instances=place)[0] for place in (None, instances))
        assert alone.objects == named.objects == SceneFolder(tmp_path, "val", spec)[0].objects

    def test_instance_maps_of_ones_own_replace_the_published_ones(self, tmp_path):
        scene = write_ade20k(tmp_path)["val"][0]
        own = tmp_path / "mine" / f"{scene.name}.png"
        own.parent.mkdir()
        write_index(own, torch.ones(scene.label.shape, dtype=torch.uint8))
        (found,) = self.scenes(tmp_path, load_spec("ade20k"), instances=own.parent)
        assert {item.instance_id for item in found.objects} == {1}

    def test_a_scene_folder_with_parts_gives_them_too(self, tmp_path):
        write_scenes(tmp_path, "val", 2)
        assert all(scene.part is not None for scene in self.scenes(tmp_path, SPEC))
        assert all(scene.part is None for scene in self.scenes(tmp_path / "val_label", SPEC))

    def test_data_of_other_classes_are_refused(self, tmp_path):
        write_cityscapes(tmp_path)
        for place in (tmp_path, tmp_path / "gtFine" / "val"):
            with pytest.raises(SpecError, match="of other classes than the model: found 35 classes"):
                find_inputs(place, load_spec("ade20k"))

    def test_what_is_wrong_is_told_apart(self, street, tmp_path):
        with pytest.raises(ConfigError, match=r"\[split\] only a data set has splits"):
            find_inputs(street, SPEC, split="val")
        write_cityscapes(tmp_path / "data" / "set")
        with pytest.raises(ConfigError, match=r"\[split\] no such split: found test, expected train, val"):
            find_inputs(tmp_path / "data" / "set", load_spec("cityscapes"), split="test")
        with pytest.raises(DataError, match=r"Name .*set, which holds Cityscapes"):
            find_inputs(tmp_path / "data", load_spec("cityscapes"))
        next((tmp_path / "data" / "set").glob("gtFine/val/*/*_instanceIds.png")).unlink()
        with pytest.raises(DataError, match="missing partner"):
            find_inputs(tmp_path / "data" / "set", load_spec("cityscapes"))


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

    def test_a_greyscale_photograph_is_told_from_a_map_with_wrong_ids(self, street):
        rows, columns = torch.meshgrid(torch.arange(48), torch.arange(64), indexing="ij")
        write_index(street, (3 * columns + rows + rows * columns % 7).to(torch.uint8))
        words = r"street.png: this looks like a greyscale photograph.*: found \d+ grey values.* Name the label map"
        with pytest.raises(DataError, match=words):
            read_map(street, SPEC)
        write_index(street, (100 + rows).to(torch.uint8))  # many ids, in regions
        with pytest.raises(DataError, match=r"label id outside spec 'tiny': found 100 \(64 pixels\)"):
            read_map(street, SPEC)


class TestReadInputs:
    """read_inputs reads scene after scene, and says once that maps are squeezed."""

    def said(self, street, size, capsys):
        write_index(street.with_name("tall.png"), torch.full((64, 16), SKY_ID, dtype=torch.uint8))
        scenes = [scene for _, scene in read_inputs(find_inputs(street.parent, SPEC), SPEC, size)]
        assert len(scenes) == 2
        return capsys.readouterr().err

    def test_another_aspect_ratio_is_said_once_with_both_sizes(self, street, capsys):
        said = self.said(street, (48, 48), capsys)
        assert said.count("squeezed") == 1
        assert "street.png: this map of 32x48 (height x width) is squeezed to the model's size, 48x48" in said
        assert "--keep-size keeps the size." in said

    def test_keep_size_is_advised_only_where_the_model_can_make_the_size(self, street, capsys):
        assert tell_of_squeezing(street, (48, 48), multiple=32)
        assert "--keep-size keeps a size whose sides are multiples of 32" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("size", "said"),
        [((64, 96), False), ((32, 49), True), ((96, 145), False), ((97, 144), True), ((193, 288), False)],
    )
    def test_a_hundredth_of_the_ratio_is_not_said(self, street, size, said):
        assert tell_of_squeezing(street, size) is said

    def test_the_first_squeezed_map_need_not_be_the_first_one(self, street, capsys):
        assert "tall.png: this map of 64x16 (height x width)" in self.said(street, (64, 96), capsys)

    def test_maps_that_keep_their_size_are_not_squeezed(self, street, capsys):
        assert self.said(street, None, capsys) == ""


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
