"""What any way to crop objects, and any way to paste them back, must do."""

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar, Literal

import pytest
import torch
import torch.nn.functional as F
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor

from ipose.reference import object_crops as reference
from ipose.testing.claims import interface, law, paper_method
from ipose.testing.shape_strategies import ObjectScene, object_scenes

Mode = Literal["bilinear", "nearest"]
SIDE = 16
"""Of the object frame in these tests; implementations take any."""


def places(scene: ObjectScene) -> list[reference.Place]:
    """The literal reference's word for where each object lies."""
    boxes, sizes = scene.boxes.tolist(), scene.original_size.tolist()
    return [reference.place(tuple(b), tuple(s), scene.image_size) for b, s in zip(boxes, sizes, strict=True)]


def literal_shapes(scene: ObjectScene, side: int) -> Tensor:
    """`reference.crop_object_shapes` of a scene."""
    ids = zip(scene.image_index.tolist(), scene.class_ids.tolist(), scene.instance_ids.tolist(), strict=True)
    objects = [(*row, place) for row, place in zip(ids, places(scene), strict=True)]
    if not objects:
        return torch.zeros(0, 1, side, side, device=scene.label.device)
    return reference.crop_object_shapes(scene.label, scene.instance, objects, side)


def literal_paste(features: Tensor, shapes: Tensor, scene: ObjectScene, mode: Mode) -> Tensor:
    """`reference.paste_objects` of a scene, by the release's rule."""
    if not len(scene):
        return features.new_zeros(scene.label.shape[0], features.shape[1], *scene.image_size)
    where = places(scene)
    masks = [reference.pasted_shape(s, w, scene.image_size) for s, w in zip(shapes, where, strict=True)]
    return reference.paste_objects(features, masks, scene.image_index.tolist(), where, scene.label.shape[0], mode)


def some_features(scene: ObjectScene, seed: int, channels: int = 3) -> Tensor:
    """float64 (n, channels, SIDE, SIDE), made on the CPU, then moved."""
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(len(scene), channels, SIDE, SIDE, generator=generator, dtype=torch.float64)
    return features.to(scene.label.device)


class ObjectCropsContract:
    """A crop shows one object's silhouette, and nothing else, in a square frame.

    `crop(scene, side)` returns float32 (n, 1, side, side).
    """

    crop: ClassVar[Callable[..., Tensor]]

    @law(scene=object_scenes(), side=st.sampled_from([5, SIDE, 64]))
    @paper_method("the steps of the authors' crop and paste (iPOSE sec. 3.1)")
    def test_matches_the_literal_steps(self, device: torch.device, scene: ObjectScene, side: int) -> None:
        scene = scene.to(device)
        assert torch.equal(self.crop(scene, side), literal_shapes(scene, side))

    @law(scene=object_scenes(min_objects=1))
    @interface
    def test_a_batch_equals_its_objects_one_by_one(self, device: torch.device, scene: ObjectScene) -> None:
        scene = scene.to(device)
        alone = [self.crop(scene.select(torch.tensor([i], device=device)), SIDE) for i in range(len(scene))]
        assert torch.equal(self.crop(scene, SIDE), torch.cat(alone))

    @law(scene=object_scenes(min_objects=1))
    @interface
    def test_shows_nothing_of_other_objects(self, device: torch.device, scene: ObjectScene) -> None:
        first = scene.select(torch.tensor([0])).to(device)
        own = (first.label == first.class_ids) & (first.instance == first.instance_ids)
        without = replace(first, label=first.label * own, instance=first.instance * own)
        assert torch.equal(self.crop(first, SIDE), self.crop(without, SIDE))

    @law(scene=object_scenes(min_objects=1), down=st.integers(0, 5), right=st.integers(0, 5))
    @interface
    def test_moves_with_its_object(self, device: torch.device, scene: ObjectScene, down: int, right: int) -> None:
        """In the middle of a larger image, a shifted object has the same crop."""
        still, moved = (surrounded(scene, *shift).to(device) for shift in ((0, 0), (down, right)))
        assert torch.equal(self.crop(still, SIDE), self.crop(moved, SIDE))

    @interface
    def test_no_objects_make_no_crops(self, device: torch.device) -> None:
        assert self.crop(empty_scene().to(device), SIDE).shape == (0, 1, SIDE, SIDE)

    @paper_method("the steps of the authors' crop (iPOSE sec. 3.1)")
    def test_a_box_that_ends_odd_at_the_border_grows_to_the_other_side(self, device: torch.device) -> None:
        """Rows 3..7 of 8: [1, 8) is odd and full below, so [0, 8); columns 0..4: [0, 6)."""
        scene = one_object((3, 7, 0, 4), (8, 8)).to(device)
        expected = torch.zeros(8, 8, device=device)
        expected[3:8, 1:6] = 1  # one column of padding left of the 6 columns
        assert torch.equal(self.crop(scene, 8)[0, 0], expected)

    @paper_method("the photograph's aspect is restored before the crop (iPOSE sec. 3.1)")
    def test_a_squashed_landscape_object_gets_its_width_back(self, device: torch.device) -> None:
        """A 4x4 box is cropped 8x8; from 240x480 it becomes 8x16, padded by 4 rows above and below."""
        scene = one_object((8, 12, 8, 12), (24, 24), original_size=(240, 480)).to(device)
        expected = torch.zeros(16, 16, device=device)
        expected[6:11, 4:14] = 1  # rows 2..6 of 8, columns 2..6 doubled
        assert torch.equal(self.crop(scene, 16)[0, 0], expected)


