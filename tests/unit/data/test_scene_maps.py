"""From the files of a scene to tensors: objects where no instance map is given, and resizing."""

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given
from PIL import Image

from ipose.data.object_index import index_objects
from ipose.data.png import write_index
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import check_scene, class_ids, component_instances, read_scene, resize_ids, resize_photo
from ipose.label_spec import LabelClass, LabelSpec
from ipose.testing.tiny_scenes import CAR, SPEC, make_scene

NOISE = np.random.default_rng(0).integers(0, 255, (40, 50), dtype=np.uint8)


class TestComponentInstances:
    """Where there is no instance map, connected pieces of a thing class are its objects."""

    def test_pieces_are_numbered_over_all_classes_and_corners_connect(self) -> None:
        label = torch.ones(6, 8, dtype=torch.int64).numpy()
        label[0, 0] = label[1, 1] = CAR  # one piece: corners touch
        label[0, 5] = CAR
        label[4, 4] = CAR + 1
        pieces = component_instances(label, SPEC)
        assert [pieces[0, 0], pieces[1, 1], pieces[0, 5], pieces[4, 4]] == [1, 1, 3, 4]  # 2 is the sky's label id

    def test_stuff_has_its_label_id_so_that_there_are_edges_between_stuff_regions(self) -> None:
        label = torch.tensor([[1, 1, 0, 0]]).numpy()
        assert component_instances(label, SPEC).tolist() == [[2, 2, 255, 255]]

    def test_cityscapes_numbers_count_in_label_ids(self) -> None:
        spec = LabelSpec(
            "c", (LabelClass("sky", 23, (0, 0, 0)), LabelClass("car", 26, (1, 1, 1), True)), None, "cityscapes"
        )
        label = torch.tensor([[1, 0, 1, 0]]).numpy()
        assert component_instances(label, spec).tolist() == [[26001, 23, 26002, 23]]

    def test_a_class_has_999_cityscapes_numbers_and_no_more(self) -> None:
        """Given 1000 specks, the last one is no object: its number would be another class's."""
        spec = LabelSpec(
            "c", (LabelClass("sky", 23, (0, 0, 0)), LabelClass("car", 26, (1, 1, 1), True)), None, "cityscapes"
        )
        label = np.zeros((50, 80), dtype=np.int64)
        label[::2, ::2] = 1
        pieces = component_instances(label, spec)
        assert pieces.max() == 26999
        assert int((pieces >= 1000).sum()) == 999

    @given(st.integers(0, 100))
    def test_no_object_has_the_number_of_a_stuff_region(self, seed: int) -> None:
        label = make_scene(seed).label
        things = torch.tensor([item.thing for item in SPEC.classes])[label]
        pieces = torch.from_numpy(component_instances(label.numpy(), SPEC))
        assert not set(pieces[things].tolist()) & set(pieces[~things].tolist())


class TestResizing:
    """Maps are resized by picking pixels, in register with the photograph."""

    @given(st.integers(1, 40), st.integers(1, 40))
    def test_every_pixel_is_the_one_under_its_centre(self, old: int, new: int) -> None:
        picked = resize_ids(np.arange(old).reshape(old, 1), (new, 1))[:, 0]
        centres = (np.arange(new) + 0.5) / new * old
        assert (np.abs(picked + 0.5 - centres) <= 0.5 + 1e-9).all()

    def test_ids_are_picked_as_pillow_picks_them(self) -> None:
        ids = NOISE[:31, :47]  # odd sides: no ties, which Pillow's floats may round either way
        picked = np.array(Image.fromarray(ids).resize((16, 24), Image.Resampling.NEAREST))
        assert np.array_equal(resize_ids(ids, (24, 16)), picked)

    def test_halving_takes_the_second_of_each_two(self) -> None:
        assert resize_ids(np.arange(8).reshape(1, 8), (1, 4)).tolist() == [[1, 3, 5, 7]]

    def test_a_photograph_is_averaged_not_picked(self) -> None:
        stripes = np.zeros((32, 32, 3), np.uint8)
        stripes[:, ::2] = 255
        small = resize_photo(stripes, (8, 8))
        assert small.shape == (8, 8, 3)
        assert 100 < small[2:-2, 2:-2].min() <= small[2:-2, 2:-2].max() < 155

    def test_a_photograph_is_resized_by_pillows_bicubic_height_first(self) -> None:
        photo = np.random.default_rng(1).integers(0, 255, (30, 50, 3), dtype=np.uint8)
        expected = np.array(Image.fromarray(photo).resize((20, 45), Image.Resampling.BICUBIC))
        assert np.array_equal(resize_photo(photo, (45, 20)), expected)
        assert resize_photo(photo, (30, 50)) is photo


