"""`ipose convert`: the authors' files become model folders and go back; a wrong one leaves a sentence, nothing else."""

import os
import shutil

import pytest
import torch
from PIL import Image

from helpers.published_parts import write_release_tree
from ipose import IPose
from ipose.data.input_maps import read_map
from ipose.data.png import read_photo
from ipose.data.specs import load_spec
from ipose.data.support_folder import load_supports, save_supports
from ipose.errors import SupportError
from ipose.interop.release import generator, partnet, to_release
from ipose.interop.weight_files import read_weights
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset

SMALL = {"channels": 1, "spade_hidden": 2, "part_hidden": 2, "part_feature_channels": 2}


@pytest.fixture(scope="module")
def state():
    """A generator of the release's form with its PartNet, 151 classes of ADE20K, narrow and random."""
    torch.manual_seed(0)
    network = to_release(Generator(preset("ade20k-release", init_gain=1.0, **SMALL)))
    carried = to_release(PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4))))
    unused = {name: torch.randn_like(value) for name, value in network.items() if name.startswith("conv_nos.5.")}
    return {**network, **unused, **{f"partnet.model.{name}": value for name, value in carried.items()}}


@pytest.fixture(scope="module")
def files(state, tmp_path_factory):
    """generator.pth, partnet.pth, discriminator.pth, supports/ and map.png (a car on a road)."""
    folder = tmp_path_factory.mktemp("release")
    torch.save(state, folder / "generator.pth")
    torch.save({f"module.{name}": value for name, value in to_release(partnet(state)).items()}, folder / "partnet.pth")
    torch.save(to_release(Discriminator(151, (3, 2, 2, 2), 2)), folder / "discriminator.pth")
    maps = torch.zeros(3, 64, 64, dtype=torch.uint8)
    maps[:, 10:50, 10:50], maps[:, 20:30, 20:40] = 1, 2
    save_supports(SupportSet({"car": ("body", "window")}, {"car": maps}), folder / "supports")
    label = torch.full((64, 64), file_id("road"), dtype=torch.uint8)
    label[20:50, 10:56] = file_id("car")
    Image.fromarray(label.numpy()).save(folder / "map.png")
    return folder


def file_id(name):
    return next(item.file_id for item in load_spec("ade20k").classes if item.name.split(",")[0] == name)


@pytest.fixture(scope="module")
def bare(files, ipose):
    """The generator as a model folder, without supports. Not to be written to."""
    done = ipose("convert", files / "generator.pth", files / "bare")
    assert done.code == 0, done.err
    assert "151 classes of ade20k, preset ade20k-release" in done.out
    return files / "bare"


def scene_of(files):
    return read_map(files / "map.png", load_spec("ade20k"))


class TestModelFolder:
    """A release generator becomes a folder that `IPose.from_pretrained` loads: same weights, published settings."""

    def test_holds_the_files_weights(self, bare, state):
        model = IPose.from_pretrained(bare)
        for ours, theirs in ((model.generator, generator(state)), (model.partnet, partnet(state))):
            expected = theirs.state_dict()
            assert all(torch.equal(tensor, expected[name]) for name, tensor in ours.state_dict().items())

    def test_has_the_settings_of_the_data_set_with_as_many_classes(self, bare):
        model = IPose.from_pretrained(bare)
        published = preset("ade20k-release")
        assert model.spec == load_spec("ade20k")
        assert model.synthesis.channel_multipliers == published.channel_multipliers
        for name in ("num_classes", "unknown", "height", "width", "lr_generator", "paste", "part_input"):
            assert getattr(model.synthesis, name) == getattr(published, name), name

    def test_another_data_set_and_z_can_be_named(self, files, ipose, tmp_path):
        """215 channels are 64 of z and 151 classes, or 32 and 183."""
        done = ipose("convert", files / "generator.pth", tmp_path / "m", "--preset", "coco-stuff", "--z-channels", 32)
        assert done.code == 0, done.err
        model = IPose.from_pretrained(tmp_path / "m")
        assert (model.synthesis.num_classes, model.synthesis.z_channels, model.spec.name) == (183, 32, "coco-stuff")

    def test_with_supports_it_makes_images(self, files, ipose, tmp_path):
        done = ipose("convert", files / "generator.pth", tmp_path / "m", "--supports", files / "supports")
        assert done.code == 0, done.err
        assert "No supports for" in done.out  # of ADE20K's other categories
        made = ipose("generate", files / "map.png", "--model", tmp_path / "m", "--keep-size", "--out", tmp_path / "out")
        assert made.code == 0, made.err
        assert read_photo(tmp_path / "out" / "map_seed0.png").shape == (64, 64, 3)

    def test_a_microwave_has_parts_where_the_supports_bring_its_slot(self, files, ipose, tmp_path):
        """The built-in spec gives it none, because nothing can be inferred without supports; the release has a slot."""
        maps = load_supports(files / "supports").part_maps["car"]
        names = {"car": ("body", "window"), "microwave": ("part 1", "part 2")}
        save_supports(SupportSet(names, dict.fromkeys(names, maps)), tmp_path / "supports")
        done = ipose("convert", files / "generator.pth", tmp_path / "m", "--supports", tmp_path / "supports")
        assert done.code == 0, done.err
        given = {item.name: item.part_category for item in IPose.from_pretrained(tmp_path / "m").spec.classes}
        built_in = {item.name: item.part_category for item in load_spec("ade20k").classes}
        assert given == built_in | {"microwave": "microwave"}

    def test_the_supports_of_the_authors_part_data_will_do(self, files, ipose, tmp_path):
        write_release_tree(tmp_path / "data")
        done = ipose("convert", files / "partnet.pth", tmp_path / "p", "--supports", tmp_path / "data")
        assert done.code == 0, done.err
        assert {"car", "human", "horse", "zebra"} <= set(load_supports(tmp_path / "p" / "supports").categories)
        assert load_supports(tmp_path / "p" / "supports").k == 2

    def test_an_empty_folder_may_be_written_to(self, files, ipose, tmp_path, monkeypatch):
        for folder, word in (("there", tmp_path / "there"), ("here", ".")):
            (tmp_path / folder).mkdir()
            monkeypatch.chdir(tmp_path / folder)
            done = ipose("convert", files / "partnet.pth", word)
            assert done.code == 0, done.err
            assert (tmp_path / folder / "config.json").is_file()

    def test_a_partnet_alone_serves_ipose_parts(self, files, ipose, tmp_path):
        done = ipose("convert", files / "partnet.pth", tmp_path / "p", "--supports", files / "supports")
        assert done.code == 0, done.err
        Image.new("L", (64, 64), 255).save(tmp_path / "square.png")
        made = ipose(
            "parts", tmp_path / "square.png", "--model", tmp_path / "p", "--out", tmp_path / "out", "--category", "car"
        )
        assert made.code == 0, made.err
        assert (tmp_path / "out" / "square_part.png").is_file()


