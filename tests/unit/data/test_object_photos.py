"""Objects cut out of photographs: the square around each, its ground, and its moves."""

from dataclasses import replace

import pytest
import torch
from hypothesis import strategies as st

from ipose.data.batch_sources import PhotoSource
from ipose.data.data_config import CropRule, PhotoConfig
from ipose.data.object_photos import ObjectPhotos, PhotoSquare, cut_out, object_crop, object_window, on_ground, reach_of
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.photo_folder import open_photographs
from ipose.data.scene_folder import write_scene_folder
from ipose.errors import ConfigError, DataError
from ipose.images import image_float
from ipose.testing import law

CARS = PhotoConfig(scenes=4, val_scenes=1, categories=("car",), crops=True, least_side=3)


def moving(**settings):
    return replace(CARS, **settings)


def one_object(rows, cols, size=(20, 30)):
    """A photograph whose pixels are all different, and the silhouette of a box in it."""
    image = torch.arange(3 * size[0] * size[1]).remainder(251).to(torch.uint8).view(3, *size)
    silhouette = torch.zeros(size, dtype=torch.bool)
    silhouette[rows[0] : rows[1], cols[0] : cols[1]] = True
    return image, silhouette


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A scene folder of four cars, as a config with crops names it."""
    root, world = tmp_path_factory.mktemp("cars"), CARS.scenes_config()
    spec = open_spec(world)
    write_scene_folder(open_scenes(world, "train", (96, 96)), root, "train", spec.labels)
    return replace(CARS, data=str(root), spec="partworld", category="car")


class TestWindow:
    """The square is around the box, with its margin, and may lie partly outside."""

    def test_is_the_one_that_a_hand_would_cut(self):
        image, silhouette = one_object((4, 14), (10, 16))  # 10 x 6, so 2 more on each side of 10 with a margin of 0.2
        window = object_window(silhouette, 0.2)
        assert window == PhotoSquare(2, 6, 14)
        cut = cut_out(image, silhouette, window)
        assert torch.equal(cut[:3], image[:, 2:16, 6:20])
        assert torch.equal(cut[3], silhouette[2:16, 6:20] * 255)

    def test_repeats_the_photographs_edge_where_there_is_none_and_no_object(self):
        image, silhouette = one_object((0, 4), (0, 4))
        cut = cut_out(image, silhouette, object_window(silhouette, 0.5))
        assert cut.shape == (4, 8, 8)
        assert torch.equal(cut[:3, 2:, 2:], image[:, :6, :6])
        assert torch.equal(cut[:3, 0, 2:], image[:, 0, :6])
        assert cut[3].sum() == 16 * 255

    @law(side=st.integers(3, 40), factor=st.floats(1, 3))
    def test_a_wider_one_has_the_same_centre_and_is_wide_enough(self, side, factor):
        wide = PhotoSquare(5, 7, side).wider(factor)
        assert wide.side >= side * factor - 1e-6
        assert (2 * wide.top + wide.side, 2 * wide.left + wide.side) == (10 + side, 14 + side)


class TestGround:
    """What is around the object is what is said; the object itself stays."""

    def cut(self):
        return 2 * torch.rand(4, 6, 6, generator=torch.Generator().manual_seed(0)) - 1

    def test_of_the_photograph_nothing_changes(self):
        assert torch.equal(on_ground(self.cut(), "photo"), self.cut())

    def test_grey_is_0_around_the_object_alone(self):
        cut = self.cut()
        cut[3] = -1
        cut[3, 2:4] = 1
        found = on_ground(cut, "grey")
        torch.testing.assert_close(found[:3, 2:4], cut[:3, 2:4])
        assert not found[:3, :2].any()
        assert not found[:3, 4:].any()

    def test_random_is_one_colour_and_another_one_each_time(self):
        cut, generator = self.cut(), torch.Generator().manual_seed(1)
        cut[3] = -1
        first, second = (on_ground(cut, "random", generator)[:3].flatten(1) for _ in range(2))
        assert (first == first[:, :1]).all()
        assert not torch.equal(first, second)

    def test_an_edge_is_mixed_by_its_share(self):
        cut = torch.full((4, 1, 1), 0.5)  # three quarters object
        assert on_ground(cut, "grey")[0].item() == pytest.approx(0.375)


class TestObjectPhotos:
    """One image an object, with its silhouette."""

    def test_an_object_of_the_crops_own_size_is_its_pixels(self, folder):
        scenes = list(open_scenes(folder.scenes_config(), "train"))
        boxes = [scene.objects[0].box for scene in scenes]
        number = next(i for i, box in enumerate(boxes) if box.min_row > 12 and box.max_row < 84)
        cut, window, own = object_crop(scenes[number], scenes[number].objects[0], CropRule(margin=0.0))
        objects = ObjectPhotos(replace(folder, crop_margin=0.0), "train", window.side)
        rows, cols = (slice(start, start + window.side) for start in (window.top, window.left))
        assert torch.equal(cut, scenes[number].image[:, rows, cols])
        assert torch.equal(objects[number], cut)
        assert torch.equal(objects.moved(number, torch.Generator())[3] > 0, own[rows, cols])

    def test_without_moves_all_draws_are_the_still_image(self):
        objects = ObjectPhotos(CARS, "train", 32)
        assert torch.equal(objects.moved(0, torch.Generator())[:3], image_float(objects[0]))

    def test_half_a_turn_is_half_a_turn(self):
        objects = ObjectPhotos(moving(crop_turn=180.0), "train", 32)
        still = objects._seen(0, torch.eye(2), torch.zeros(2))
        torch.testing.assert_close(objects._seen(0, -torch.eye(2), torch.zeros(2)), still.flip(1, 2), atol=1e-3, rtol=0)

    def test_a_shift_moves_the_object_and_shows_more_of_the_photograph(self):
        objects = ObjectPhotos(moving(crop_shift=0.25), "train", 32)
        still = objects._seen(0, torch.eye(2), torch.zeros(2))
        moved = objects._seen(0, torch.eye(2), torch.tensor([0.5, 0.0]))  # a quarter of the side to the right
        torch.testing.assert_close(moved[:, :, 8:], still[:, :, :-8], atol=1e-3, rtol=0)

    @pytest.mark.parametrize("moves", [{"crop_shift": 0.2}, {"crop_zoom": 1.5}, {"crop_turn": 30.0}])
    def test_each_move_is_of_the_generators_numbers_alone(self, moves):
        objects = ObjectPhotos(moving(**moves), "train", 32)

        def draw(seed):
            return objects.moved(0, torch.Generator().manual_seed(seed))

        assert torch.equal(draw(1), draw(1))
        assert not torch.allclose(draw(1), draw(2), atol=0.05)

    def test_a_zoom_enlarges_and_shrinks(self):
        objects = ObjectPhotos(moving(crop_zoom=1.5), "train", 32)
        areas = [float((objects.moved(0, torch.Generator().manual_seed(seed))[3] + 1).sum() / 2) for seed in range(20)]
        still = float((objects._seen(0, torch.eye(2), torch.zeros(2))[3] + 1).sum() / 2)
        assert min(areas) > still / 1.5**2 * 0.95
        assert max(areas) < still * 1.5**2 * 1.05
        assert min(areas) < 0.8 * still
        assert max(areas) > 1.2 * still

    @law(shift=st.floats(0, 0.5), zoom=st.floats(1, 2), turn=st.floats(0, 180), part=st.floats(-1, 1))
    def test_every_move_stays_within_the_reach(self, shift, zoom, turn, part):
        config = moving(crop_shift=shift, crop_zoom=zoom, crop_turn=turn)
        angle = torch.deg2rad(torch.tensor(turn * part))
        corner = 1 + 2 * shift  # of the crop, after the farthest shift
        farthest = zoom * corner * (angle.cos().abs() + angle.sin().abs())
        assert farthest <= reach_of(config) + 1e-4

    def test_small_objects_are_left_out_and_counted(self, folder):
        boxes = [scene.objects[0].box for scene in open_scenes(folder.scenes_config(), "train")]
        longer = sorted(max(b.max_row - b.min_row, b.max_col - b.min_col) for b in boxes)
        objects = ObjectPhotos(replace(folder, least_side=longer[2]), "train", 32)
        assert 1 <= objects.left_out == 4 - len(objects)
        assert f"{objects.left_out} whose longer side has fewer than {longer[2]} pixels" in objects.described()

    def test_none_that_is_large_enough_is_an_error(self, folder):
        with pytest.raises(DataError, match=r"no object to train on: found 4 with fewer pixels, expected .*500 pixels"):
            ObjectPhotos(replace(folder, least_side=500), "train", 32)

    def test_photographs_without_instance_maps_are_refused(self, tmp_path):
        with pytest.raises(ConfigError, match=r"\[crops\] objects are cut out by instance maps.*Leave --crops out"):
            open_photographs(PhotoConfig(data=str(tmp_path), crops=True), "train", 32)

    def test_fields_of_crops_are_refused_without_them(self):
        with pytest.raises(ConfigError, match=r"\[ground\] there are no crops.*Say --crops"):
            PhotoConfig(ground="grey")

    def test_partworld_draws_the_category_that_is_cut_out(self):
        config = PhotoConfig(scenes=3, val_scenes=1, crops=True, category="cat")
        assert len(open_photographs(config, "train", 32)) == 3


class TestBatches:
    """The silhouette goes with its image, mirrored as it is."""

    def test_are_image_and_silhouette(self):
        objects = ObjectPhotos(moving(ground="grey"), "train", 32)
        source = PhotoSource(objects, objects.names, flip=True)
        batch = source.collate([source.item(i, torch.Generator().manual_seed(i)) for i in range(4)], torch.Generator())
        assert (batch.image.shape, batch.silhouette.shape) == ((4, 3, 32, 32), (4, 1, 32, 32))
        outside = (batch.silhouette == -1).expand_as(batch.image)
        assert outside.any()
        assert not batch.image[outside].any()
        assert batch.to("cpu").silhouette is not None

    def test_of_photographs_have_no_silhouette(self):
        source = PhotoSource([torch.zeros(3, 32, 32, dtype=torch.uint8)])
        assert source.collate([source.item(0, torch.Generator())], torch.Generator()).silhouette is None
