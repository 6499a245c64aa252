"""Scenes in batches: half of them mirrored, maps and boxes together, all chance from the loop's generator."""

import pytest
import torch
from torchvision.transforms import RandomResizedCrop
from torchvision.transforms.v2.functional import resized_crop

from ipose.data.batch_sources import ASPECTS, LEAST_AREA, PhotoSource, SceneSource, _random_rectangle, cropped_at_random
from ipose.shapes.crop_geometry import even_box
from ipose.testing.tiny_scenes import make_scene
from ipose.training.batches import BatchSource


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(seed) for seed in range(3)]


def generator(seed):
    return torch.Generator().manual_seed(seed)


class TestSceneSource:
    """What the loop asks of a data set."""

    def test_is_a_batch_source_of_as_many_items_as_scenes(self, scenes):
        assert isinstance(SceneSource(scenes), BatchSource)
        assert len(SceneSource(scenes)) == 3

    def test_about_half_of_the_items_are_mirrored(self, scenes):
        source = SceneSource(scenes)
        mirrored = [torch.equal(source.item(0, generator(i)).label, scenes[0].label.flip(-1)) for i in range(200)]
        kept = [torch.equal(source.item(0, generator(i)).label, scenes[0].label) for i in range(200)]
        assert all(one != other for one, other in zip(mirrored, kept, strict=True))
        assert 70 < sum(mirrored) < 130

    def test_a_mirrored_item_is_mirrored_in_every_map_and_box(self, scenes):
        scene, source = scenes[0], SceneSource(scenes)
        items = (source.item(0, generator(i)) for i in range(20))
        item = next(item for item in items if not torch.equal(item.label, scene.label))
        for name in ("image", "label", "instance", "part"):
            assert torch.equal(getattr(item, name), getattr(scene, name).flip(-1)), name
        for thing in item.objects:
            rows, cols = ((item.label == thing.class_id) & (item.instance == thing.instance_id)).nonzero(as_tuple=True)
            ends = (int(end) for axis in (rows, cols) for end in (axis.min(), axis.max()))
            assert thing.box == even_box(*ends, image_size=item.size)

    def test_without_flips_an_item_is_the_scene(self, scenes):
        source = SceneSource(scenes, flip=False)
        assert all(source.item(1, generator(i)) is scenes[1] for i in range(10))

    def test_the_same_generator_gives_the_same_item(self, scenes):
        source = SceneSource(scenes)
        for seed in range(6):
            one, two = (source.item(2, generator(seed)).label for _ in range(2))
            assert torch.equal(one, two)

    def test_a_crop_is_the_same_rectangle_of_image_label_and_instance(self, scenes):
        scene, source = scenes[0], SceneSource(scenes, flip=False, crop=(30, 46))
        places = set()
        for seed in range(100):
            item = source.item(0, generator(seed))
            at = [
                (top, left)
                for top in range(3)
                for left in range(3)
                if torch.equal(item.image, scene.image[:, top : top + 30, left : left + 46])
            ]
            (top, left) = at[0]
            for name in ("label", "instance", "part"):
                assert torch.equal(getattr(item, name), getattr(scene, name)[top : top + 30, left : left + 46]), name
            places.add((top, left))
        assert len(places) == 9  # all places, the last ones too
        assert torch.equal(source.item(0, generator(5)).label, source.item(0, generator(5)).label)

    def test_a_batch_keeps_the_order_and_scales_images_to_minus_1_to_1(self, scenes):
        batch = SceneSource(scenes).collate([scenes[2], scenes[0]], generator(0))
        assert batch.names == (scenes[2].name, scenes[0].name)
        assert torch.equal(batch.label, torch.stack([scenes[2].label, scenes[0].label]))
        torch.testing.assert_close(batch.image[1], scenes[0].image / 127.5 - 1)
        assert len(batch.objects) == len(scenes[2].objects) + len(scenes[0].objects)
        assert batch.image_index.tolist() == [0] * len(scenes[2].objects) + [1] * len(scenes[0].objects)


class TestRandomCrops:
    """Crops of photographs are those of torchvision's RandomResizedCrop, as in GANSeg's release."""

    def test_sizes_are_distributed_as_torchvisions(self):
        """What does not fit is drawn again. If it were cut to fit, more than twice as many would have a whole side."""
        chance, count = generator(0), 2000
        ours = torch.tensor([_random_rectangle(128, chance) for _ in range(count)]).float()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            image = torch.empty(3, 128, 128)
            crops = [RandomResizedCrop.get_params(image, [LEAST_AREA, 1.0], list(ASPECTS))[2:] for _ in range(count)]
        theirs = torch.tensor(crops).float()
        assert ((ours == 128).float().mean(0) - (theirs == 128).float().mean(0)).abs().max() < 0.03
        assert (ours.mean(0) - theirs.mean(0)).abs().max() < 0.3
        assert (ours.std(0) - theirs.std(0)).abs().max() < 0.3


def test_half_of_the_photographs_are_mirrored_left_to_right(scenes):
    source = PhotoSource([scenes[0].image])
    image = scenes[0].image / 127.5 - 1
    found = [source.item(0, generator(seed))[1] for seed in range(100)]
    assert 30 < sum(torch.equal(one, image.flip(-1)) for one in found) < 70
    assert all(torch.equal(one, image) or torch.equal(one, image.flip(-1)) for one in found)


@pytest.fixture(scope="module")
def crops():
    """(top, left, height, width) of many crops, read off a photograph whose colours are row and column."""
    row, column = torch.meshgrid(torch.arange(100.0), torch.arange(100.0), indexing="ij")
    shown = [cropped_at_random(torch.stack([row, column, row]), generator(seed)) for seed in range(300)]
    lines = [(crop[0, :, 50], crop[1, 50]) for crop in shown]
    sizes = [[100 * float(line[60] - line[40]) / 20 for line in pair] for pair in lines]
    starts = [[float(line[0]) for line in pair] for pair in lines]
    return torch.cat([torch.tensor(starts), torch.tensor(sizes)], 1).round()


class TestRandomCrop:
    """cropped_at_random shows a rectangle of nine tenths of the photograph or more, at the photograph's size."""

    @pytest.mark.parametrize("seed", range(4))
    def test_is_the_rectangle_as_torchvision_resizes_it(self, seed):
        image, draw = torch.rand(3, 40, 40), generator(seed)
        height, width = _random_rectangle(40, draw)
        down, right = torch.rand(2, generator=draw).tolist()
        place = int(down * (41 - height)), int(right * (41 - width)), height, width
        expected = resized_crop(image, *place, [40, 40], antialias=True)
        torch.testing.assert_close(cropped_at_random(image, generator(seed)), expected, atol=1e-5, rtol=0)

    def test_keeps_nine_tenths_of_the_area_or_more(self, crops):
        area = crops[:, 2] * crops[:, 3] / 100**2
        assert area.min() == pytest.approx(0.9, abs=0.015)
        assert area.max() > 0.98

    def test_is_wider_or_taller_by_at_most_a_tenth(self, crops):
        ratio = crops[:, 3] / crops[:, 2]
        assert ratio.min() == pytest.approx(0.9, abs=0.015)
        assert ratio.max() == pytest.approx(1.1, abs=0.015)

    def test_reaches_all_edges(self, crops):
        assert crops[:, :2].amin(0).tolist() == [0, 0]
        smaller = (crops[:, 2:] < 100).all(1)
        ends = (crops[:, :2] + crops[:, 2:])[smaller]
        assert ends.amax(0).tolist() == [100, 100]
        assert ends.amin(0).max() < 96
