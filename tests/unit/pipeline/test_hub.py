"""Models are loaded by the path of a folder or by a hub id, and saved whole."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import nn

from ipose.errors import ConfigError, DataError, RunError, SpecError, SupportError
from ipose.layers.psm_block import PSMBlock
from ipose.model_folder import SPEC as SPEC_FILE
from ipose.model_folder import open_model
from ipose.pipeline import IPose, generator_weights
from ipose.pipeline.hub import check_is_name, folder_of
from ipose.testing.tiny_scenes import SPEC, make_scene


class TestFolderOf:
    """A path that exists is meant; else a name with one slash is a hub id."""

    def test_a_path_that_exists(self, tmp_path, monkeypatch):
        (tmp_path / "owner" / "model").mkdir(parents=True)
        monkeypatch.chdir(tmp_path)
        assert folder_of("owner/model") == Path("owner/model")

    def test_a_hub_id_is_downloaded_with_the_options(self, tmp_path, monkeypatch):
        asked = []
        monkeypatch.setattr(
            "ipose.pipeline.hub.snapshot_download", lambda name, **options: asked.append((name, options)) or tmp_path
        )
        assert folder_of("owner/model", revision="v1") == tmp_path
        assert asked == [("owner/model", {"revision": "v1"})]


class TestLoading:
    """`IPose.from_pretrained`."""

    @pytest.mark.parametrize("path", ["nowhere", "no/where/at/all"])
    def test_a_path_that_leads_nowhere(self, path):
        with pytest.raises(RunError, match="no such run or model folder"):
            IPose.from_pretrained(path)

    def test_what_is_no_name(self):
        with pytest.raises(ConfigError, match="names no model: found NoneType, expected a name"):
            check_is_name(None)

    @pytest.mark.parametrize("word", ["device", "torch_dtype", "nonsense"])
    def test_options_that_would_do_nothing_are_refused(self, folder, word):
        with pytest.raises(ConfigError, match=rf"\[{word}\] no option of loading a model.*half\(\)"):
            IPose.from_pretrained(folder, **{word: "cuda"})

    def test_a_hub_id_that_is_not_in_the_cache(self, tmp_path):
        with pytest.raises(RunError, match="neither a folder here nor a model that the hub serves"):
            IPose.from_pretrained("nobody/nothing", local_files_only=True, cache_dir=tmp_path)

    def test_a_hub_model_is_loaded_from_its_copy(self, model, folder, monkeypatch):
        monkeypatch.setattr("ipose.pipeline.hub.snapshot_download", lambda name, **options: str(folder))
        assert torch.equal(IPose.from_pretrained("owner/model")(make_scene(0)).image, model(make_scene(0)).image)

    def test_a_folder_that_was_opened_is_not_read_again(self, folder):
        opened = open_model(folder)
        (folder / "config.json").unlink()
        assert IPose.from_pretrained(opened).synthesis.height == 32


class TestSaving:
    """`save_pretrained` into a folder that holds a model replaces it whole, or leaves it whole."""

    def test_another_model_takes_the_place_of_the_old_one(self, build, folder):
        other = build(seed=1)
        (folder / "old.safetensors").write_text("of an older version")
        other.save_pretrained(folder)
        assert torch.equal(IPose.from_pretrained(folder)(make_scene(0)).image, other(make_scene(0)).image)
        assert not (folder / "old.safetensors").exists()
        assert [path.name for path in folder.parent.iterdir()] == ["model"]

    def test_one_that_fails_leaves_the_old_one(self, model, build, folder, monkeypatch):
        def fail(*_):
            raise OSError("the disk is full")

        monkeypatch.setattr("ipose.model_writing.save_supports", fail)  # when most is written
        with pytest.raises(OSError, match="the disk is full"):
            build(seed=1).save_pretrained(folder)
        assert torch.equal(IPose.from_pretrained(folder)(make_scene(0)).image, model(make_scene(0)).image)

    def test_a_model_card_that_a_person_has_edited_stays(self, model, folder):
        (folder / "README.md").write_text("Mine.")
        model.save_pretrained(folder)
        assert (folder / "README.md").read_text() == "Mine."

    def test_a_folder_of_other_files_is_left_alone(self, model, tmp_path):
        (tmp_path / "thesis.tex").write_text("Chapter 1")
        with pytest.raises(RunError, match=r"holds other files.*found thesis\.tex"):
            model.save_pretrained(tmp_path)
        assert (tmp_path / "thesis.tex").read_text() == "Chapter 1"

    def test_it_can_be_pushed_to_the_hub_under_the_folders_name(self, model, tmp_path, monkeypatch):
        pushed = []
        monkeypatch.setattr(IPose, "push_to_hub", lambda self, name, **options: pushed.append((name, options)) or "url")
        assert model.save_pretrained(tmp_path / "mine", push_to_hub=True, private=True) == "url"
        assert pushed == [("mine", {"model_card_kwargs": None, "private": True})]
        assert (tmp_path / "mine" / "config.json").is_file()


class TestModelFolder:
    """`save_pretrained` writes all that `from_pretrained` needs."""

    def test_a_loaded_model_makes_the_same_images(self, model, folder):
        loaded = IPose.from_pretrained(folder)
        first, second = model(make_scene(0), seed=7), loaded(make_scene(0), seed=7)
        assert torch.equal(first.image, second.image)
        assert torch.equal(first.part_logits, second.part_logits)
        assert loaded.spec == SPEC
        assert loaded.synthesis == model.synthesis
        assert dict(loaded.supports.part_names) == dict(model.supports.part_names)

    def test_a_loaded_model_is_in_eval_mode(self, folder):
        loaded = IPose.from_pretrained(folder)
        assert not any(
            module.training for network in (loaded.generator, loaded.partnet) for module in network.modules()
        )

    def test_a_run_is_loaded_by_its_own_path(self, folder, config):
        run = folder.parent / "run"
        shutil.copytree(folder, run / "model")
        assert IPose.from_pretrained(str(run)).synthesis == config

    def test_a_model_card_says_what_it_is(self, folder):
        card = (folder / "README.md").read_text()
        assert "library_name: ipose" in card
        assert "license: apache-2.0" in card

    def test_partnet_is_stored_once_and_not_within_the_generator(self, model, folder):
        weights = generator_weights(folder)
        assert not any("partnet" in name for name in weights)
        assert weights.keys() == model.generator.state_dict().keys()

    def test_it_can_be_saved_again(self, folder, tmp_path):
        IPose.from_pretrained(folder).save_pretrained(tmp_path / "again")
        first, second = (
            {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
            for root in (folder, tmp_path / "again")
        )
        assert first == second


class GatedBlock(PSMBlock):
    """A stranger's block: the PSM block with a gate of its own."""

    def __init__(self, fin: int, fout: int, **widths: int) -> None:
        super().__init__(fin, fout, **widths)
        self.gate = nn.Parameter(torch.full((fout, 1, 1), 0.5))

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        return self.gate * super().forward(*inputs)


