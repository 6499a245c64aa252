"""IPose: scene in, image out."""

from dataclasses import replace

import pytest
import torch

from ipose.editing.support_edits import EditSupports
from ipose.errors import ConfigError, ShapeMismatchError, SupportError
from ipose.part_annotations import SupportSet
from ipose.pipeline import IPose
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import Scene, SceneBatch


class TestImages:
    """One scene and one seed are one image."""

    def test_image_parts_and_logits_have_the_scenes_size(self, model):
        out = model(make_scene(0), seed=7)
        assert (out.image.shape, out.image.dtype) == ((3, 32, 48), torch.float32)
        assert out.image.abs().max() <= 1
        assert (out.parts.shape, out.parts.dtype) == ((32, 48), torch.uint8)
        assert out.part_logits.shape == (9, 32, 48)
        assert torch.equal(out.part_logits.argmax(0).to(torch.uint8), out.parts)
        assert out.image_uint8().dtype == torch.uint8

    def test_the_same_seed_gives_the_same_image_alone_or_in_a_batch(self, model):
        scenes = [make_scene(i) for i in range(3)]
        together = list(model.generate(scenes, seed=7))
        backwards = list(model.generate(scenes[::-1], seed=7))[::-1]
        for scene, out, again in zip(scenes, together, backwards, strict=True):
            alone = model(scene, seed=7)
            torch.testing.assert_close(alone.image, out.image, atol=1e-5, rtol=0)
            torch.testing.assert_close(again.image, out.image, atol=1e-5, rtol=0)
            assert torch.equal(alone.parts, out.parts)

    def test_another_seed_or_another_name_is_another_image_with_the_same_parts(self, model):
        scene = make_scene(0)
        first = model(scene, seed=1)
        for other in (model(scene, seed=2), model(replace(scene, name="other"), seed=1)):
            assert (first.image - other.image).abs().max() > 1e-3
            assert torch.equal(first.parts, other.parts)

    def test_a_photograph_changes_nothing(self, model):
        scene = make_scene(0)
        assert torch.equal(model(scene).image, model(replace(scene, image=None)).image)

    def test_parts_reach_the_image(self, model):
        scene = make_scene(0)
        without = model(replace(scene, objects=()))
        assert int(without.parts.max()) == 0
        assert (model(scene).image - without.image).abs().max() > 1e-4

    def test_edited_supports_are_what_parts_are_inferred_from(self, model):
        scene, edit = make_scene(0), EditSupports("car", drop="top")
        draft, batch = model.draft(scene, edit), SceneBatch.from_scenes([scene])
        edited = model(scene, seed=3, edit=edit)
        assert torch.equal(edited.part_logits, model.infer_parts(batch, draft.supports).logits[0])
        assert not torch.equal(edited.part_logits, model(scene, seed=3).part_logits)

    def test_a_scene_without_objects_is_painted(self, model):
        label = torch.ones(32, 48, dtype=torch.int64)
        out = model(Scene("sky", None, label, torch.zeros(32, 48, dtype=torch.int32), ()))
        assert out.image.isfinite().all()
        assert not out.parts.any()

    def test_no_scenes_give_no_images(self, model):
        assert list(model.generate([])) == []

    def test_painting_known_parts_is_generating(self, model):
        scene = make_scene(0)
        batch = SceneBatch.from_scenes([scene])
        assert torch.equal(model.paint(batch, model.infer_parts(batch), seed=3)[0], model(scene, seed=3).image)

    def test_using_the_model_leaves_it_as_it_was(self, model):
        before = {name: value.clone() for name, value in model.generator.state_dict().items()}
        random = torch.random.get_rng_state()
        model(make_scene(0))
        assert all(torch.equal(value, before[name]) for name, value in model.generator.state_dict().items())
        assert torch.equal(torch.random.get_rng_state(), random)


class TestRefusals:
    """What cannot be painted is refused in a sentence."""

    def test_a_size_that_the_blocks_cannot_reach(self, model):
        with pytest.raises(ShapeMismatchError, match="found 36x48, expected height and width in multiples of 8"):
            model(make_scene(0, (36, 48)))

    @pytest.mark.parametrize("value", [torch.zeros(3, 4), "label.png", None], ids=["tensor", "path", "none"])
    def test_what_is_no_scene(self, model, value):
        with pytest.raises(ConfigError, match=r"not a scene: found .*, expected a Scene. Scene\.from_arrays"):
            list(model.generate(iter([value])))

    def test_an_object_of_a_category_without_supports(self, model):
        scene = make_scene(0)
        stranger = replace(scene.objects[0], part_category="unicorn")
        with pytest.raises(SupportError, match="unicorn"):
            model(replace(scene, objects=(stranger,)))

    def test_a_model_without_supports_where_there_are_objects_with_parts(self, model):
        bare = IPose(model.generator, model.partnet, SupportSet({}, {}), SPEC)
        with pytest.raises(SupportError, match="no support part maps"):
            bare(make_scene(0))

    def test_a_model_without_supports_paints_scenes_that_need_none(self, model):
        bare = IPose(model.generator, model.partnet, SupportSet({}, {}), SPEC)
        empty = replace(make_scene(0), objects=())
        assert torch.equal(bare(empty).image, model(empty).image)


class TestObjectsWithoutSupports:
    """`objects_without_supports` lists what would be refused."""

    def test_those_whose_category_has_none(self, model):
        scene = make_scene(0)
        assert model.objects_without_supports(scene) == ()
        bare = IPose(model.generator, model.partnet, SupportSet({}, {}), SPEC)
        assert {item.part_category for item in bare.objects_without_supports(scene)} == {"dog", "car"}
