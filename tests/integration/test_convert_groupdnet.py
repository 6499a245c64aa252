"""`ipose convert` of GroupDNet's two files: one model folder, and back, exact to the last bit."""

import pytest
import torch
from PIL import Image

from helpers.golden_files import read_golden
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.discriminator import MultiScaleDiscriminator
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import preset
from ipose.interop.release import to_release
from ipose.interop.weight_files import read_weights

NARROW = {
    "encoder_channels": (1,) * 6,
    "decoder_channels": (8,) * 8,
    "decoder_groups": (8,) * 7,
    "modulation_hidden": 8,
}


@pytest.fixture(scope="module")
def golden(golden_folder_of):
    def read(name):
        file = golden_folder_of("groupdnet") / f"groupdnet_{name}.safetensors"
        if not file.is_file():
            pytest.skip(f"no golden file {file.name}")
        return read_golden(file)

    return read


@pytest.fixture(scope="module")
def files(golden, tmp_path_factory):
    """The authors' names and form: latest_net_G.pth (DeepFashion's layers), latest_net_E.pth that fits it."""
    folder = tmp_path_factory.mktemp("release")
    torch.save(golden("generator_deepfashion").state, folder / "latest_net_G.pth")
    torch.save(encoder_for("generator_deepfashion", golden), folder / "latest_net_E.pth")
    return folder


def encoder_for(name, golden):
    torch.manual_seed(0)
    classes = golden(name).config["num_classes"]
    widths = {"decoder_channels": (classes,) * 8, "decoder_groups": (1,) * 7}
    return to_release(Encoder(preset("deepfashion", num_classes=classes, encoder_channels=(2,) * 6, **widths)))


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in b)


class TestModelFolder:
    """Generator and encoder become one folder, which computes as the authors' code does."""

    def test_the_folder_makes_the_images_of_the_authors_code(self, files, golden, ipose, tmp_path):
        done = ipose("convert", files / "latest_net_G.pth", tmp_path / "model")
        assert done.code == 0, done.err
        assert f"and {files / 'latest_net_E.pth'}: 8 classes of numbered, preset deepfashion" in done.out
        assert "The classes have numbers, not names" in done.out
        given, model = golden("generator_deepfashion"), GroupDNet.from_pretrained(tmp_path / "model")
        with torch.no_grad():
            found = model.decoder(given["in.label"].long(), given["in.z"])
        image = next(value for name, value in given.outputs.items() if value.shape == found.shape)
        torch.testing.assert_close(found, image, atol=1e-4, rtol=1e-4)
        assert model.config.encoder_channels == (2,) * 6
        assert same(to_release(model.encoder), read_weights(files / "latest_net_E.pth"))

    def test_it_serves_generate(self, files, ipose, tmp_path):
        done = ipose("convert", files / "latest_net_G.pth", tmp_path / "model", "--spec", "ccp-cloth")
        assert "8 classes of ccp-cloth" in done.out
        Image.new("L", (64, 64), 3).save(tmp_path / "map.png")
        words = ("--model", tmp_path / "model", "--keep-size", "--out", tmp_path / "out")
        made = ipose("generate", tmp_path / "map.png", *words)
        assert made.code == 0, made.err
        assert list((tmp_path / "out").glob("*.png"))

    def test_classes_of_the_published_data_sets_are_known(self, ipose, tmp_path):
        """35 classes with edges: Cityscapes, whose images are twice as wide as high."""
        wide = {"encoder_channels": (1,) * 6, "decoder_channels": (35,) * 8, "decoder_groups": (35, 35, 7, 5, 5, 1, 1)}
        config = preset("cityscapes", **wide)
        torch.save(to_release(Decoder(config)), tmp_path / "G.pth")
        torch.save(to_release(Encoder(config)), tmp_path / "E.pth")
        done = ipose("convert", tmp_path / "G.pth", tmp_path / "model")
        assert done.code == 0, done.err
        model = GroupDNet.from_pretrained(tmp_path / "model")
        assert model.spec.name == "cityscapes"
        assert model.config == config


