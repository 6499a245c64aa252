"""Parts of whole scenes: every object inferred by itself and pasted at its place."""

from dataclasses import replace

import pytest
import torch

from ipose.data.augment import flip_scene
from ipose.data.object_index import index_objects
from ipose.errors import SupportError
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.scene_parts import CachedParts, SceneParts, infer_scene_parts, predict_objects, predict_part_maps
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.shapes.crop_geometry import geometry_of_objects
from ipose.shapes.object_pastes import paste_objects, pasted_shape_owner
from ipose.testing.partnet_contract import blocky_part_map, tiny_config
from ipose.testing.tiny_scenes import BOX, CAR, SPEC, make_scene
from ipose.types import SceneBatch

PARTS = ("front", "middle", "back", "foot")


@pytest.fixture(scope="module")
def supports():
    maps = {
        name: torch.stack([blocky_part_map(torch.Generator().manual_seed(first + i)) for i in range(2)])
        for name, first in {"car": 0, "dog": 9, "cat": 20}.items()
    }
    return SupportSet(dict.fromkeys(maps, PARTS), maps)


@pytest.fixture(scope="module")
def network(device):
    torch.manual_seed(0)
    return PartNet(tiny_config()).to(device).requires_grad_(False).eval()


@pytest.fixture(scope="module")
def scenes():
    """Three scenes with car, dog and box each; the second without the box, the third without any object."""
    first, second, third = (make_scene(seed) for seed in (0, 1, 2))
    kept = tuple(item for item in second.objects if item.class_id != BOX)
    assert len(kept) == 2
    return [first, replace(second, objects=kept), replace(third, objects=())]


@pytest.fixture(scope="module")
def batch(scenes, device):
    return SceneBatch.from_scenes(scenes).to(device)


@pytest.fixture(scope="module", params=["release", "own_pixels"])
def paste(request):
    return request.param


def own_pixels(batch, item, image):
    return (batch.label[image] == item.class_id) & (batch.instance[image] == item.instance_id)