class TestReadScene:
    """All maps of a scene and its photograph come to one size, each in its own way."""

    @pytest.fixture
    def files(self, tmp_path: Path) -> SceneFiles:
        paths = {kind: tmp_path / f"{kind}.png" for kind in ("label", "instance", "part", "image")}
        ids = torch.tensor([item.file_id for item in SPEC.classes], dtype=torch.uint8)
        noise = torch.from_numpy(NOISE)
        parts = torch.where((noise % 5 == CAR) | (noise % 5 == CAR + 1), noise % 3, 0).to(torch.uint8)
        for kind, values in (("label", ids[(noise % 5).long()]), ("instance", 1 + noise % 7), ("part", parts)):
            write_index(paths[kind], values)
        Image.fromarray(np.stack([NOISE, NOISE.T.reshape(40, 50), 255 - NOISE], 2)).save(paths["image"])
        return SceneFiles("one", **paths)

    @pytest.mark.parametrize("size", [None, (20, 25), (27, 60)])
    def test_maps_are_picked_and_the_photograph_is_averaged(
        self, files: SceneFiles, size: tuple[int, int] | None
    ) -> None:
        objects = check_scene(files, SPEC, size).objects
        scene, whole = read_scene(files, SPEC, size, objects), read_scene(files, SPEC, None, ())
        assert torch.equal(whole.label, torch.from_numpy(NOISE % 5).long())
        assert torch.equal(whole.instance, torch.from_numpy(1 + NOISE % 7).int())
        assert whole.part.max() == 2
        for kind in ("label", "instance", "part"):
            picked = resize_ids(getattr(whole, kind).numpy(), size or (40, 50))
            assert torch.equal(getattr(scene, kind), torch.from_numpy(picked)), kind
        photo = np.array(Image.open(files.image))
        assert torch.equal(scene.image, torch.from_numpy(resize_photo(photo, size or (40, 50))).permute(2, 0, 1))
        assert (
            scene.objects
            == objects
            == index_objects(scene.label, scene.instance, SPEC, original_size=(1, 1) if size is None else (40, 50))
        )

    def test_a_checked_scene_has_no_photograph(self, files: SceneFiles) -> None:
        assert check_scene(files, SPEC).image is None


class TestIds:
    """File ids become class ids, and objects remember the size of the photograph that was resized."""

    def test_a_files_id_is_the_class_that_has_it(self) -> None:
        file_ids = np.array([[255, 2, 7], [9, 11, 3]], dtype=np.int32)
        assert class_ids(file_ids, SPEC).tolist() == [[0, 1, 2], [3, 4, -1]]

    def test_the_original_size_is_known_only_where_the_scene_was_resized(self, tmp_path: Path) -> None:
        label = torch.full((20, 30), 2, dtype=torch.uint8)
        label[4:14, 6:18] = 7
        write_index(tmp_path / "one.png", label)
        files = SceneFiles("one", tmp_path / "one.png")
        (as_it_is,), (smaller,) = (check_scene(files, SPEC, size).objects for size in (None, (10, 15)))
        assert (as_it_is.original_size, smaller.original_size) == ((1, 1), (20, 30))
        assert smaller.box == (2, 6, 3, 9)