class TestWithoutSupports:
    """The release's files bring no support maps: the folder says so, and so does every use, in one sentence."""

    sentence = "this model has no support part maps, from which parts are inferred"

    def test_the_folder_says_so(self, bare, ipose):
        assert '"support_maps": "none"' in (bare / "config.json").read_text()
        assert "came without support part maps" in (bare / "supports" / "README.txt").read_text()
        assert "none: it came without support maps" in ipose("info", bare).out

    def test_generate_and_parts_say_so(self, bare, files, ipose, tmp_path):
        for command in ("generate", "parts"):
            done = ipose(command, files / "map.png", "--model", bare, "--out", tmp_path / "out")
            assert done.code == 2
            assert self.sentence in done.err
            assert done.err.count("\n") == 1
        assert not (tmp_path / "out").exists()

    def test_a_call_says_so(self, bare, files):
        with pytest.raises(SupportError, match=self.sentence):
            IPose.from_pretrained(bare)(scene_of(files))

    def test_supports_of_the_command_line_will_do(self, bare, files, ipose, tmp_path):
        done = ipose("parts", files / "map.png", "--model", bare, "--supports", files / "supports", "--out", tmp_path)
        assert done.code == 0, done.err

    def test_maps_put_into_the_folder_later_are_read(self, bare, files, tmp_path):
        shutil.copytree(bare, tmp_path / "m")
        shutil.copytree(files / "supports" / "car", tmp_path / "m" / "supports" / "car")
        out = IPose.from_pretrained(tmp_path / "m")(scene_of(files))
        assert out.image.shape == (3, 64, 64)

    def test_saved_again_it_still_says_so(self, bare, tmp_path):
        IPose.from_pretrained(bare).save_pretrained(tmp_path / "again")
        assert not IPose.from_pretrained(tmp_path / "again").supports.categories


class TestWayBack:
    """`--to-release` writes generator and PartNet under the authors' names; from their file and back it is exact."""

    @pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
    def test_from_the_release_and_back_is_exact(self, bare, state, ipose, tmp_path, suffix):
        done = ipose("convert", bare, tmp_path / f"back{suffix}", "--to-release")
        assert done.code == 0, done.err
        back = read_weights(tmp_path / f"back{suffix}")
        assert set(back) == set(state)
        assert all(torch.equal(back[name], state[name]) for name in state)

    def test_a_partnet_too(self, files, ipose, state, tmp_path):
        for words in (("partnet.pth", "p"), ("p", "back.pth", "--to-release")):
            source = files / words[0] if words[0].endswith(".pth") else tmp_path / words[0]
            assert ipose("convert", source, tmp_path / words[1], *words[2:]).code == 0
        back, expected = read_weights(tmp_path / "back.pth"), to_release(partnet(state))
        assert set(back) == set(expected)

    def test_a_model_of_our_own(self, ipose, files, tmp_path):
        spec = load_spec("partworld")
        config = preset("toy", num_classes=spec.num_classes, channels=1, part_feature_channels=2)
        own = IPose(Generator(config), PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4))), SupportSet({}, {}), spec)
        own.save_pretrained(tmp_path / "own")
        there = ipose("convert", tmp_path / "own", tmp_path / "own.pth", "--to-release")
        assert there.code == 0, there.err
        assert "the authors' reads part features" in there.out
        assert "tokens of empty masks" in there.out
        back = ipose("convert", tmp_path / "own.pth", tmp_path / "back", "--preset", "toy")
        assert back.code == 0, back.err
        model, expected = IPose.from_pretrained(tmp_path / "back"), own.generator.state_dict()
        assert model.synthesis.part_input == "logits"
        assert all(torch.equal(tensor, expected[name]) for name, tensor in model.generator.state_dict().items())


