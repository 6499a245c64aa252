"""Models are loaded by the path of a folder or by a hub id, and saved whole."""

from pathlib import Path

import pytest
import torch

from ipose.errors import ConfigError, RunError
from ipose.model_folder import open_model
from ipose.pipeline import IPose
from ipose.pipeline.hub import check_is_name, folder_of
from ipose.testing.tiny_scenes import make_scene


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
