"""What any model that makes images of label maps has for nothing: files, sheets, a gallery."""

from dataclasses import replace
from functools import partial

import pytest
import torch
from PIL import Image

from ipose.data.png import read_photo, write_index
from ipose.errors import ConfigError, DataError
from ipose.images import image_float
from ipose.reports.page import Figure
from ipose.seeds import named_generator
from ipose.systems.generating import Request
from ipose.systems.scene_models import (
    ChangedScenes,
    SceneModel,
    frechet_of_images,
    frechet_of_scenes,
    gallery,
    have_photographs,
    make,
    scene_row,
    sheet,
    spread,
    with_parts_of,
)
from ipose.testing.tiny_scenes import SPEC, make_scene, write_scenes


class Painter:
    """Paints every class in a colour of its own, and adds noise of (seed, name)."""

    spec, size = SPEC, (16, 24)

    def __init__(self):
        self.asked, self.scenes = [], []

    def images(self, scenes, seeds):
        self.asked.append(([scene.name for scene in scenes], list(seeds)))
        self.scenes += scenes
        flat = torch.stack([scene.label for scene in scenes])[:, None].expand(-1, 3, -1, -1) / 4 - 0.5
        for seed in seeds:
            noise = [torch.rand((), generator=named_generator(seed, scene.name)) for scene in scenes]
            yield flat + 0.3 * torch.stack(noise)[:, None, None, None]


@pytest.fixture
def maps(tmp_path):
    write_scenes(tmp_path, "val", 2)
    return tmp_path / "val_label"


def test_such_a_model_is_a_scene_model():
    assert isinstance(Painter(), SceneModel)
    assert not isinstance(SPEC, SceneModel)


class TestMake:
    """`ipose generate`: images of each map, and a sheet."""

    def test_every_map_gets_an_image_a_seed_and_a_sheet(self, maps, tmp_path):
        files = list(make(Painter(), Request(out=tmp_path / "out", inputs=maps, seed=3, count=2)))
        names = [f"scene00{i}_{what}.png" for i in (0, 1) for what in ("seed3", "seed4", "sheet")]
        assert [file.name for file in files] == names
        assert all(file.is_file() for file in files)

    def test_a_map_is_read_once_for_all_seeds(self, maps, tmp_path):
        painter = Painter()
        list(make(painter, Request(out=tmp_path / "out", inputs=maps, count=3)))
        assert painter.asked == [(["scene000"], [0, 1, 2]), (["scene001"], [0, 1, 2])]

    @pytest.mark.parametrize(("keep", "size"), [(False, (16, 24)), (True, (32, 48))])
    def test_the_size_is_the_models_or_the_maps(self, maps, tmp_path, keep, size):
        request = Request(out=tmp_path / "out", inputs=maps, keep_size=keep)
        assert read_photo(next(make(Painter(), request))).shape == (*size, 3)

    @pytest.mark.parametrize(("given", "objects"), [(True, [5, 9]), (False, [1])])
    def test_objects_are_those_of_the_instance_map_or_connected_pieces(self, tmp_path, given, objects):
        car, two = torch.full((16, 24), 7, dtype=torch.uint8), torch.full((16, 24), 5, dtype=torch.uint8)
        two[:, 12:] = 9
        for name, ids in (("car", car), ("two", two)):
            write_index(tmp_path / f"{name}.png", ids)
        painter = Painter()
        instances = tmp_path / "two.png" if given else None
        list(make(painter, Request(out=tmp_path / "out", inputs=tmp_path / "car.png", instances=instances)))
        assert [item.instance_id for item in painter.scenes[0].objects] == objects

    def test_a_map_of_other_classes_is_refused(self, tmp_path):
        Image.new("L", (24, 16), 99).save(tmp_path / "a.png")
        with pytest.raises(DataError, match="label id outside"):
            list(make(Painter(), Request(out=tmp_path / "out", inputs=tmp_path / "a.png")))
        assert not (tmp_path / "out").exists()


