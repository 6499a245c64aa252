"""`ipose convert`: the records say which networks become models, of built-in systems and of any package."""

import json

import pytest
import torch

from ipose.errors import ConfigError, RunError
from ipose.systems.converted_files import Converted
from ipose.systems.converting import convert_from_release, convert_to_release
from ipose.systems.record import Released
from ipose.systems.registry import systems


def saved(path, *names):
    torch.save({name: torch.ones(1) for name in names}, path)
    return path


@pytest.fixture
def ruler(stranger):
    """A network of an installed package, known by the names of its tensors; its edge makes no model alone."""

    def make(file, state, hints):
        stranger.called("make", file, state, hints)
        return Converted(lambda folder: stranger.save(folder), [f"a ruler of {len(state)} tensors"])

    stranger.define(make=make)
    ruler = Released(making="stranger:make", names=r"scale\d+\.|zero\.")
    edge = Released(names=r"edge\.", instead="Name it with --edge.")
    return stranger.register(released={"ruler": ruler, "edge of a ruler": edge})


class TestFromRelease:
    """The names of a file's tensors tell the network; its system makes the model folder."""

    def test_a_packages_network_becomes_its_model(self, stranger, ruler, tmp_path):
        file = saved(tmp_path / "a.pth", "module.scale0.weight", "scale1.weight")
        assert convert_from_release(file, tmp_path / "out", preset="toy") == ["a ruler of 2 tensors"]
        assert json.loads((tmp_path / "out" / "config.json").read_text())["format"] == "line"
        ((given, state, hints),) = stranger.calls["make"]
        assert (given, sorted(state), hints.preset) == (file, ["scale0.weight", "scale1.weight"], "toy")

    def test_a_network_that_makes_no_model_says_what_to_do_with_it(self, ruler, tmp_path):
        file = saved(tmp_path / "a.pth", "edge.weight")
        with pytest.raises(RunError, match=r"the release's edge of a ruler, which .* alone\. Name it with --edge\."):
            convert_from_release(file, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_so_does_groupdnets_encoder(self, tmp_path):
        file = saved(tmp_path / "a.pth", "layer1.0.weight_orig", "fc_mu.weight")
        with pytest.raises(RunError, match=r"GroupDNet encoder.*name this one with --encoder"):
            convert_from_release(file, tmp_path / "out")

    @pytest.mark.parametrize("name", ["body_down.0.conv1.weight", "discriminator_0.model0.0.weight"])
    def test_of_a_discriminator_the_generator_is_asked_for(self, name, tmp_path):
        with pytest.raises(RunError, match=r"discriminator, which makes no images.*\. Convert the generator's file"):
            convert_from_release(saved(tmp_path / "a.pth", name), tmp_path / "out")

    def test_of_a_strange_file_all_networks_are_listed_that_become_models(self, ruler, tmp_path):
        with pytest.raises(RunError, match="this is no network of the releases") as caught:
            convert_from_release(saved(tmp_path / "a.pth", "nothing.known"), tmp_path / "out")
        made = [name for system in systems() for name, one in system.released.items() if one.making is not None]
        assert caught.value.expected == ", ".join(made)
        assert made == ["PartNet", "generator", "GroupDNet generator", "GANSeg generator", "GANSeg segmenter", "ruler"]

    def test_a_maker_that_fails_leaves_nothing(self, stranger, ruler, tmp_path):
        def fail(file, state, hints):
            raise ConfigError("too short", file=file)

        stranger.define(make=fail)
        with pytest.raises(ConfigError, match="too short"):
            convert_from_release(saved(tmp_path / "a.pth", "zero.weight"), tmp_path / "out")
        assert [path.name for path in tmp_path.iterdir()] == ["a.pth"]

    def test_the_folder_is_looked_at_before_the_file(self, ruler, tmp_path):
        with pytest.raises(RunError, match="new or empty"):
            convert_from_release(tmp_path / "nowhere.pth", saved(tmp_path / "a.pth", "zero.weight"))


class TestToRelease:
    """The way back, where the record names one."""

    def test_the_systems_function_writes_it(self, stranger, tmp_path):
        stranger.define(write=lambda folder, out: [f"{folder.name} to {out.name}"])
        stranger.register(to_release="stranger:write")
        folder = stranger.save(tmp_path / "run" / "model")
        assert convert_to_release(tmp_path / "run", tmp_path / "a.pth") == ["model to a.pth"]
        assert convert_to_release(folder, tmp_path / "a.pth") == ["model to a.pth"]

    def test_a_system_without_one(self, stranger, tmp_path):
        with pytest.raises(ConfigError, match="no release of line"):
            convert_to_release(stranger.save(tmp_path / "model"), tmp_path / "a.pth")

    def test_a_file_is_no_model(self, stranger, tmp_path):
        with pytest.raises(RunError, match=r"where --to-release takes a run.*Leave out --to-release"):
            convert_to_release(saved(tmp_path / "a.pth", "zero.weight"), tmp_path / "b.pth")