class TestBlocksOfOnesOwn:
    """A generator with a stranger's blocks is loaded by their name, or by whoever brings them."""

    @pytest.fixture
    def folder(self, build, tmp_path):
        build(block=GatedBlock).save_pretrained(tmp_path)
        return tmp_path

    def test_with_them_it_makes_the_same_images(self, build, folder):
        loaded = IPose.from_pretrained(folder, block=GatedBlock)
        assert torch.equal(loaded(make_scene(0)).image, build(block=GatedBlock)(make_scene(0)).image)

    def test_without_them_they_are_imported_by_the_name_in_config_json(self, build, folder):
        loaded = IPose.from_pretrained(folder)
        assert torch.equal(loaded(make_scene(0)).image, build(block=GatedBlock)(make_scene(0)).image)

    def test_where_they_cannot_be_imported_the_sentence_names_them(self, folder):
        edit(folder / "config.json", block="my_idea:GatedBlock")
        with pytest.raises(RunError, match=r"found my_idea:GatedBlock .*PYTHONPATH=FOLDER.*block="):
            IPose.from_pretrained(folder)

    def test_where_the_class_was_changed_it_says_what_does_not_fit(self, folder, monkeypatch):
        plain = PSMBlock.__init__
        monkeypatch.setattr(GatedBlock, "__init__", lambda self, *widths, **more: plain(self, *widths, **more))
        with pytest.raises(RunError, match=r"do not fit the blocks of .*GatedBlock.*gate.*changed since the training"):
            IPose.from_pretrained(folder)

    def test_a_factory_is_not_mistaken_for_the_class_that_it_makes(self, build, tmp_path):
        build(block=partial(GatedBlock)).save_pretrained(tmp_path / "model")
        with pytest.raises(RunError, match=r"found partial .*pass the class"):
            IPose.from_pretrained(tmp_path / "model")

    def test_with_others_it_says_what_does_not_fit(self, folder):
        with pytest.raises(RunError, match=r"cannot be read .*gate"):
            IPose.from_pretrained(folder, block=PSMBlock)


def cut(path):
    path.write_bytes(path.read_bytes()[:-8])


def edit(path, **fields):
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


DAMAGES = {
    "weights cut short": (
        lambda f: cut(f / "model.safetensors"),
        "model.safetensors: not the weights that the model was saved with",
    ),
    "weights missing": (lambda f: (f / "model.safetensors").unlink(), "model.safetensors: the weights cannot be read"),
    "config no JSON": (lambda f: (f / "config.json").write_text("{"), "config.json cannot be read"),
    "config of something else": (
        lambda f: (f / "config.json").write_text("{}"),
        "config.json cannot be read (it names no format)",
    ),
    "config without generator": (
        lambda f: edit(f / "config.json", synthesis_config={}),
        "the generator cannot be read",
    ),
    "unknown setting": (lambda f: edit(f / "config.json", synthesis_config={"wings": 2}), "wings"),
    "a PartNet alone": (
        lambda f: edit(f / "config.json", format="ipose-partnet"),
        "a model of another system: found ipose-partnet, expected ipose. Name a run of ipose train synthesis.",
    ),
    "PartNet cut short": (lambda f: cut(f / "partnet.safetensors"), "not the weights that the model was saved with"),
    "PartNet missing": (
        lambda f: (f / "partnet.safetensors").unlink(),
        "partnet.safetensors: the weights cannot be read",
    ),
    "supports missing": (lambda f: shutil.rmtree(f / "supports"), "no such folder"),
    "spec missing": (lambda f: (f / SPEC_FILE).unlink(), SPEC_FILE),
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

    def test_another_partnet_is_refused_though_it_fits(self, build, folder, tmp_path):
        build(seed=1).save_pretrained(tmp_path / "other")
        shutil.copy(tmp_path / "other" / "partnet.safetensors", folder)
        with pytest.raises(RunError, match="not the weights that the model was saved with"):
            IPose.from_pretrained(folder)

    def test_weights_of_another_width_are_refused_before_they_are_used(self, folder):
        config = json.loads((folder / "config.json").read_text())["synthesis_config"]
        edit(folder / "config.json", synthesis_config={**config, "spade_hidden": 4})
        with pytest.raises(RunError, match="size mismatch"):
            IPose.from_pretrained(folder)