class TestToLookAt:
    """Rows, sheets, the report's gallery."""

    def test_a_row_holds_an_image_a_seed(self):
        row = scene_row(Painter(), make_scene(0), (4, 7))
        assert list(row.images) == ["seed 4", "seed 7"]
        assert row.images["seed 4"].shape == (3, 32, 48)
        assert not torch.equal(row.images["seed 4"], row.images["seed 7"])

    def test_a_sheet_has_a_line_a_scene(self):
        one, three = (sheet(Painter(), "step 2", scenes=[make_scene(i) for i in range(n)]) for n in (1, 3))
        assert one.width == three.width
        assert three.height > one.height + 2 * 32

    def test_a_gallery_has_a_figure_a_scene_of_some_from_all_over(self):
        section = gallery(Painter(), [make_scene(i) for i in range(17)])
        assert all(isinstance(figure, Figure) for figure in section.blocks)
        assert [figure.title for figure in section.blocks] == [f"scene{i:03d}" for i in range(0, 16, 2)]
        captions = [tile.caption for tile in section.blocks[0].tiles]
        assert captions == ["label map", "instances", "true parts", "seed 1", "seed 2", "original"]

    @pytest.mark.parametrize(("items", "count", "expected"), [(10, 3, [0, 3, 6]), (2, 3, [0, 1]), (0, 3, [])])
    def test_spread(self, items, count, expected):
        assert spread(range(items), count) == expected


class TestChangedScenes:
    """Scenes as a model's own spec reads them: it may give parts to classes that have none in the data's spec."""

    def test_objects_have_the_specs_part_categories_and_nothing_else_changes(self):
        scenes = [make_scene(seed) for seed in range(4)]
        box = next(i for i, item in enumerate(SPEC.classes) if item.thing and item.part_category is None)
        classes = [replace(item, part_category="slot") if i == box else item for i, item in enumerate(SPEC.classes)]
        read = ChangedScenes(scenes, partial(with_parts_of, replace(SPEC, classes=tuple(classes))))
        assert len(read) == 4
        for scene, plain in zip(read, scenes, strict=True):
            assert [item.part_category for item in scene.objects] == [
                "slot" if item.class_id == box else item.part_category for item in plain.objects
            ]
            assert [replace(item, part_category=None) for item in scene.objects] == [
                replace(item, part_category=None) for item in plain.objects
            ]
        assert any(item.part_category == "slot" for scene in read for item in scene.objects)


@pytest.fixture(autouse=True)
def no_inception(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


@pytest.fixture
def scenes():
    return [make_scene(seed) for seed in range(6)]


def copies(darker=0.0):
    """Paints the photographs themselves, darker by `darker`."""
    black = torch.zeros(3, 32, 48, dtype=torch.uint8)
    return lambda scenes: (
        image_float(torch.stack([black if scene.image is None else scene.image for scene in scenes])) - darker
    )


class TestFrechetOfScenes:
    """How far the images of the validation scenes are from their photographs."""

    def test_a_perfect_copy_is_at_0_and_a_darker_one_farther(self, scenes):
        distances = [frechet_of_scenes(copies(darker), scenes) for darker in (0.0, 0.5, 1.0)]
        assert distances[0] == pytest.approx(0, abs=1e-5)
        assert distances[0] < distances[1] < distances[2]

    def test_a_scene_without_a_photograph_is_named(self, scenes):
        with pytest.raises(ConfigError, match=f"without a photograph.*found {scenes[1].name}.*--keep-best"):
            frechet_of_scenes(copies(), [scenes[0], replace(scenes[1], image=None)])

    def test_photographs_are_asked_for_first(self, scenes):
        assert have_photographs(scenes)
        assert not have_photographs([replace(scene, image=None) for scene in scenes])
        assert not have_photographs(scenes[:1])


def test_the_order_of_images_and_their_batches_do_not_matter():
    images = torch.randint(0, 256, (6, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    real = torch.randint(0, 200, (5, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    one = frechet_of_images([images], real.split(1))
    other = frechet_of_images(images.flip(0).split(2), [real])
    assert one == pytest.approx(other, rel=1e-6)