class ObjectPastesContract:
    """A paste brings per-object maps back to the image plane: where the pasted-back shape is 1, and 0 elsewhere.

    `paste(features, shapes, scene, mode)` takes (n, c, s, s) and (n, 1, s, s) and returns (b, c, h, w).
    """

    paste: ClassVar[Callable[..., Tensor]]

    @law(scene=object_scenes(), mode=st.sampled_from(["bilinear", "nearest"]), seed=st.integers(0, 99))
    @paper_method("the steps of the authors' crop and paste (iPOSE sec. 3.1)")
    def test_matches_the_literal_steps(self, device: torch.device, scene: ObjectScene, mode: Mode, seed: int) -> None:
        scene = scene.to(device)
        features, shapes = some_features(scene, seed), literal_shapes(scene, SIDE)
        expected = literal_paste(features, shapes, scene, mode)
        torch.testing.assert_close(self.paste(features, shapes, scene, mode), expected, rtol=0, atol=1e-12)

    @law(scene=object_scenes(min_objects=1), mode=st.sampled_from(["bilinear", "nearest"]), seed=st.integers(0, 99))
    @paper_method("the steps of the authors' paste (iPOSE sec. 3.1)")
    def test_has_the_gradient_of_the_literal_steps(
        self, device: torch.device, scene: ObjectScene, mode: Mode, seed: int
    ) -> None:
        scene = scene.to(device)
        features, shapes = some_features(scene, seed).requires_grad_(), literal_shapes(scene, SIDE)
        assume(bool(literal_paste(torch.ones_like(features), shapes, scene, mode).any()))
        of = [paste(features, shapes, scene, mode) for paste in (self.paste, literal_paste)]
        weight = torch.randn(of[0].shape, generator=torch.Generator().manual_seed(seed)).to(features)
        found, expected = (torch.autograd.grad((out * weight).sum(), features)[0] for out in of)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)

    @law(scene=object_scenes(), mode=st.sampled_from(["bilinear", "nearest"]))
    @interface
    def test_a_constant_stays_that_constant(self, device: torch.device, scene: ObjectScene, mode: Mode) -> None:
        scene = scene.to(device)
        shapes = literal_shapes(scene, SIDE)
        out = self.paste(some_features(scene, 0) * 0 + 7, shapes, scene, mode)
        written = literal_paste(shapes, shapes, scene, "nearest") > 0
        torch.testing.assert_close(out, 7.0 * written.expand_as(out).double(), rtol=0, atol=1e-12)

    @law(scene=object_scenes(images=3), seed=st.integers(0, 99))
    @interface
    def test_a_batch_equals_its_images_one_by_one(self, device: torch.device, scene: ObjectScene, seed: int) -> None:
        scene = scene.to(device)
        features, shapes = some_features(scene, seed), literal_shapes(scene, SIDE)
        alone = []
        for i in range(3):
            mine = scene.image_index == i
            alone.append(self.paste(features[mine], shapes[mine], scene.image(i), "bilinear"))
        torch.testing.assert_close(self.paste(features, shapes, scene, "bilinear"), torch.cat(alone))

    @law(scene=object_scenes(min_objects=2, max_objects=3, images=1), seed=st.integers(0, 99))
    @interface
    def test_order_matters_only_where_objects_overlap(
        self, device: torch.device, scene: ObjectScene, seed: int
    ) -> None:
        scene = scene.to(device)
        features, shapes = some_features(scene, seed), literal_shapes(scene, SIDE)
        back = torch.arange(len(scene) - 1, -1, -1, device=device)
        forward = self.paste(features, shapes, scene, "nearest")
        backward = self.paste(features[back], shapes[back], scene.select(back), "nearest")
        alone = [scene.select(torch.tensor([i], device=device)) for i in range(len(scene))]
        written = [literal_paste(shapes[i : i + 1], shapes[i : i + 1], alone[i], "nearest") for i in range(len(scene))]
        overlap = torch.stack(written).sum(0) > 1
        assert torch.equal(forward * ~overlap, backward * ~overlap)

    @paper_method("features of objects are written one after the other (iPOSE sec. 3.1)")
    def test_a_later_object_overwrites_an_earlier_one(self, device: torch.device) -> None:
        both = one_object((4, 11, 4, 11), (20, 20)).select(torch.tensor([0, 0])).to(device)
        features = torch.stack([torch.full((1, SIDE, SIDE), value) for value in (3.0, 5.0)]).to(device)
        out = self.paste(features, torch.ones_like(features), both, "nearest")
        assert set(out.unique().tolist()) == {0.0, 5.0}

    @interface
    def test_no_objects_paste_to_zeros(self, device: torch.device) -> None:
        nothing = torch.zeros(0, 3, SIDE, SIDE, device=device)
        out = self.paste(nothing, nothing[:, :1], empty_scene().to(device), "bilinear")
        assert out.shape == (2, 3, 8, 9)
        assert not out.any()

    @pytest.mark.parametrize("times", [1, 2, 3])
    @interface
    def test_a_crop_of_a_paste_is_what_was_pasted(self, device: torch.device, times: int) -> None:
        """Where the square's side is a whole multiple of the frame's, nearest there and back loses nothing."""
        scene = one_object((4, 4 * SIDE * times // 4, 4, 4 * SIDE * times // 4), (60, 60)).to(device)
        features = torch.randn(1, 2, SIDE, SIDE, generator=torch.Generator().manual_seed(0)).to(device)
        plane = self.paste(features, torch.ones_like(features[:, :1]), scene, "nearest")
        assert torch.equal(reference.crop(plane[0], places(scene)[0], SIDE), features[0])


def surrounded(scene: ObjectScene, down: int, right: int) -> ObjectScene:
    """The scene inside a larger image, 4 pixels or more from every border; unsquashed."""
    margin = (4 + right, 9 - right, 4 + down, 9 - down)
    shift = torch.tensor([4 + down, 4 + down, 4 + right, 4 + right])
    return replace(
        scene,
        label=F.pad(scene.label, margin),
        instance=F.pad(scene.instance, margin),
        boxes=scene.boxes + shift,
        original_size=torch.ones_like(scene.original_size),
    )


def empty_scene() -> ObjectScene:
    """Two images of 8x9 without objects."""
    plane = torch.zeros(2, 8, 9, dtype=torch.int64)
    none = torch.zeros(0, dtype=torch.int64)
    return ObjectScene(plane, plane.int(), none, none, none, none.reshape(0, 4), none.reshape(0, 2))


def one_object(
    box: tuple[int, int, int, int], image_size: tuple[int, int], original_size: tuple[int, int] = (1, 1)
) -> ObjectScene:
    """One image, with one object that fills its box (inclusive): class 1, instance 1."""
    plane = torch.zeros(1, *image_size, dtype=torch.int64)
    plane[:, box[0] : box[1] + 1, box[2] : box[3] + 1] = 1
    one = torch.ones(1, dtype=torch.int64)
    return ObjectScene(plane, plane.int(), one, one, one - 1, torch.tensor([box]), torch.tensor([original_size]))
