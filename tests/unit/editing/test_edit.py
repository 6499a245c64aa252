"""Edits are values: they add up, the empty one is the identity, and the output keeps what was asked for."""

import json

import pytest
import torch
from hypothesis import strategies as st

from ipose.editing.draft import fill_from_nearest
from ipose.editing.edit import Edit, Edits
from ipose.editing.noise_edits import Blend, Resample
from ipose.editing.support_edits import EditSupports
from ipose.errors import ConfigError
from ipose.testing.claims import law
from ipose.testing.tiny_scenes import make_scene

SEEDS = st.integers(0, 30)


class TestComposition:
    """Several edits are one edit."""

    @law(seed=SEEDS)
    def test_the_empty_edit_is_the_identity_bit_for_bit(self, model, seed):
        scene = make_scene(seed)
        plain, edited = model(scene, seed=seed), model(scene, seed=seed, edit=Edits())
        assert torch.equal(plain.image, edited.image)
        assert torch.equal(plain.part_logits, edited.part_logits)
        assert torch.equal(plain.parts, edited.parts)

    @law(seed=SEEDS)
    def test_edits_of_different_objects_commute(self, model, seed):
        scene = make_scene(seed)
        one, other = Resample(object=0, seed=91), Resample(object=len(scene.objects) - 1, seed=92)
        first, second = (model(scene, seed=seed, edit=edit) for edit in (one + other, other + one))
        if len(scene.objects) > 1:
            assert torch.equal(first.image, second.image)

    def test_supports_of_different_categories_commute(self, model):
        scene = make_scene(0)
        one, other = EditSupports("car", drop="wheel"), EditSupports("dog", rename=("front", "back"))
        assert torch.equal(model(scene, edit=one + other).image, model(scene, edit=other + one).image)

    def test_structure_is_edited_before_texture_whichever_is_named_first(self, model):
        scene = make_scene(0)
        structure, texture = EditSupports("car", drop="wheel"), Resample(object=1)
        first, second = (model(scene, edit=edit) for edit in (structure + texture, texture + structure))
        assert torch.equal(first.image, second.image)

    def test_sums_are_flat_and_keep_their_order(self):
        a, b, c = Resample(object=0), Resample(object=1), Resample(object=2)
        assert ((a + b) + c).steps == (a + (b + c)).steps == (a, b, c)
        assert (Edits() + a).steps == (a,)

    def test_an_edit_of_ones_own_takes_part(self, model):
        class Silence(Edit):
            def redraw(self, noise, context):
                return noise._replace(z=torch.zeros_like(noise.z))

        assert Silence().record() == [{"edit": "Silence"}]
        scene = make_scene(0)
        silent = [model(scene, seed=seed, edit=Silence()).image for seed in (1, 2)]
        loud = [model(scene, seed=seed).image for seed in (1, 2)]
        assert (silent[0] - silent[1]).abs().mean() < (loud[0] - loud[1]).abs().mean()


class TestRecord:
    """What was asked for, for the file beside the image."""

    def test_the_output_keeps_its_edit(self, model):
        edit = Resample(object=0) + Blend(1, 2, 0.5)
        assert model(make_scene(0), edit=edit).edit is edit
        assert model(make_scene(0)).edit is None

    def test_a_record_is_json_with_one_entry_an_edit(self):
        edit = Resample(part=(2, "wheel"), seed=5) + EditSupports("car", rename=("light", "chassis"))
        assert json.loads(json.dumps(edit.record())) == [
            {"edit": "Resample", "part": [2, "wheel"], "seed": 5},
            {"edit": "EditSupports", "category": "car", "rename": ["light", "chassis"]},
        ]

    def test_object_number_zero_is_recorded(self):
        assert Resample(object=0).record() == [{"edit": "Resample", "object": 0}]

    def test_maps_are_told_by_size_and_hash(self):
        ones = torch.ones(64, 64, dtype=torch.uint8)
        first, same, other = (
            EditSupports("car", replace=item).record()[0]["replace"] for item in (ones, ones.clone(), 2 * ones)
        )
        assert first == same != other
        assert first["size"] == [64, 64]


class TestFill:
    """Holes take the id of the nearest pixel that may give one."""

    def test_matches_a_hand_drawing(self):
        ids = torch.tensor([[1, 9, 9, 9, 2], [5, 9, 9, 9, 5]])
        filled = fill_from_nearest(ids, ids == 9, ids < 5)
        assert filled[:, [0, 4]].tolist() == ids[:, [0, 4]].tolist()
        assert filled[:, 1].tolist() == [1, 1]
        assert filled[:, 3].tolist() == [2, 2]


def test_an_object_that_is_not_there_is_named_with_those_that_are(model):
    scene = make_scene(0)
    with pytest.raises(ConfigError, match="no such object: found 9, expected 0 "):
        model(scene, edit=Resample(object=9))
    with pytest.raises(ConfigError, match="no such object: found -1"):
        model(scene, edit=Resample(object=-1))
