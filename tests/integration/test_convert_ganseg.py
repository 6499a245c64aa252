"""`ipose convert` of GANSeg's files: generator and segmenter become model folders and go back, bit for bit."""

import shutil

import pytest
import torch
from PIL import Image

from helpers.golden_files import close, read_golden
from helpers.golden_ganseg import OF_LARGEST
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.presets import preset
from ipose.ganseg.pretrained import load_ganseg, save_ganseg
from ipose.interop.weight_files import read_weights
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.saved_part_segmenter import load_part_segmenter, save_part_segmenter

HEATMAPS = {"cone": "linear", "gauss-var": "gauss"}


@pytest.fixture(scope="module")
def golden(golden_folder_of):
    def read(name):
        file = golden_folder_of("ganseg") / f"ganseg_{name}.safetensors"
        if not file.is_file():
            pytest.skip(f"no golden file {file.name}")
        return read_golden(file)

    return read


@pytest.fixture(scope="module")
def gan(golden, tmp_path_factory):
    """A file as the authors' training writes it: both networks and both optimizers after a step."""
    generator, discriminator = golden("generator_4block").state, golden("discriminator").state
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([weight], lr=1e-4, betas=(0.5, 0.9))
    weight.sum().backward()
    optimizer.step()
    held = {"generator": generator, "discriminator": discriminator}
    held |= {"optim_gen": optimizer.state_dict(), "optim_disc": optimizer.state_dict()}
    file = tmp_path_factory.mktemp("gan") / "30.ckpt"
    torch.save(held, file)
    return file


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) and a[name].dtype == b[name].dtype for name in b)


class TestGenerator:
    """The authors' file becomes a folder that makes their images, and goes back as it was."""

    @pytest.mark.parametrize("heatmap", HEATMAPS)
    @pytest.mark.parametrize("name", ["generator_4block", "generator_6block"])
    def test_the_folder_makes_the_images_and_masks_of_the_authors_code(self, golden, ipose, tmp_path, name, heatmap):
        given = golden(name)
        torch.save(given.state, tmp_path / "generator.pth")
        done = ipose("convert", tmp_path / "generator.pth", tmp_path / "model", "--heatmap", heatmap)
        assert done.code == 0, done.err
        network = load_ganseg(tmp_path / "model")
        noise = [given[f"in.input_noise{i}"] for i in range(3)]
        with torch.no_grad():
            made = network(*noise, given["in.bg_trans"][:, 0])
        for key, found in (("img", made.image), ("mask", made.mask), ("init_mask", made.heatmaps)):
            expected = given[f"out.{HEATMAPS[heatmap]}.{key}"]
            close(found, expected, OF_LARGEST)

    @pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
    def test_there_and_back_is_exact_and_optimizers_are_left(self, gan, ipose, golden, tmp_path, suffix):
        there = ipose("convert", gan, tmp_path / "model")
        assert there.code == 0, there.err
        back = ipose("convert", tmp_path / "model", tmp_path / f"back{suffix}", "--to-release")
        assert back.code == 0, back.err
        assert same(read_weights(tmp_path / f"back{suffix}"), golden("generator_4block").state)
        if suffix == ".pth":
            assert list(torch.load(tmp_path / "back.pth", weights_only=True)) == ["generator"]

    def test_the_published_run_is_told_from_blocks_and_head(self, gan, golden, ipose, tmp_path):
        torch.save(golden("generator_6block").state, tmp_path / "six.pth")
        for file, name, weight in ((gan, "celeba-wild", 1.25), (tmp_path / "six.pth", "flowers", 3.75)):
            done = ipose("convert", file, tmp_path / name)
            assert f"images of 32x32, preset {name}" in done.out
            assert "the form of the parts (here cone), nor the divisor of the points (here 20)" in done.out
            config = load_ganseg(tmp_path / name).config
            assert (config.concentration_per_part, config.image_size) == (weight, 32)
            assert len(config.discriminator_channels) == 4  # as deep as the image allows

    def test_it_serves_generate(self, gan, ipose, tmp_path):
        ipose("convert", gan, tmp_path / "model", "--preset", "taichi")
        words = ("--system", "ganseg", "--model", tmp_path / "model", "--out", tmp_path / "out")
        made = ipose("generate", *words)
        assert made.code == 0, made.err
        assert list((tmp_path / "out").glob("*.png"))

    def test_a_model_of_our_own_needs_no_word_on_its_margin(self, ipose, tmp_path):
        """Its grid tells: 4 pixels around, where the published networks have 10."""
        narrow = {"noise_channels": 4, "embedding": 2, "channels": (4, 2, 2, 2), "final_channels": 2, "hidden": 2}
        own = GANSegGenerator(preset("tiny", **narrow, mask_channels=2, heatmap="gauss-paper"))
        save_ganseg(tmp_path / "own", own)
        there = ipose("convert", tmp_path / "own", tmp_path / "own.pth", "--to-release")
        assert "The file does not have heatmap gauss-paper, point_divisor 5.0, sizes 16 16 32 32" in there.out
        back = ipose(
            "convert", tmp_path / "own.pth", tmp_path / "again", "--preset", "tiny", "--heatmap", "gauss-paper"
        )
        assert back.code == 0, back.err
        again = load_ganseg(tmp_path / "again")
        assert same(again.state_dict(), own.state_dict())
        assert again.config == own.config


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory):
    """A file as the authors write it, and its network: 3 parts; half precision, as 160 MB need not be written."""
    torch.manual_seed(0)
    folder, network = tmp_path_factory.mktemp("segmenter"), PartSegmenter(3).half()
    torch.save({"detector": network.state_dict(), "optim": {"state": {}, "param_groups": []}}, folder / "10.ckpt")
    yield folder / "10.ckpt", network
    shutil.rmtree(folder)


