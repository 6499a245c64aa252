"""Resample and Blend: another texture, there and only there."""

from dataclasses import replace

import pytest
import torch
from hypothesis import strategies as st

from ipose.data.object_index import index_objects
from ipose.editing.contexts import NoiseContext, pixel_noise
from ipose.editing.draft import Draft
from ipose.editing.noise_edits import Blend, Resample
from ipose.errors import ConfigError
from ipose.layers.spade import nearest
from ipose.testing.claims import law
from ipose.testing.tiny_scenes import BOX, CAR, SPEC, make_scene
from ipose.types import Scene

SEEDS = st.integers(0, 30)

REACH_PX = 221
"""How far from a pixel the generator of six blocks can look at most."""


def pixels_of(scene, number):
    item = scene.objects[number]
    return (scene.label == item.class_id) & (scene.instance == item.instance_id)


def shown_part(model, scene, out):
    """(object, part name, its pixels) of some part that an object shows; None where no object shows one."""
    for number, item in enumerate(scene.objects):
        names = model.supports.part_names.get(item.part_category, ())
        for part, name in enumerate(names, start=1):
            region = pixels_of(scene, number) & (out.parts == part)
            if region.any():
                return number, name, region
    return None


class TestResample:
    """New z in a region; everything else that the generator receives stays, bit for bit."""

    @law(seed=SEEDS)
    def test_spades_inputs_outside_the_region_are_bit_identical_and_inside_are_new(self, model, watch, seed):
        scene = make_scene(seed)
        region = pixels_of(scene, 0)
        before = watch(model, lambda: model(scene, seed=seed))
        after = watch(model, lambda: model(scene, seed=seed, edit=Resample(object=0)))
        assert len(before.maps) > 8
        for old, new in zip(before.maps, after.maps, strict=True):
            inside = nearest(region[None, None].float(), old.shape[-2:])[0, 0] > 0
            assert torch.equal(old[..., ~inside], new[..., ~inside])
            z = model.synthesis.z_channels
            assert (old[:, :z, inside] != new[:, :z, inside]).all()
            assert torch.equal(old[:, z:], new[:, z:])

    @law(seed=SEEDS)
    def test_parts_mask_and_structure_noise_stay(self, model, watch, seed):
        scene = make_scene(seed)
        before = watch(model, lambda: model(scene))
        after = watch(model, lambda: model(scene, edit=Resample(everything=True)))
        assert torch.equal(before.features, after.features)
        assert torch.equal(before.mask, after.mask)
        assert torch.equal(before.part_noise, after.part_noise)

    @law(seed=SEEDS)
    def test_a_part_of_one_object_is_drawn_anew_alone(self, model, watch, seed):
        scene = make_scene(seed)
        before = watch(model, lambda: model(scene))
        found = shown_part(model, scene, before.out)
        if found is None:
            return
        number, name, region = found
        after = watch(model, lambda: model(scene, edit=Resample(part=(number, name))))
        changed = (before.maps[-1] != after.maps[-1])[0].any(0)
        assert torch.equal(changed, region)

    @pytest.mark.parametrize("seed", [0, 9])
    def test_everything_with_a_seed_has_that_seeds_texture(self, model, watch, seed):
        scene = make_scene(0)
        drawn = watch(model, lambda: model(scene, seed=1, edit=Resample(everything=True, seed=seed)))
        other = watch(model, lambda: model(scene, seed=seed))
        assert all(torch.equal(a, b) for a, b in zip(drawn.maps, other.maps, strict=True))

    def test_the_seed_after_the_scenes_own_is_meant_where_none_is_named(self, model):
        scene = make_scene(0)
        named = model(scene, seed=4, edit=Resample(object=0, seed=5))
        assert torch.equal(model(scene, seed=4, edit=Resample(object=0)).image, named.image)
        assert not torch.equal(model(scene, seed=4).image, named.image)

    def test_the_image_is_bit_identical_beyond_the_reach_of_the_convolutions(self, make_model):
        """Given a long, low map and a box at its left end, when the box is drawn anew, then far pixels stay."""
        model = make_model(
            channel_multipliers=(2, 2, 2, 2, 2, 2, 2), height=64, width=64, discriminator_channels=(3, 2, 2, 2, 2, 2)
        )
        label = torch.ones(32, 2048, dtype=torch.int64)
        label[8:24, 4:32] = BOX
        instance = (label == BOX).to(torch.int32)
        scene = Scene("long", None, label, instance, index_objects(label, instance, SPEC))
        before, after = model(scene), model(scene, edit=Resample(object=0))
        changed = (before.image != after.image).any(0).any(0).nonzero().flatten()
        assert torch.equal(before.image[..., 32 + REACH_PX :], after.image[..., 32 + REACH_PX :])
        assert 32 + 100 < int(changed.max()) < 32 + REACH_PX  # the bound is no empty one

    @pytest.mark.parametrize(
        "asked", [{}, {"everything": True, "object": 1}, {"object": 1, "part": (1, "top")}], ids=lambda x: str(len(x))
    )
    def test_exactly_one_region_is_named(self, asked):
        with pytest.raises(ConfigError, match="what shall be drawn anew"):
            Resample(**asked)

    def test_a_part_that_the_category_does_not_have_is_refused_with_those_it_has(self, model):
        with pytest.raises(ConfigError, match=r"object 0 has no such part: found 'door', expected top, bottom, wheel"):
            model(make_scene(0), edit=Resample(part=(0, "door")))

    def test_an_object_without_parts_has_none_to_draw_anew(self, model):
        scene = make_scene(0)
        number = [item.class_id for item in scene.objects].index(BOX)
        with pytest.raises(ConfigError, match="expected an object whose class has parts"):
            model(scene, edit=Resample(part=(number, "top")))

    def test_a_part_that_does_not_show_is_named_with_those_that_do(self, model):
        scene = make_scene(0)
        assert scene.objects[0].class_id == CAR
        parts = torch.full(scene.size, 2, dtype=torch.uint8)
        context = NoiseContext(Draft(scene, model.supports, SPEC), parts, 0, model.synthesis)
        with pytest.raises(ConfigError, match="object 0 shows no wheel here: expected bottom"):
            context.part_region(0, "wheel")


