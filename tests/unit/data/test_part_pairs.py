from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from ipose.data.object_index import index_objects
from ipose.data.part_pairs import cut_to_object_frame, pairs_from_scenes, read_part_tree, to_object_frame, write_pair
from ipose.data.png import write_index
from ipose.errors import DataError, EmptyShapeError
from ipose.part_annotations import PartPair
from ipose.testing.tiny_scenes import CAR, SPEC, make_scene
from ipose.types import Scene


def square_scene() -> Scene:
    """A 60x60 car (with two pixels of context: 64x64, so that its crop is one to one), upper half part 1, lower 2."""
    label = torch.ones(80, 90, dtype=torch.int64)
    label[10:71, 20:81] = CAR  # rows 10..70: span 60
    part = torch.zeros(80, 90, dtype=torch.uint8)
    part[10:40, 20:81] = 1
    part[40:71, 20:81] = 2
    instance = torch.zeros(80, 90, dtype=torch.int32)
    return Scene("s", None, label, instance, index_objects(label, instance, SPEC), part)


class TestPairsFromScenes:
    """Objects with part pixels are cut out of scenes: shape = own pixels, part map = part ids on them."""

    def test_a_crop_that_needs_no_resize_holds_the_very_pixels(self) -> None:
        (pair,) = pairs_from_scenes([square_scene()], SPEC)
        assert (pair.category, pair.name) == ("car", "s-car-0")
        scene = square_scene()
        assert torch.equal(pair.shape, scene.label[8:72, 18:82] == CAR)
        assert torch.equal(pair.part_map, (scene.part if scene.part is not None else scene.label)[8:72, 18:82])

    def test_parts_of_another_object_in_the_box_are_left_out(self) -> None:
        scene = square_scene()
        scene.instance[10:30, 20:50] = 5  # a second car in the corner of the first one's box
        scene = replace(scene, objects=index_objects(scene.label, scene.instance, SPEC))
        first, second = pairs_from_scenes([scene], SPEC)
        assert not first.shape[3:22, 3:32].any()
        assert (first.part_map[~first.shape] == 0).all()
        assert second.part_map.unique().tolist() == [0, 1]

    def test_classes_without_parts_and_objects_without_part_pixels_give_no_pair(self) -> None:
        scene = make_scene(3)
        assert {pair.category for pair in pairs_from_scenes([scene], SPEC)} == {"car", "dog"}
        bare = replace(scene, part=torch.zeros_like(scene.label, dtype=torch.uint8))
        assert pairs_from_scenes([bare], SPEC) == []
        assert pairs_from_scenes([replace(scene, objects=())], SPEC) == []

    def test_a_scene_without_part_map_says_so(self) -> None:
        with pytest.raises(DataError, match="scene without part map"):
            pairs_from_scenes([replace(make_scene(0), part=None)], SPEC)


class TestPartTree:
    """A part tree on disk gives back the pairs that were written."""

    def test_written_pairs_read_back_by_category_and_name(self, tmp_path: Path) -> None:
        pairs = pairs_from_scenes([make_scene(seed) for seed in range(3)], SPEC)
        pairs[0] = replace(pairs[0], part_map=torch.where(torch.rand(64, 64) < 0.5, pairs[0].part_map, 0))
        for pair in pairs:
            write_pair(pair, tmp_path, "train")
        back = read_part_tree(tmp_path, "train")
        assert len(back) == len(pairs)
        for pair, again in zip(sorted(pairs, key=lambda p: (p.category, p.name)), back, strict=True):
            assert (pair.category, pair.name) == (again.category, again.name)
            assert torch.equal(pair.shape, again.shape)
            assert torch.equal(pair.part_map, again.part_map)

    def test_a_map_of_another_size_is_cropped_to_the_object_frame(self, tmp_path: Path) -> None:
        (tmp_path / "car" / "train").mkdir(parents=True)
        part = torch.zeros(200, 300, dtype=torch.uint8)
        part[40:141, 30:231] = 3
        write_index(tmp_path / "car" / "train" / "big_part.png", part)
        (pair,) = read_part_tree(tmp_path, "train")
        assert pair.part_map.shape == (64, 64)
        rows, cols = pair.shape.any(1).sum().item(), pair.shape.any(0).sum().item()
        assert (rows, cols) == (pytest.approx(32, abs=2), pytest.approx(63, abs=1))

    def test_faults_are_listed_together(self, tmp_path: Path) -> None:
        folder = tmp_path / "car" / "train"
        folder.mkdir(parents=True)
        write_index(folder / "a_part.png", torch.full((64, 64), 9, dtype=torch.uint8))
        Image.new("RGB", (64, 64)).save(folder / "b_part.png")
        write_index(folder / "c_part.png", torch.zeros(10, 10, dtype=torch.uint8))
        with pytest.raises(DataError, match="3 faults in part tree") as caught:
            read_part_tree(tmp_path, "train")
        for words in ("a_part.png: part id outside 0..8: found 9", "b_part.png: not an index PNG", "no object to crop"):
            assert words in str(caught.value)

    def test_an_empty_tree_says_what_was_expected(self, tmp_path: Path) -> None:
        with pytest.raises(
            DataError, match=r"no part pairs: found no folder, expected <category>/train/<name>_part\.png"
        ):
            read_part_tree(tmp_path, "train")


