"""IPose: scene in, image out; saved and loaded as one folder."""

import json
import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn

from ipose.data.specs import DATASET_FILE
from ipose.errors import DataError, RunError, ShapeMismatchError, SpecError, SupportError
from ipose.layers.psm_block import PSMBlock
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.pipeline import IPose, generator_weights
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig, preset
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import Scene, SceneBatch, SupportSet

PARTNET = PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=2)

SYNTHESIS = preset(
    "toy",
    num_classes=SPEC.num_classes,
    unknown=SPEC.unknown,
    height=32,
    width=48,
    channels=2,
    channel_multipliers=(2, 2, 2, 2, 2),
    spade_hidden=3,
    part_hidden=2,
    part_noise_channels=2,
    part_feature_channels=2,
    z_channels=3,
)


class GatedBlock(PSMBlock):
    """A stranger's block: the PSM block with a gate of its own."""

    def __init__(self, fin: int, fout: int, **widths: int) -> None:
        super().__init__(fin, fout, **widths)
        self.gate = nn.Parameter(torch.full((fout, 1, 1), 0.5))

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.gate * super().forward(*inputs)


def supports() -> SupportSet:
    maps = torch.zeros(2, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    return SupportSet({"car": ("top", "bottom"), "dog": ("front", "back")}, {"car": maps, "dog": maps.flip(1)})


def build(config: SynthesisConfig = SYNTHESIS, block: type[nn.Module] | None = None) -> IPose:
    torch.manual_seed(0)
    return IPose(Generator(config, block), PartNet(PARTNET), supports(), SPEC)


@pytest.fixture(scope="module")
def model() -> IPose:
    return build()


@pytest.fixture
def folder(model, tmp_path):
    model.save_pretrained(tmp_path / "model")
    return tmp_path / "model"


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
        together = model.generate(scenes, seed=7)
        backwards = model.generate(scenes[::-1], seed=7)[::-1]
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

    def test_a_scene_without_objects_is_painted(self, model):
        label = torch.ones(32, 48, dtype=torch.int64)
        out = model(Scene("sky", None, label, torch.zeros(32, 48, dtype=torch.int32)))
        assert out.image.isfinite().all()
        assert not out.parts.any()

    def test_no_scenes_give_no_images(self, model):
        assert model.generate([]) == []

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

    def test_scenes_of_two_sizes_in_one_batch(self, model):
        with pytest.raises(ShapeMismatchError, match="Call the model once for each size"):
            model.generate([make_scene(0), make_scene(1, (32, 32))])

    def test_an_object_of_a_category_without_supports(self, model):
        scene = make_scene(0)
        stranger = replace(scene.objects[0], part_category="unicorn")
        with pytest.raises(SupportError, match="unicorn"):
            model(replace(scene, objects=(stranger,)))


class TestModelFolder:
    """`save_pretrained` writes all that `from_pretrained` needs."""

    def test_a_loaded_model_makes_the_same_images(self, model, folder):
        loaded = IPose.from_pretrained(folder)
        first, second = model(make_scene(0), seed=7), loaded(make_scene(0), seed=7)
        assert torch.equal(first.image, second.image)
        assert torch.equal(first.part_logits, second.part_logits)
        assert loaded.spec == SPEC
        assert loaded.synthesis == SYNTHESIS
        assert dict(loaded.supports.part_names) == dict(model.supports.part_names)

    def test_a_loaded_model_is_in_eval_mode(self, folder):
        loaded = IPose.from_pretrained(folder)
        assert not any(
            module.training for network in (loaded.generator, loaded.partnet) for module in network.modules()
        )

    def test_a_run_is_loaded_by_its_own_path(self, folder):
        run = folder.parent / "run"
        shutil.copytree(folder, run / "model")
        assert IPose.from_pretrained(str(run)).synthesis == SYNTHESIS

    def test_a_model_card_says_what_it_is(self, folder):
        card = (folder / "README.md").read_text()
        assert "library_name: ipose" in card
        assert "license: apache-2.0" in card

    def test_partnet_is_stored_once_and_not_within_the_generator(self, folder):
        weights = generator_weights(folder)
        assert not any("partnet" in name for name in weights)
        assert weights.keys() == Generator(SYNTHESIS).state_dict().keys()

    def test_it_can_be_saved_again(self, folder, tmp_path):
        IPose.from_pretrained(folder).save_pretrained(tmp_path / "again")
        first, second = (
            {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
            for root in (folder, tmp_path / "again")
        )
        assert first == second


class TestBlocksOfOnesOwn:
    """A generator with a stranger's blocks is loaded by whoever brings them."""

    @pytest.fixture
    def folder(self, tmp_path):
        build(block=GatedBlock).save_pretrained(tmp_path)
        return tmp_path

    def test_with_them_it_makes_the_same_images(self, folder):
        loaded = IPose.from_pretrained(folder, block=GatedBlock)
        assert torch.equal(loaded(make_scene(0)).image, build(block=GatedBlock)(make_scene(0)).image)

    def test_without_them_the_sentence_names_them(self, folder):
        with pytest.raises(RunError, match=r"found .*GatedBlock, expected .*PSMBlock.*block="):
            IPose.from_pretrained(folder)

    def test_with_others_it_says_what_does_not_fit(self, folder):
        with pytest.raises(RunError, match=r"cannot be read .*gate"):
            IPose.from_pretrained(folder, block=PSMBlock)


def cut(path):
    path.write_bytes(path.read_bytes()[:-8])


def edit(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


DAMAGES = {
    "weights cut short": (lambda f: cut(f / "model.safetensors"), "model.safetensors: the generator cannot be read"),
    "weights missing": (lambda f: (f / "model.safetensors").unlink(), "the generator cannot be read"),
    "config no JSON": (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
    "config of something else": (
        lambda f: (f / "config.json").write_text("{}"),
        "found no format",
    ),
    "config without generator": (
        lambda f: edit(f / "config.json", synthesis_config={}),
        "the generator cannot be read",
    ),
    "unknown setting": (lambda f: edit(f / "config.json", synthesis_config={"wings": 2}), "wings"),
    "a PartNet alone": (lambda f: edit(f / "config.json", format="ipose-partnet"), "a PartNet alone makes no images"),
    "PartNet cut short": (lambda f: cut(f / "partnet.safetensors"), "not the PartNet that the model was trained with"),
    "PartNet missing": (lambda f: (f / "partnet.safetensors").unlink(), "no PartNet can be read here"),
    "supports missing": (lambda f: shutil.rmtree(f / "supports"), "no such folder"),
    "spec missing": (lambda f: (f / DATASET_FILE).unlink(), DATASET_FILE),
}


class TestDamagedFolders:
    """Every damage is one sentence that names the file and the way out."""

    @pytest.mark.parametrize("name", DAMAGES)
    def test_damage_is_named(self, folder, name):
        damage, words = DAMAGES[name]
        damage(folder)
        with pytest.raises((RunError, SupportError, SpecError, DataError)) as caught:
            IPose.from_pretrained(folder)
        assert words in str(caught.value)
        assert len(str(caught.value)) < 600

    def test_another_partnet_is_refused_though_it_fits(self, folder, tmp_path):
        torch.manual_seed(1)
        other = IPose(Generator(SYNTHESIS), PartNet(PARTNET), supports(), SPEC)
        other.save_pretrained(tmp_path / "other")
        shutil.copy(tmp_path / "other" / "partnet.safetensors", folder)
        with pytest.raises(RunError, match="not the PartNet that the model was trained with"):
            IPose.from_pretrained(folder)

    def test_weights_of_another_width_are_refused_before_they_are_used(self, folder):
        config = json.loads((folder / "config.json").read_text())["synthesis_config"]
        edit(folder / "config.json", synthesis_config={**config, "spade_hidden": 4})
        with pytest.raises(RunError, match="size mismatch"):
            IPose.from_pretrained(folder)

    @pytest.mark.parametrize("path", ["nowhere", "no/where/at/all"])
    def test_a_path_that_leads_nowhere(self, path):
        with pytest.raises(RunError, match="no such run or model folder"):
            IPose.from_pretrained(path)

    def test_a_hub_id_that_is_not_in_the_cache(self, tmp_path):
        with pytest.raises(RunError, match="neither a folder here nor a model that the hub serves"):
            IPose.from_pretrained("nobody/nothing", local_files_only=True, cache_dir=tmp_path)
