"""An edit of what a model does not read is refused before anything is inferred."""

from dataclasses import replace

import pytest

from ipose.editing.edit import draft_for
from ipose.editing.layout_edits import MoveObject
from ipose.editing.noise_edits import Resample
from ipose.editing.support_edits import EditParts, EditSupports
from ipose.errors import ConfigError
from ipose.part_annotations import SupportSet
from ipose.testing.tiny_scenes import SPEC, make_scene

NO_SUPPORTS = SupportSet({}, {})


@pytest.fixture
def of(config):
    """The draft of an edit of scene 0, for a generator of other parts."""
    return lambda edit, **parts: draft_for(edit, make_scene(0), NO_SUPPORTS, SPEC, replace(config, **parts))


class TestEditsOfPredictedParts:
    """Only a generator of predicted parts can follow them."""

    @pytest.mark.parametrize(
        ("parts", "why"),
        [
            ({"parts": "true"}, "it paints the true part map: change that"),
            ({"parts": "position_descriptor"}, "it sees where pixels lie in their object's outline"),
            ({"part_injection": "none"}, "it was trained without parts"),
        ],
    )
    @pytest.mark.parametrize(
        "edit", [EditSupports("car", drop="wheel"), EditParts(0, make_scene(0).part)], ids=["supports", "parts"]
    )
    def test_others_refuse_them_and_say_what_they_read(self, of, edit, parts, why):
        with pytest.raises(ConfigError, match=f"{type(edit).__name__} changes what PartNet predicts.*{why}"):
            of(edit, **parts)

    def test_texture_can_be_edited_in_any_model(self, of):
        assert of(Resample(everything=True), part_injection="none").scene.name == "scene000"


class TestLayouts:
    """A new layout needs a part map that goes with it, where true parts are painted."""

    def test_there_is_none(self, of):
        with pytest.raises(ConfigError, match=r"changes the layout.*label, instance and part map together"):
            of(MoveObject(0, 2, 2), parts="true")

    def test_other_models_ask_for_none(self, of):
        assert of(MoveObject(0, 2, 2), parts="position_descriptor").scene.part is None