def car(name: str = "a", part: int = 1) -> PartPair:
    part_map = torch.zeros(64, 64, dtype=torch.uint8)
    part_map[8:40, 8:40] = part
    return PartPair("car", part_map > 0, part_map, name)


class TestWritePair:
    """One pair, one or two files."""

    def test_what_is_written_reads_back(self, tmp_path: Path) -> None:
        bare = replace(car("b/c: d"), shape=torch.ones(64, 64, dtype=torch.bool))
        write_pair(car(), tmp_path, "train")
        write_pair(bare, tmp_path, "train")
        one, other = read_part_tree(tmp_path, "train")
        assert (one.name, other.name) == ("a", "b_c_d")
        assert torch.equal(one.shape, car().shape)
        assert torch.equal(other.shape, bare.shape)
        assert torch.equal(other.part_map, bare.part_map)

    def test_the_same_pair_may_come_again(self, tmp_path: Path) -> None:
        for _ in range(2):
            write_pair(car(), tmp_path, "train")
        assert [path.name for path in (tmp_path / "car" / "train").iterdir()] == ["a_part.png"]

    def test_another_pair_of_the_name_is_refused_and_nothing_changes(self, tmp_path: Path) -> None:
        write_pair(car(), tmp_path, "train")
        before = (tmp_path / "car" / "train" / "a_part.png").read_bytes()
        with pytest.raises(DataError, match=r"a_part\.png: there is another file of this name"):
            write_pair(car(part=2), tmp_path, "train")
        assert [path.read_bytes() for path in (tmp_path / "car" / "train").iterdir()] == [before]


class TestToObjectFrame:
    """A drawing of any size becomes 64 x 64 as objects of scenes do."""

    def test_a_64_by_64_map_is_left_alone(self) -> None:
        part = torch.zeros(64, 64, dtype=torch.uint8)
        part[3, 4] = 1
        assert torch.equal(to_object_frame(part > 0, part)[1], part)

    def test_a_drawing_is_cropped_like_the_same_object_in_a_scene(self) -> None:
        scene = square_scene()
        assert scene.part is not None
        (pair,) = pairs_from_scenes([scene], SPEC)
        shape, part = to_object_frame(scene.part > 0, scene.part)
        assert torch.equal(shape, pair.shape)
        assert torch.equal(part, pair.part_map)

    def test_object_pixels_without_a_part_stay_object_pixels(self) -> None:
        shape = torch.zeros(64, 64, dtype=torch.bool)
        shape[2:62, 2:62] = True
        part = torch.zeros(64, 64, dtype=torch.uint8)
        part[2:32, 2:62] = 3
        framed, parts = cut_to_object_frame(shape, part)
        assert (framed.sum().item(), (parts == 3).sum().item()) == (60 * 60, 30 * 60)
        assert parts.unique().tolist() == [0, 3]

    def test_an_empty_drawing_is_an_error(self) -> None:
        with pytest.raises(EmptyShapeError, match="found 0 object pixels"):
            to_object_frame(torch.zeros(9, 9, dtype=torch.bool), torch.zeros(9, 9, dtype=torch.uint8))


def test_part_pairs_refuse_a_ninth_part() -> None:
    with pytest.raises(ValueError, match="part id"):
        PartPair("car", torch.ones(64, 64, dtype=torch.bool), torch.full((64, 64), 9, dtype=torch.uint8))