class TestInferSceneParts:
    """Each object with parts is cropped, inferred from the supports of its category, and pasted back."""

    def test_shapes_and_ranges(self, network, batch, supports):
        parts = infer_scene_parts(network, batch, supports)
        assert parts.features.shape == (3, 18, 32, 48)
        assert parts.logits.shape == (3, 9, 32, 48)
        assert parts.mask.shape == (3, 1, 32, 48)
        assert parts.part_map.shape == (3, 32, 48)
        assert parts.shapes.shape == (4, 1, 64, 64)
        assert torch.equal(parts.mask[:, 0] == 1, parts.part_map > 0)

    def test_pastes_by_the_releases_rule_unless_asked_otherwise(self, network, batch, supports):
        default, release, own = (
            infer_scene_parts(network, batch, supports, **rule).logits
            for rule in ({}, {"paste": "release"}, {"paste": "own_pixels"})
        )
        assert torch.equal(default, release)
        assert not torch.equal(default, own)

    def test_no_objects_give_zeros(self, network, scenes, supports, paste, device):
        parts = infer_scene_parts(network, SceneBatch.from_scenes(scenes[2:]).to(device), supports, paste=paste)
        assert parts.features.shape == (1, 18, 32, 48)
        assert parts.logits.shape == (1, 9, 32, 48)
        assert parts.mask.shape == (1, 1, 32, 48)
        assert not any(tensor.any() for tensor in (parts.features, parts.logits, parts.mask))
        assert parts.objects == ()

    def test_an_image_without_objects_among_others_stays_empty(self, network, batch, supports, paste):
        parts = infer_scene_parts(network, batch, supports, paste=paste)
        assert not any(tensor[2].any() for tensor in (parts.features, parts.logits, parts.mask))
        assert all(tensor[0].any() for tensor in (parts.features, parts.logits, parts.mask))

    def test_objects_whose_class_has_no_parts_are_left_alone(self, network, batch, scenes, supports, paste):
        parts = infer_scene_parts(network, batch, supports, paste=paste)
        assert [item.part_category for item in parts.objects] == [
            item.part_category for scene in scenes for item in scene.objects if item.class_id != BOX
        ]
        without = [replace(s, objects=tuple(item for item in s.objects if item.class_id != BOX)) for s in scenes]
        other = infer_scene_parts(
            network, SceneBatch.from_scenes(without).to(batch.label.device), supports, paste=paste
        )
        assert torch.equal(parts.logits, other.logits)

    def test_a_batch_equals_its_scenes_one_by_one(self, network, batch, scenes, supports, paste):
        together = infer_scene_parts(network, batch, supports, paste=paste)
        for i, scene in enumerate(scenes):
            alone = infer_scene_parts(
                network, SceneBatch.from_scenes([scene]).to(batch.label.device), supports, paste=paste
            )
            for name in ("features", "logits", "mask"):
                torch.testing.assert_close(
                    getattr(together, name)[i : i + 1], getattr(alone, name), atol=1e-5, rtol=1e-4
                )

    def test_own_pixels_writes_exactly_the_pixels_of_objects_with_parts(self, network, batch, supports):
        written = infer_scene_parts(network, batch, supports, paste="own_pixels").logits.ne(0).any(1)
        expected = torch.zeros_like(written)
        for item, image in zip(batch.objects, batch.image_index.tolist(), strict=True):
            if item.part_category is not None:
                expected[image] |= own_pixels(batch, item, image)
        assert torch.equal(written, expected)

    def test_a_later_object_overwrites_an_earlier_one(self, network, supports, device):
        """Given one rectangle listed twice, first as a car and then as a dog, the dog's parts are what is seen."""
        scene = make_scene(0)
        car = next(item for item in scene.objects if item.part_category == "car")
        as_dog = replace(car, part_category="dog")
        one, both, other = (
            infer_scene_parts(
                network, SceneBatch.from_scenes([replace(scene, objects=objects)]).to(device), supports
            ).logits
            for objects in ((as_dog,), (car, as_dog), (as_dog, car))
        )
        torch.testing.assert_close(both, one, atol=1e-5, rtol=1e-4)
        assert not torch.allclose(other, one)

    def test_features_and_logits_are_pasted_where_their_object_lies(self, network, batch, supports):
        """Pixel values of a pasted logit come from the object's own answer, nearest; features are bilinear."""
        parts = infer_scene_parts(network, batch, supports, paste="own_pixels")
        answers = predict_objects(network, parts.shapes, [str(o.part_category) for o in parts.objects], supports)
        image = batch.image_index[[item.part_category is not None for item in batch.objects]].tolist()
        for item, logits, i in zip(parts.objects, answers.logits, image, strict=True):
            pixels = parts.logits[i, 3][own_pixels(batch, item, i)]
            assert torch.isin(pixels, logits[3]).all()
        kept = [i for i, item in enumerate(batch.objects) if item.part_category is not None]
        where = batch.image_index[kept], geometry_of_objects(parts.objects, batch.size)
        owner = pasted_shape_owner(parts.shapes, *where, len(batch.label))
        found = infer_scene_parts(network, batch, supports, paste="release").features
        torch.testing.assert_close(found, paste_objects(answers.features, owner, where[1], mode="bilinear"))

    def test_a_category_without_supports_is_named(self, network, batch, supports):
        lacking = SupportSet({"cat": PARTS}, {"cat": supports.part_maps["cat"]})
        with pytest.raises(SupportError, match=r"no supports for part category '(car|dog)'.*Draw them"):
            infer_scene_parts(network, batch, lacking)

    def test_gradient_reaches_partnet_where_it_is_asked_for(self, batch, supports, device):
        torch.manual_seed(0)
        learning = PartNet(tiny_config()).to(device)
        infer_scene_parts(learning, batch, supports).features.square().sum().backward()
        assert learning.decoder.doublings[2][0].weight.grad.any()