class TestSegmenter:
    """The segmenter's file becomes a folder for `ipose segment`, and goes back."""

    def test_there_and_back(self, segmenter, ipose, tmp_path):
        file, network = segmenter
        there = ipose("convert", file, tmp_path / "model", "--preset", "tiny")
        assert there.code == 0, there.err
        assert "3 parts" in there.out
        trained = load_part_segmenter(tmp_path / "model")
        assert (trained.image_size, trained.network.parts) == (32, 3)
        assert same(trained.network.state_dict(), network.float().state_dict())
        Image.new("RGB", (40, 40)).save(tmp_path / "photo.png")
        used = ipose("segment", tmp_path / "photo.png", "--model", tmp_path / "model", "--out", tmp_path / "out")
        assert used.code == 0, used.err
        back = ipose("convert", tmp_path / "model", tmp_path / "back.pth", "--to-release")
        assert back.code == 0, back.err
        assert same(torch.load(tmp_path / "back.pth", weights_only=True)["detector"], network.state_dict())
        shutil.rmtree(tmp_path)

    def test_options_without_use(self, segmenter, ipose, tmp_path):
        for words, sentence in (
            (("--preset", "toy"), "no such GANSeg preset: found toy, expected celeba-wild"),
            (("--heatmap", "cone"), "[heatmap] of no use to GANSeg's segmenter: found cone. Leave out --heatmap."),
        ):
            done = ipose("convert", segmenter[0], tmp_path / "model", *words)
            assert (done.code, sentence in done.err) == (2, True), done.err
        assert not list(tmp_path.iterdir())

    def test_another_network_has_no_form_there(self, ipose, tmp_path):
        save_part_segmenter(tmp_path / "model", PartSegmenter(2, "lraspp_mobilenet_v3_large"), 32)
        done = ipose("convert", tmp_path / "model", tmp_path / "back.pth", "--to-release")
        assert done.code == 2
        assert "the release has no such segmenter: found lraspp_mobilenet_v3_large" in done.err


class TestFaults:
    """One sentence each, exit code 2, and nothing is written."""

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (
                ("--preset", "cub"),
                "do not fit the preset: found 4 blocks, expected 6, as in cub. Presets with 4: celeba-wild, taichi",
            ),
            (("--preset", "toy"), "no such GANSeg preset: found toy"),
            (("--spec", "ade20k"), "[spec] of no use to GANSeg's generator, which has no classes"),
            (("--supports", "nowhere"), "[supports] of no use to GANSeg's generator"),
            (("--z-channels", "8"), "Leave out --z-channels."),
        ],
    )
    def test_options_that_contradict_the_weights(self, gan, ipose, tmp_path, words, sentence):
        done = ipose("convert", gan, tmp_path / "model", *words)
        assert done.code == 2
        assert sentence in done.err
        assert "30.ckpt" in done.err
        assert not list(tmp_path.iterdir())

    def test_a_discriminator_alone(self, golden, ipose, tmp_path):
        torch.save({"discriminator": golden("discriminator").state}, tmp_path / "d.pth")
        done = ipose("convert", tmp_path / "d.pth", tmp_path / "model")
        assert done.code == 2
        assert "d.pth: this is the release's GANSeg discriminator, which makes no images" in done.err

    def test_a_missing_tensor(self, golden, ipose, tmp_path):
        state = golden("generator_4block").state
        del state["conv.0.bias"]
        torch.save(state, tmp_path / "g.pth")
        done = ipose("convert", tmp_path / "g.pth", tmp_path / "model")
        assert done.code == 2
        assert "missing conv.0.bias" in done.err

    def test_a_number_of_blocks_that_nobody_published(self, golden, ipose, tmp_path):
        state = {name: value for name, value in golden("generator_6block").state.items() if "blocks.5." not in name}
        torch.save(state, tmp_path / "g.pth")
        done = ipose("convert", tmp_path / "g.pth", tmp_path / "model")
        assert done.code == 2
        assert "no published GANSeg generator has so many blocks: found 5" in done.err