class TestWayBack:
    """`--to-release` writes both files; from the authors' and back it is exact, unused layers included."""

    @pytest.mark.parametrize("name", ["generator_deepfashion", "generator_ade20k"])
    def test_there_and_back_is_exact(self, golden, ipose, tmp_path, name):
        states = {"G": golden(name).state, "E": encoder_for(name, golden)}
        assert any(key.startswith("up_4.") for key in states["G"]) == (name == "generator_ade20k")  # no layer uses it
        torch.save(states["G"], tmp_path / "generator.pth")
        torch.save({f"module.{key}": value for key, value in states["E"].items()}, tmp_path / "encoder.pth")
        words = ("--encoder", tmp_path / "encoder.pth")
        assert ipose("convert", tmp_path / "generator.pth", tmp_path / "model", *words).code == 0
        back = ipose("convert", tmp_path / "model", tmp_path / "back_net_G.pth", "--to-release")
        assert back.code == 0, back.err
        for which, state in states.items():
            assert same(read_weights(tmp_path / f"back_net_{which}.pth"), state), which

    def test_a_vspade_whose_images_are_not_square(self, ipose, tmp_path):
        """Its first layer is made for one size, which the preset tells."""
        narrow = {
            "encoder_channels": (2,) * 5,
            "decoder_channels": (2,) * 7,
            "code_channels": 3,
            "modulation_hidden": 2,
        }
        config = preset("fashion-small-vspade", **narrow)
        torch.save(to_release(Decoder(config)), tmp_path / "G.pth")
        torch.save(to_release(Encoder(config)), tmp_path / "E.pth")
        words = ("--preset", "fashion-small-vspade", "--spec", "ccp-cloth")
        done = ipose("convert", tmp_path / "G.pth", tmp_path / "model", *words)
        assert done.code == 0, done.err
        assert GroupDNet.from_pretrained(tmp_path / "model").config == config
        assert ipose("convert", tmp_path / "model", tmp_path / "b_G.pth", "--to-release").code == 0
        assert same(read_weights(tmp_path / "b_G.pth"), read_weights(tmp_path / "G.pth"))

    def test_the_file_is_named_as_the_generators(self, files, ipose, tmp_path):
        ipose("convert", files / "latest_net_G.pth", tmp_path / "model")
        (tmp_path / "mine_E.pth").write_text("mine")
        for name, sentence in (
            ("back.pth", "expected a name that ends in _G, such as latest_net_G.pth"),
            ("mine_G.pth", "mine_E.pth: there is something here already"),
        ):
            done = ipose("convert", tmp_path / "model", tmp_path / name, "--to-release")
            assert (done.code, sentence in done.err) == (2, True), done.err
            assert sorted(file.name for file in tmp_path.iterdir()) == ["mine_E.pth", "model"]


class TestFaults:
    """One sentence each, exit code 2, and nothing is written."""

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (("--preset", "cityscapes"), "do not fit the classes of cityscapes: found 8 classes, expected 35 classes"),
            (("--spec", "ade20k"), "do not fit the classes of ade20k: found 8 classes, expected 151 classes"),
            (("--preset", "celeba-wild"), "no such GroupDNet preset: found celeba-wild"),
            (("--supports", "nowhere"), "[supports] of no use to GroupDNet"),
            (("--encoder", "nowhere.pth"), "a model also needs the encoder: found no such file, expected nowhere.pth"),
        ],
    )
    def test_options_that_contradict_the_weights(self, files, ipose, tmp_path, words, sentence):
        done = ipose("convert", files / "latest_net_G.pth", tmp_path / "model", *words)
        assert done.code == 2
        assert sentence in done.err
        assert not list(tmp_path.iterdir())

    def test_a_generator_without_its_encoder(self, files, ipose, tmp_path):
        torch.save(read_weights(files / "latest_net_G.pth"), tmp_path / "latest_net_G.pth")
        done = ipose("convert", tmp_path / "latest_net_G.pth", tmp_path / "model")
        assert done.code == 2
        assert "as in latest_net_E.pth. Name the encoder's file: --encoder FILE." in done.err

    def test_the_encoder_alone(self, files, ipose, tmp_path):
        done = ipose("convert", files / "latest_net_E.pth", tmp_path / "model")
        assert done.code == 2
        assert "GroupDNet encoder, which makes no images alone" in done.err

    def test_an_encoder_of_another_model(self, files, golden, ipose, tmp_path):
        torch.save(encoder_for("generator_ade20k", golden), tmp_path / "E.pth")
        for file, sentence in (
            (tmp_path / "E.pth", "[classes] this encoder is of another model than the generator: found 5, expected 8"),
            (files / "latest_net_G.pth", "this is the release's GroupDNet generator, not its GroupDNet encoder"),
        ):
            done = ipose("convert", files / "latest_net_G.pth", tmp_path / "model", "--encoder", file)
            assert (done.code, sentence in done.err) == (2, True), done.err

    def test_a_discriminator(self, ipose, tmp_path):
        config = preset("deepfashion", **NARROW, discriminator_width=1)
        torch.save(to_release(MultiScaleDiscriminator(config)), tmp_path / "latest_net_D.pth")
        done = ipose("convert", tmp_path / "latest_net_D.pth", tmp_path / "model")
        assert done.code == 2
        assert "GroupDNet discriminator, which makes no images" in done.err

    def test_layers_that_the_release_does_not_have(self, files, ipose, tmp_path):
        from ipose.data.specs import load_spec

        config = preset("deepfashion", **NARROW, fusing_layers=1)
        GroupDNet(Encoder(config), Decoder(config), load_spec("ccp-cloth")).save_pretrained(tmp_path / "own")
        done = ipose("convert", tmp_path / "own", tmp_path / "own_G.pth", "--to-release")
        assert done.code == 2
        assert "the release has no form for this Decoder" in done.err
        assert not list(tmp_path.glob("*.pth"))
