"""The model for use: codes drawn, read and painted; saved and loaded as one folder."""

from dataclasses import replace

import pytest
import torch

from ipose.editing.code_edits import MixAppearance, Morph, ResampleClass, paint_edited
from ipose.editing.layout_edits import EditLabel
from ipose.errors import ConfigError, DataError, RunError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import SceneBatch

from .conftest import VARIANTS, small
from .test_objective import SETTINGS


def made(**settings):
    torch.manual_seed(0)
    config = small(**{**SETTINGS, **settings})
    return GroupDNet(Encoder(config), Decoder(config), SPEC)


@pytest.fixture(scope="module")
def model():
    return made()


@pytest.fixture(scope="module")
def vspade():
    return made(**VARIANTS["vspade"])


@pytest.fixture(scope="module")
def scenes():
    return [make_scene(0), make_scene(1)]


class TestCodes:
    """draw, encode and paint."""

    def test_a_scenes_code_depends_on_seed_and_name_alone(self, model, scenes):
        both = model.draw(scenes, seed=3)
        assert torch.equal(both[1:], model.draw(scenes[1:], seed=3))
        assert not torch.equal(both[:1], both[1:])
        assert not torch.equal(both, model.draw(scenes, seed=4))

    def test_the_same_seed_gives_the_same_image_in_any_batch(self, model, scenes):
        together = model.paint(scenes, model.draw(scenes, seed=3))
        torch.testing.assert_close(model(scenes[1], seed=3), together[1], atol=1e-5, rtol=1e-5)

    def test_networks_in_train_mode_are_put_in_eval_mode(self):
        config = small(**SETTINGS)
        made = GroupDNet(Encoder(config).train(), Decoder(config).train(), SPEC)
        assert not any(module.training for network in (made.encoder, made.decoder) for module in network.modules())

    def test_images_of_seeds_are_those_of_each_seed(self, model, scenes):
        found = list(model.images(scenes, (3, 5)))
        assert model.size == (32, 48)
        assert all(
            torch.equal(one, model.paint(scenes, model.draw(scenes, seed=s)))
            for one, s in zip(found, (3, 5), strict=True)
        )
        assert not torch.equal(*found)

    def test_a_photographs_codes_paint_its_label_map(self, model, scenes):
        codes, batch = model.encode(scenes), SceneBatch.from_scenes(scenes)
        with torch.no_grad():
            read = model.encoder(batch.image, batch.label)
            expected = model.decoder(batch.label, read.mean, batch.instance)
        assert torch.equal(codes.mean, read.mean)
        assert torch.equal(codes.log_variance, read.log_variance)
        assert torch.equal(model.paint(scenes, codes.mean), expected)

    def test_codes_are_read_from_photographs_alone(self, model, scenes):
        with pytest.raises(DataError, match="codes are read from photographs"):
            model.encode([replace(scenes[0], image=None)])


class TestFolder:
    """A model folder is the model."""

    def test_saved_and_loaded_it_paints_the_same(self, model, scenes, tmp_path):
        model.save_pretrained(tmp_path / "model")
        loaded = GroupDNet.from_pretrained(tmp_path)  # a run, by its model/
        assert torch.equal(loaded(scenes[0], seed=2), model(scenes[0], seed=2))
        assert torch.equal(loaded.encode(scenes).mean, model.encode(scenes).mean)
        assert loaded.spec == SPEC

    def test_other_folders_are_told_in_a_sentence(self, model, tmp_path):
        with pytest.raises(RunError, match=r"no GroupDNet here: found no config\.json"):
            GroupDNet.from_pretrained(tmp_path)
        (tmp_path / "config.json").write_text('{"format": "ipose"}')
        with pytest.raises(RunError, match="a model of another system: found ipose, expected ipose-groupdnet"):
            GroupDNet.from_pretrained(tmp_path)
        model.save_pretrained(tmp_path)
        (tmp_path / "model.safetensors").write_bytes(b"short")
        with pytest.raises(RunError, match="cannot be read"):
            GroupDNet.from_pretrained(tmp_path)

    def test_a_spec_of_another_class_count_is_refused(self):
        config = small()
        with pytest.raises(ConfigError, match="differ in their classes: found 5, expected 4"):
            GroupDNet(Encoder(config), Decoder(config), SPEC)


def own(code, name):
    """The channels of a class, and all others."""
    number = [item.name for item in SPEC.classes].index(name)
    mask = torch.arange(code.shape[1]) // 3 == number
    return code[:, mask], code[:, ~mask]


