"""`ipose convert`: the records say which networks become models, of built-in systems and of any package."""

import json

import pytest
import torch
from safetensors.torch import save_file

from ipose.errors import ConfigError, RunError, ShapeMismatchError
from ipose.systems.converting import (
    Converted,
    Hints,
    at_home,
    convert_from_release,
    convert_to_release,
    read_network,
    refuse_occupied,
)
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


class TestHints:
    """What the user says of a file."""

    def test_what_is_not_said_is_none(self):
        hints = Hints({"preset": "ade20k", "spec": None})
        assert (hints.preset, hints.spec, hints.encoder) == ("ade20k", None, None)

    def test_a_hint_of_no_use_is_refused_by_its_option(self, tmp_path):
        hints = Hints({"preset": "ade20k", "z_channels": 3, "spec": None})
        hints.refuse_all_but("preset", "z_channels", file=tmp_path, network="a line")
        with pytest.raises(ConfigError, match=r"\[z_channels\] of no use to a line: found 3.*Leave out --z-channels"):
            hints.refuse_all_but("preset", file=tmp_path, network="a line")


class TestAtHome:
    """Complaints about a state name the file that it came from."""

    def test_a_complaint_without_a_file_gets_one_and_stays_of_its_kind(self, tmp_path):
        def complain():
            raise ShapeMismatchError("too wide", field="conv", found=3, expected=4, mend="Cut it.")

        with pytest.raises(ShapeMismatchError) as caught:
            at_home(tmp_path / "a.pth", complain)
        assert str(caught.value) == f"{tmp_path / 'a.pth'}: [conv] too wide: found 3, expected 4. Cut it."

    def test_one_that_names_a_file_is_left_alone(self, tmp_path):
        def complain():
            raise RunError("gone", file="b.pth")

        with pytest.raises(RunError, match=r"^b\.pth: gone"):
            at_home(tmp_path / "a.pth", complain)

    def test_otherwise_it_is_what_was_made(self, tmp_path):
        assert at_home(tmp_path, lambda: 3) == 3


class TestReadNetwork:
    """The state dict to convert."""

    def test_wrappers_names_are_taken_off(self, tmp_path):
        torch.save({"module.conv.weight": torch.ones(1)}, tmp_path / "a.pth")
        assert list(read_network(tmp_path / "a.pth")) == ["conv.weight"]

    def test_a_folder_is_no_file(self, tmp_path):
        with pytest.raises(RunError, match=r"a folder, where a file.*--to-release"):
            read_network(tmp_path)

    def test_weights_inside_a_model_folder_need_no_converting(self, tmp_path):
        save_file({"conv.weight": torch.ones(1)}, tmp_path / "model.safetensors")
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(RunError, match=r"needs no converting.*as it is"):
            read_network(tmp_path / "model.safetensors")


class TestRefuseOccupied:
    """A folder to write is new, or empty."""

    def test_only_a_new_or_empty_folder_will_do(self, tmp_path):
        refuse_occupied(tmp_path / "new")
        refuse_occupied(tmp_path)
        (tmp_path / "a").touch()
        for taken in (tmp_path, tmp_path / "a"):
            with pytest.raises(RunError, match="must be new or empty"):
                refuse_occupied(taken)
