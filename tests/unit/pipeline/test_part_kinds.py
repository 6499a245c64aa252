"""IPose of models that read no predicted parts: true part maps, position descriptors, no parts at all."""

import json
from dataclasses import replace

import pytest
import torch

from helpers.tiny_ipose import SYNTHESIS
from ipose.editing.layout_edits import MoveObject
from ipose.editing.noise_edits import Blend, Resample
from ipose.errors import ConfigError, DataError, RunError
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet
from ipose.pipeline import IPose
from ipose.synthesis.generator import Generator
from ipose.systems.describing import describe
from ipose.testing.tiny_scenes import SPEC, make_scene

from .conftest import PARTNET

KINDS = {
    "true": {"parts": "true"},
    "position_descriptor": {"parts": "position_descriptor"},
    "none": {"part_injection": "none"},
    "true, not injected": {"parts": "true", "part_injection": "none"},
}
NO_SUPPORTS = SupportSet({}, {})


def build(**fields) -> IPose:
    torch.manual_seed(0)
    return IPose(Generator(replace(SYNTHESIS, **fields)), None, NO_SUPPORTS, SPEC)


@pytest.fixture(scope="module", params=KINDS.values(), ids=KINDS)
def model(request) -> IPose:
    return build(**request.param)


@pytest.fixture(scope="module")
def true() -> IPose:
    return build(parts="true")


class TestWithoutPartNet:
    """A model that reads no predicted parts needs no PartNet, no supports, and leaves none behind."""

    def test_makes_images(self, model):
        out = model(make_scene(0), seed=7)
        assert (out.image.shape, out.parts.shape, out.part_logits.shape) == ((3, 32, 48), (32, 48), (9, 32, 48))
        assert out.image.isfinite().all()
        torch.testing.assert_close(list(model.generate([make_scene(1), make_scene(0)], seed=7))[1].image, out.image)

    def test_saves_and_loads_the_same_model(self, model, tmp_path):
        model.save_pretrained(tmp_path)
        again = IPose.from_pretrained(tmp_path)
        assert again.partnet is None
        assert again.synthesis == model.synthesis
        assert torch.equal(again(make_scene(0), seed=3).image, model(make_scene(0), seed=3).image)
        assert not (tmp_path / "partnet.safetensors").exists()
        assert not (tmp_path / "supports").exists()
        assert "partnet_config" not in json.loads((tmp_path / "config.json").read_text())

    def test_its_folder_is_described_and_has_no_partnet_to_give(self, model, tmp_path):
        model.save_pretrained(tmp_path)
        assert "no PartNet: it reads " in describe(tmp_path)
        with pytest.raises(RunError, match=r"has no PartNet.*ipose train partnet"):
            load_partnet(tmp_path)

    def test_moves(self, model):
        assert model.to("cpu") is model

    def test_predicted_parts_ask_for_one(self):
        with pytest.raises(ConfigError, match=r"\[parts\] this generator reads the parts that a PartNet predicts"):
            build()

    def test_a_folder_that_has_lost_its_partnet_is_said_to_be_damaged(self, tmp_path):
        partnet = PartNet(PARTNET)
        torch.manual_seed(0)
        IPose(Generator(SYNTHESIS), partnet, NO_SUPPORTS, SPEC).save_pretrained(tmp_path)
        file = tmp_path / "config.json"
        file.write_text(json.dumps({k: v for k, v in json.loads(file.read_text()).items() if "partnet" not in k}))
        with pytest.raises(RunError, match="the PartNet cannot be read"):
            IPose.from_pretrained(tmp_path)


class TestTrueParts:
    """The scene's own part map is what is painted."""

    def test_shows_the_scenes_own_parts(self, true):
        scene = make_scene(0)
        assert torch.equal(true(scene).parts, scene.part)

    def test_another_part_map_is_another_image(self, true):
        scene = make_scene(0)
        other = replace(scene, part=torch.where(scene.part == 1, 3, scene.part).to(torch.uint8))
        assert not torch.equal(true(scene).image, true(other).image)

    def test_a_scene_without_one_is_refused(self, true):
        with pytest.raises(DataError, match=r"scene000: .*\(parts true\)"):
            true(replace(make_scene(0), part=None))

    def test_a_partnet_beside_it_is_not_asked(self, true):
        scene, generator = make_scene(0), true.generator
        partnet = PartNet(PARTNET)
        assert torch.equal(IPose(generator, partnet, NO_SUPPORTS, SPEC)(scene).image, true(scene).image)


class TestPositionDescriptor:
    """Objects are told by where each pixel lies in their outline; there are no parts."""

    def test_shows_no_parts_and_asks_for_no_part_map(self):
        out = build(parts="position_descriptor")(replace(make_scene(0), part=None))
        assert not out.parts.any()
        assert not out.part_logits.any()

    def test_the_outline_reaches_the_image(self):
        model, scene = build(parts="position_descriptor"), make_scene(0)
        assert (model(scene).image - model(replace(scene, objects=())).image).abs().max() > 1e-4


class TestEditing:
    """Textures can be edited in any model; layouts where the model needs no part map that goes with them."""

    @pytest.mark.parametrize(
        "edit", [Resample(everything=True), Resample(object=0), Blend(1, 2, 0.5)], ids=lambda edit: str(edit)
    )
    def test_textures(self, model, edit):
        scene = make_scene(0)
        assert not torch.equal(model(scene, seed=1, edit=edit).image, model(scene, seed=1).image)

    def test_parts_by_name_are_not_known(self, true):
        with pytest.raises(ConfigError, match="a model that knows them by name"):
            true(make_scene(0), edit=Resample(part=(0, "wheel")))

    def test_a_new_layout_has_outlines(self):
        model, scene = build(parts="position_descriptor"), make_scene(0)
        assert not torch.equal(model(scene, edit=MoveObject(0, 2, 2)).image, model(scene).image)