class TestBlend:
    """Noise between two seeds."""

    @pytest.mark.parametrize(("t", "seed"), [(0.0, 3), (1.0, 8)])
    def test_the_ends_are_the_seeds_own_images_bit_for_bit(self, model, t, seed):
        scene = make_scene(0)
        assert torch.equal(model(scene, seed=1, edit=Blend(3, 8, t)).image, model(scene, seed=seed).image)

    @law(t=st.floats(0, 1))
    def test_blended_noise_is_standard_normal_again(self, model, t):
        config = replace(model.synthesis, z_channels=4096)
        scene = make_scene(0)
        context = NoiseContext(
            Draft(scene, model.supports, SPEC), torch.zeros(scene.size, dtype=torch.uint8), 0, config
        )
        noise = pixel_noise(config, scene.size, 0, scene.name)
        z = Blend(1, 2, t).redraw(noise, context).z[:, 0, 0]
        assert abs(float(z.mean())) < 0.1
        assert abs(float(z.std()) - 1) < 0.1

    @pytest.mark.parametrize("t", [0.0, 0.25, 0.5, 0.8, 1.0])
    def test_texture_and_structure_both_go_from_one_seed_to_the_other(self, model, t):
        """((1 - t) a + t b) / |(1 - t, t)|, number by number: neither jumps half-way."""
        scene = make_scene(0)
        context = NoiseContext(
            Draft(scene, model.supports, SPEC), torch.zeros(scene.size, dtype=torch.uint8), 0, model.synthesis
        )
        own, a, b = (pixel_noise(model.synthesis, scene.size, seed, scene.name) for seed in (0, 1, 2))
        found, length = Blend(1, 2, t).redraw(own, context), ((1 - t) ** 2 + t**2) ** 0.5
        torch.testing.assert_close(found.z, ((1 - t) * a.z + t * b.z) / length)
        torch.testing.assert_close(found.part_noise, ((1 - t) * a.part_noise + t * b.part_noise) / length)

    @pytest.mark.parametrize("t", [-0.1, 1.1, float("nan")])
    def test_lies_between_its_seeds(self, t):
        with pytest.raises(ConfigError, match=r"expected 0\.\.1"):
            Blend(1, 2, t)