class Creates:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


class TestFaults:
    """One helpful sentence each, exit code 2, and nothing is written."""

    @pytest.fixture
    def refused(self, ipose, tmp_path):
        """Runs a conversion to a new folder that must not come to be; what it said."""

        def run(source, *words):
            if not hasattr(source, "exists"):
                torch.save(source, tmp_path / "file.pth")
                source = tmp_path / "file.pth"
            before = sorted(tmp_path.iterdir())
            done = ipose("convert", source, tmp_path / "new" / "model", *words)
            assert done.code == 2
            assert sorted(tmp_path.iterdir()) == before
            assert "Traceback" not in done.err
            return done.err

        return run

    def test_a_missing_key(self, refused, state):
        said = refused({name: tensor for name, tensor in state.items() if name != "body.3.conv_p.bias"})
        assert "the release's generator, 1 missing:\n  missing body.3.conv_p.bias: expected (8,). Take" in said

    def test_a_wrong_shape(self, refused, state):
        said = refused({**state, "body.3.conv_p.bias": torch.zeros(7)})
        assert "1 of another shape:\n  shape of body.3.conv_p.bias: found (7,), expected (8,). Take" in said

    def test_a_malicious_pickle(self, refused, state, tmp_path):
        said = refused({**state, "x": Creates(tmp_path / "ran")})
        assert "reading this file would run code, so it is not read: found a pickle that calls" in said
        assert not (tmp_path / "ran").exists()

    def test_an_unrelated_checkpoint(self, refused):
        said = refused({"conv1.weight": torch.zeros(1), "fc.weight": torch.zeros(10, 5)})
        assert "this is no network of the releases: found 2 tensors, the first named 'conv1.weight'" in said

    def test_a_discriminator(self, refused, files):
        assert "Convert the generator's file" in refused(files / "discriminator.pth")

    def test_a_generator_without_its_partnet(self, refused, state):
        said = refused({name: tensor for name, tensor in state.items() if not name.startswith("partnet.")})
        assert "has no PartNet" in said

    def test_no_such_file(self, refused, tmp_path):
        assert "nowhere.pth: no such file" in refused(tmp_path / "nowhere.pth")

    def test_a_folder_in_place_of_a_file(self, refused, bare):
        assert "or add --to-release to write this model as one" in refused(bare)

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("--preset", "cityscapes-release"), "found 215 channels: 64 of z, 151 classes, expected 35 classes"),
            (("--spec", "partworld"), "do not fit the classes of partworld"),
            (("--preset", "citiscapes"), "no such synthesis preset: found citiscapes"),
            (("--spec", "nowhere.toml"), "no such spec"),
            (("--z-channels", "60"), "no published weights have so many classes"),
            (("--z-channels", "300"), "no published weights have so many classes"),
            (("--supports", "nowhere"), "no such folder: expected a support folder"),
        ],
    )
    def test_options_that_contradict_the_weights(self, refused, files, words, sentence):
        assert sentence in refused(files / "generator.pth", *words)

    def test_a_preset_for_a_partnet(self, refused, files):
        assert "has no classes" in refused(files / "partnet.pth", "--preset", "toy")

    def test_a_folder_that_is_taken(self, bare, files, ipose):
        before = {file: file.stat().st_mtime_ns for file in bare.rglob("*")}
        done = ipose("convert", files / "generator.pth", bare)
        assert done.code == 2
        assert "the folder to write must be new or empty" in done.err
        assert {file: file.stat().st_mtime_ns for file in bare.rglob("*")} == before

    def test_a_disk_that_is_full(self, files, ipose, tmp_path, monkeypatch):
        def full(*_args, **_rest):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("ipose.model_writing.dataset_toml", full)  # when most is written
        done = ipose("convert", files / "generator.pth", tmp_path / "model")
        assert done.code == 2
        assert "No space left" in done.err
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("bare", "generator.pth"), "there is something here already"),
            (("bare", "back.zip"), "no suffix of a file of weights"),
            (("generator.pth", "back.pth"), "a file, where --to-release takes a run or model folder"),
            (("nowhere", "back.pth"), "no such run or model folder"),
            (("supports", "back.pth"), "no model in here"),
            (("bare", "back.pth", "--preset", "toy"), "[preset] --to-release takes everything from the model"),
        ],
    )
    def test_wrong_ways_back(self, bare, files, ipose, words, sentence):
        before = sorted(files.iterdir())
        done = ipose("convert", files / words[0], files / words[1], *words[2:], "--to-release")
        assert done.code == 2
        assert sentence in done.err
        assert sorted(files.iterdir()) == before
