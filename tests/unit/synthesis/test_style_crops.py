"""What the style loss looks at: whole images or up to ten objects, the same places of fake and real."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ipose.synthesis.style_crops import StyleCrops, style_crops
from ipose.types import Box, Scene, SceneBatch, SceneObject

SIZE = (16, 24)


def batch_of(objects: int) -> SceneBatch:
    """Two scenes with `objects` squares each, instance 1, 2, ... of class 1."""
    label, instance = torch.zeros(SIZE, dtype=torch.int64), torch.zeros(SIZE, dtype=torch.int32)
    boxes = [Box(2 * i % 8, 2 * i % 8 + 6, i, i + 6) for i in range(objects)]
    squares = tuple(SceneObject(1, i + 1, "car", box) for i, box in enumerate(boxes))
    image = torch.zeros(3, *SIZE, dtype=torch.uint8)
    return SceneBatch.from_scenes([Scene(name, image, label, instance, squares) for name in "ab"])


def images(seed: int) -> Tensor:
    return torch.rand(2, 3, *SIZE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def drawn(objects: int, rule: str, seed: int) -> StyleCrops | None:
    return style_crops(images(0), images(1), batch_of(objects), rule, torch.Generator().manual_seed(seed))


class TestStyleCrops:
    """Release: whole images half of the time, else objects; paper: objects."""

    def test_the_release_shows_whole_images_half_of_the_time(self) -> None:
        crops = [drawn(1, "release", seed) for seed in range(200)]
        whole = sum(c is not None and torch.equal(c.fake, images(0)) and torch.equal(c.real, images(1)) for c in crops)
        assert 75 <= whole <= 125
        assert {c.fake.shape for c in crops if c is not None} == {(2, 3, *SIZE), (2, 3, 128, 128)}

    def test_the_paper_shows_objects_always(self) -> None:
        crops = [drawn(1, "objects", seed) for seed in range(10)]
        assert all(c is not None and c.fake.shape == (2, 3, 128, 128) for c in crops)

    def test_at_most_ten_objects_of_the_whole_batch(self) -> None:
        crops = drawn(8, "objects", 0)
        assert crops is not None
        assert len(crops.fake) == len(crops.real) == 10

    def test_another_seed_shows_other_objects(self) -> None:
        one, two = drawn(8, "objects", 0), drawn(8, "objects", 1)
        assert one is not None
        assert two is not None
        assert not torch.equal(one.real, two.real)

    @pytest.mark.parametrize("seed", range(4))
    def test_objects_come_from_their_own_image_in_any_order(self, seed: int) -> None:
        """Given white squares on black, left in one image and right in the other, every crop is white inside."""
        squares = (Box(4, 10, 2, 8), Box(4, 10, 14, 20))
        white = torch.full((2, 3, *SIZE), -1.0)
        scenes = []
        for i, box in enumerate(squares):
            white[i, :, box.min_row : box.max_row + 1, box.min_col : box.max_col + 1] = 1
            nothing = torch.zeros(SIZE, dtype=torch.int64)
            scenes.append(Scene("ab"[i], None, nothing, nothing.int(), (SceneObject(1, 1, None, box),)))
        batch = SceneBatch.from_scenes(scenes)
        crops = style_crops(white, white, batch, "objects", torch.Generator().manual_seed(seed))
        assert crops is not None
        assert (crops.fake[:, :, 48:80, 48:80] == 1).all()

    def test_fake_and_real_are_cropped_at_the_same_places(self) -> None:
        crops = style_crops(images(0), images(0), batch_of(3), "objects", torch.Generator().manual_seed(0))
        assert crops is not None
        assert torch.equal(crops.fake, crops.real)

    def test_gradients_flow_back_into_the_fakes(self) -> None:
        fake = images(0).requires_grad_()
        crops = style_crops(fake, images(1), batch_of(1), "objects", torch.Generator().manual_seed(0))
        assert crops is not None
        (grad,) = torch.autograd.grad(crops.fake.sum(), fake)
        assert grad[:, :, 1:5, 1:5].all()  # inside the object
        assert not grad[:, :, 12:, 16:].any()  # far from it

    def test_the_paper_compares_nothing_in_a_batch_without_objects(self) -> None:
        assert drawn(0, "objects", 0) is None

    def test_crops_stay_in_float32_under_bfloat16(self) -> None:
        with torch.autocast("cpu", torch.bfloat16):
            low = drawn(3, "objects", 0)
        high = drawn(3, "objects", 0)
        assert low is not None
        assert high is not None
        assert torch.equal(low.fake, high.fake)

    def test_the_release_compares_objects_with_parts_alone(self) -> None:
        """Given a white object with parts and a black one without, every crop of the release is white."""
        white, black = Box(4, 10, 2, 8), Box(4, 10, 14, 20)
        image = torch.full((1, 3, *SIZE), -1.0)
        image[0, :, 4:11, 2:9] = 1
        ids = torch.zeros(SIZE, dtype=torch.int64)
        objects = (SceneObject(1, 1, None, black), SceneObject(1, 2, "car", white))
        batch = SceneBatch.from_scenes([Scene("a", torch.zeros(3, *SIZE, dtype=torch.uint8), ids, ids.int(), objects)])
        crops = [style_crops(image, image, batch, "release", torch.Generator().manual_seed(seed)) for seed in range(12)]
        shown = [c.real for c in crops if c is not None and c.real.shape[-1] == 128]
        assert shown
        assert all(len(real) == 1 and real.min() == 1 for real in shown)

    def test_the_release_shows_the_bare_box_by_nearest_pixels(self) -> None:
        """Given noise, each pixel of a crop of the release is a pixel of the box; a crop of the paper blends them."""
        image, batch = images(3), batch_of(1)
        for seed in range(12):
            crops = style_crops(image, image, batch, "release", torch.Generator().manual_seed(seed))
            assert crops is not None
            if crops.real.shape[-1] == 128:
                for i, crop in enumerate(crops.real):
                    own = {tuple(image[j, :, r, c].tolist()) for j in (0, 1) for r in range(6) for c in range(6)}
                    assert {tuple(pixel.tolist()) for pixel in crop.flatten(1).T} <= own, i
        blended = style_crops(image, image, batch, "objects", torch.Generator().manual_seed(0))
        assert blended is not None
        assert len(blended.real[0].flatten(1).unique(dim=1).T) > 500

    def test_without_objects_with_parts_the_release_compares_nothing_half_of_the_time(self) -> None:
        crops = [drawn(0, "release", seed) for seed in range(200)]
        assert 75 <= sum(c is None for c in crops) <= 125

    def test_the_release_shows_some_classes_without_a_part_category_too(self) -> None:
        batch = batch_of(2)
        batch = replace(batch, objects=tuple(replace(item, part_category=None) for item in batch.objects))
        for also, shown in (((), 0), ((1,), 4), ((2,), 0)):
            crops = [
                style_crops(images(0), images(1), batch, "release", torch.Generator().manual_seed(seed), also=also)
                for seed in range(12)
            ]
            found = {len(c.fake) for c in crops if c is not None and c.fake.shape[-1] == 128}
            assert found == ({shown} if shown else set())