class TestEdits:
    """GroupDNet sec. 4.4.3 as values: one class anew, appearance mixture, style morphing, semantic manipulation."""

    @pytest.fixture
    def painted(self, model, monkeypatch):
        """Records what the decoder is given."""
        given = []
        paint = model.paint
        monkeypatch.setattr(model, "paint", lambda scenes, z: (given.append((scenes[0], z)), paint(scenes, z))[1])
        return given

    def test_one_class_anew_leaves_all_other_codes(self, model, scenes, painted):
        paint_edited(model, scenes[0], ResampleClass(("car",)), seed=4)
        (_, code), base, fresh = painted[0], model.draw(scenes[:1], seed=4), model.draw(scenes[:1], seed=5)
        assert torch.equal(own(code, "car")[0], own(fresh, "car")[0])
        assert torch.equal(own(code, "car")[1], own(base, "car")[1])

    @pytest.mark.parametrize("seed", [0, 9])
    def test_the_whole_code_with_a_seed_is_that_seeds_code(self, model, scenes, painted, seed):
        paint_edited(model, scenes[0], ResampleClass(seed=seed), seed=4)
        assert torch.equal(painted[0][1], model.draw(scenes[:1], seed=seed))

    def test_mixture_takes_each_class_from_its_photograph(self, model, scenes, painted):
        base = model.encode(scenes[:1]).mean
        paint_edited(model, scenes[0], MixAppearance(scenes[1], ("dog", "sky")), code=base)
        source, code = model.encode(scenes[1:]).mean, painted[0][1]
        for name in ("dog", "sky"):
            assert torch.equal(own(code, name)[0], own(source, name)[0])
        assert torch.equal(own(code, "car")[0], own(base, "car")[0])

    def test_morphing_is_linear_and_goes_beyond_both_ends(self, model, scenes, painted):
        base, end = model.draw(scenes[:1], seed=0), model.draw(scenes[:1], seed=9)
        for t in (-1.0, 0.0, 0.5, 1.0, 2.0):
            paint_edited(model, scenes[0], Morph(t, to=9))
            torch.testing.assert_close(painted[-1][1], base + t * (end - base))

    def test_morphing_towards_a_photograph_of_one_class(self, model, scenes, painted):
        paint_edited(model, scenes[0], Morph(1.0, to=scenes[1], classes=("car",)))
        code, source, base = painted[0][1], model.encode(scenes[1:]).mean, model.draw(scenes[:1])
        torch.testing.assert_close(own(code, "car")[0], own(source, "car")[0])
        assert torch.equal(own(code, "car")[1], own(base, "car")[1])

    def test_manipulation_changes_the_label_map_and_keeps_the_code(self, model, scenes, painted):
        region = torch.zeros(32, 48, dtype=torch.bool)
        region[:4, :4] = True
        paint_edited(model, scenes[0], EditLabel(region, "sky"), seed=4)
        scene, code = painted[0]
        assert (scene.label[region] == 1).all()
        assert torch.equal(code, model.draw(scenes[:1], seed=4))

    def test_edits_add_up_and_are_recorded(self, model, scenes, painted):
        both = MixAppearance(scenes[1], ("dog",)) + ResampleClass(("dog",), seed=3)
        paint_edited(model, scenes[0], both)
        assert torch.equal(own(painted[0][1], "dog")[0], own(model.draw(scenes[:1], seed=3), "dog")[0])
        assert both.record() == [
            {"edit": "MixAppearance", "source": "scene001", "classes": ["dog"]},
            {"edit": "ResampleClass", "classes": ["dog"], "seed": 3},
        ]

    def test_another_class_is_refused(self, model, scenes):
        with pytest.raises(ConfigError, match="no such class: found cat, expected void, sky, car, dog, box"):
            paint_edited(model, scenes[0], ResampleClass(("cat",)))

    def test_a_photograph_that_does_not_show_the_class_is_refused(self, model, scenes):
        empty = replace(scenes[1], label=torch.ones_like(scenes[1].label), objects=())
        with pytest.raises(ConfigError, match="'scene001' does not show this class: found car, expected sky"):
            paint_edited(model, scenes[0], MixAppearance(empty, ("car",)))

    def test_a_model_with_one_code_for_all_has_none_a_class(self, vspade, scenes):
        assert paint_edited(vspade, scenes[0], ResampleClass()).shape == (3, 32, 48)
        with pytest.raises(ConfigError, match="one code for the whole image"):
            paint_edited(vspade, scenes[0], ResampleClass(("car",)))