class TestPredictObjects:
    """Objects of named categories: the supports of a category are encoded once, whatever the order."""

    def test_equals_the_network_with_each_objects_supports(self, network, supports, device):
        shapes = torch.stack([blocky_part_map(torch.Generator().manual_seed(50 + i)) > 0 for i in range(3)])[:, None]
        shapes, names = shapes.float().to(device), ["dog", "car", "dog"]
        found, expected = (
            predict_objects(network, shapes, names, supports),
            network(shapes, supports.of(names).to(device)),
        )
        torch.testing.assert_close(found.logits, expected.logits, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(found.features, expected.features, atol=1e-5, rtol=1e-4)
        maps = predict_part_maps(network, shapes, names, supports)
        assert maps.dtype == torch.uint8
        assert torch.equal(maps, found.part_maps(shapes))

    def test_no_objects_have_no_part_maps(self, network, supports, device):
        assert predict_part_maps(network, torch.zeros(0, 1, 64, 64, device=device), [], supports).shape == (0, 64, 64)


@pytest.fixture(scope="module")
def drawn_scenes():
    """Four scenes of PartWorld with cars and dogs."""
    return list(PartWorld(PartWorldConfig(count=4, size=(64, 64), categories=("car", "dog"), objects=(1, 2))))


@pytest.fixture(scope="module")
def ask():
    """(infer, asked): infer_parts of a tiny PartNet, and the names that it was asked for."""
    torch.manual_seed(0)
    network, asked = PartNet(tiny_config()).eval(), []
    maps = torch.stack([blocky_part_map(torch.Generator().manual_seed(i)) for i in range(2)])
    supports = SupportSet({"car": tuple("abcd"), "dog": tuple("abcd")}, {"car": maps, "dog": maps.flip(-1)})

    def infer(batch):
        asked.extend(batch.names)
        with torch.no_grad():
            return infer_scene_parts(network, batch, supports)

    return infer, asked


class TestCachedParts:
    """CachedParts answers as PartNet does, and asks it once a scene."""

    @pytest.mark.parametrize("part_input", ["features", "logits"])
    def test_a_cached_scene_has_the_parts_that_partnet_infers(self, drawn_scenes, ask, part_input):
        infer, asked = ask
        cached = CachedParts(infer, part_input)
        cached(SceneBatch.from_scenes(drawn_scenes[:3]))
        batch = SceneBatch.from_scenes([drawn_scenes[1], drawn_scenes[3], drawn_scenes[0]])
        expected = infer(batch)
        del asked[:]
        parts = cached(batch)
        assert asked == [drawn_scenes[3].name]
        torch.testing.assert_close(getattr(parts, part_input), getattr(expected, part_input), atol=1e-5, rtol=1e-5)
        assert torch.equal(parts.mask, expected.mask)

    def test_a_scene_has_the_same_parts_to_the_last_bit_in_whatever_batch_it_was_first_met(self, drawn_scenes, ask):
        together, alone = (CachedParts(ask[0], "logits") for _ in range(2))
        batch = SceneBatch.from_scenes(drawn_scenes[:3])
        one_by_one = [alone(SceneBatch.from_scenes([scene])).logits for scene in drawn_scenes[:3]]
        assert torch.equal(together(batch).logits, torch.cat(one_by_one))

    def test_a_scene_is_asked_for_alone_with_all_its_maps(self, scenes):
        asked, nothing = [], torch.zeros(1, 1, 32, 48)
        cached = CachedParts(lambda batch: asked.append(batch) or SceneParts(nothing, nothing, nothing), "logits")
        cached(SceneBatch.from_scenes(scenes))
        for given, scene in zip(asked, scenes, strict=True):
            alone = SceneBatch.from_scenes([scene])
            assert (given.names, given.objects, given.unlabelled) == (alone.names, alone.objects, alone.unlabelled)
            for name in ("image", "label", "instance", "part", "image_index"):
                assert torch.equal(getattr(given, name), getattr(alone, name)), name

    def test_moves_what_infers(self):
        moved = []

        class Infer:
            def to(self, device):
                moved.append(device)

            def __call__(self, batch):
                raise NotImplementedError

        CachedParts(Infer(), "logits").to("meta")
        assert moved == ["meta"]

    def test_only_what_the_generator_reads_is_cached(self, drawn_scenes, ask):
        batch = SceneBatch.from_scenes(drawn_scenes[:2])
        parts = CachedParts(ask[0], "features")(batch)
        assert parts.logits.shape == (2, 1, 64, 64)
        assert not parts.logits.any()
        assert CachedParts(ask[0], "logits")(batch).features.shape == (2, 1, 64, 64)

    def test_a_mirrored_scene_of_the_same_name_has_parts_of_its_own(self, drawn_scenes, ask):
        infer, asked = ask
        cached, mirrored = CachedParts(infer, "logits"), flip_scene(drawn_scenes[0])
        cached(SceneBatch.from_scenes([drawn_scenes[0]]))
        batch = SceneBatch.from_scenes([mirrored])
        assert torch.equal(cached(batch).logits, infer(batch).logits)
        del asked[:]
        cached(SceneBatch.from_scenes([drawn_scenes[0], mirrored]))
        assert asked == []

    def test_what_is_known_is_not_asked_again(self, drawn_scenes, ask):
        infer, asked = ask
        cached, batch = CachedParts(infer, "logits"), SceneBatch.from_scenes(drawn_scenes[:2])
        del asked[:]
        for _ in range(3):
            cached(batch)
        assert asked == [scene.name for scene in drawn_scenes[:2]]


class TestObjectShape:
    """Which pixels are an object's: by label and instance id, or by the instance id alone (the release)."""

    @pytest.fixture
    def with_a_hole(self, scenes, device):
        """The first scene, with a hole of another label in the middle of its first object, and the hole."""
        scene, item = scenes[0], scenes[0].objects[0]
        own = (scene.label == item.class_id) & (scene.instance == item.instance_id)
        rows, cols = own.nonzero(as_tuple=True)
        hole = torch.zeros_like(own)
        hole[rows.median() : rows.median() + 2, cols.median() : cols.median() + 2] = True
        hole &= own
        label = torch.where(hole, (item.class_id + 1) % 4, scene.label)
        assert hole.sum() == 4
        return SceneBatch.from_scenes([replace(scene, label=label)]).to(device)

    def test_a_hole_of_another_label_belongs_to_the_object_by_the_releases_rule(
        self, network, scenes, with_a_hole, supports, device
    ):
        whole = infer_scene_parts(network, SceneBatch.from_scenes(scenes[:1]).to(device), supports)
        by_instance = infer_scene_parts(network, with_a_hole, supports, object_shape="instance")
        by_both = infer_scene_parts(network, with_a_hole, supports)
        assert torch.equal(by_instance.shapes, whole.shapes)
        assert by_both.shapes[0].sum() < whole.shapes[0].sum()
        assert torch.equal(by_both.shapes[1:], whole.shapes[1:])

    def test_a_polygon_one_pixel_off_its_label_stays_as_it_is_by_the_releases_rule(
        self, network, scenes, supports, device
    ):
        """Given an instance map that reaches one row beyond its label, the row belongs to the silhouette."""
        scene, item = scenes[0], scenes[0].objects[0]
        rows = torch.arange(scene.label.shape[0])[:, None].expand_as(scene.label)
        own = (scene.label == item.class_id) & (scene.instance == item.instance_id)
        label = torch.where(own & (rows == rows[own].max()), (item.class_id + 1) % 4, scene.label)
        off = SceneBatch.from_scenes([replace(scene, label=label)]).to(device)
        exact = infer_scene_parts(network, SceneBatch.from_scenes(scenes[:1]).to(device), supports)
        assert torch.equal(infer_scene_parts(network, off, supports, object_shape="instance").shapes, exact.shapes)
        assert not torch.equal(infer_scene_parts(network, off, supports).shapes, exact.shapes)

    def test_of_two_objects_of_one_id_the_larger_counts_though_it_has_no_parts(self, network, scenes, supports, device):
        """Given the car's instance id on the box too, which is larger, the release sees one object, without parts."""
        scene = scenes[0]
        label, instance = torch.ones_like(scene.label), torch.zeros_like(scene.instance)
        label[4:24, 4:24], label[24:30, 4:24], instance[4:30, 4:24] = BOX, CAR, 1
        one = replace(scene, label=label, instance=instance, objects=index_objects(label, instance, SPEC))
        assert [item.class_id for item in one.objects] == [CAR, BOX]
        batch = SceneBatch.from_scenes([one]).to(device)
        assert not infer_scene_parts(network, batch, supports, object_shape="instance").objects
        assert [item.class_id for item in infer_scene_parts(network, batch, supports).objects] == [CAR]

    def test_own_pixels_are_pasted_by_the_same_rule(self, network, scenes, with_a_hole, supports, device):
        whole = SceneBatch.from_scenes(scenes[:1]).to(device)
        expected = infer_scene_parts(network, whole, supports, paste="own_pixels").logits
        found = infer_scene_parts(network, with_a_hole, supports, paste="own_pixels", object_shape="instance").logits
        assert torch.equal(found, expected)
