"""GANSeg's networks, losses and metrics give the authors' numbers; everything is taken from the files."""

import os
from pathlib import Path

import pytest
import torch

from helpers import golden_ganseg
from helpers.golden_files import assert_all_outputs, read_golden
from ipose.errors import ConfigError, RunError
from ipose.interop.release import ganseg_discriminator, ganseg_generator, ganseg_segmenter, to_release

OUTPUTS = {
    "ganseg_generator_4block": golden_ganseg.ganseg_generator_outputs,
    "ganseg_generator_6block": golden_ganseg.ganseg_generator_outputs,
    "ganseg_generator_shared": golden_ganseg.ganseg_generator_outputs,
    "ganseg_discriminator": golden_ganseg.ganseg_discriminator_outputs,
    "ganseg_heatmaps": golden_ganseg.ganseg_heatmap_outputs,
    "ganseg_penalties": golden_ganseg.ganseg_penalty_outputs,
    "ganseg_metrics": golden_ganseg.ganseg_metric_outputs,
}
GENERATORS = [name for name in OUTPUTS if "generator" in name]


@pytest.fixture(scope="module")
def folder(golden_folder):
    """`ganseg/` of IPOSE_GOLDEN, else of the shared folder, else the copy in tests/data."""
    beside = golden_folder.parent / "ganseg"
    if beside.is_dir() or "IPOSE_GOLDEN" in os.environ:
        return beside
    return Path(__file__).parents[2] / "data" / "golden" / "ganseg"


@pytest.fixture
def read(folder):
    def read(name):
        path = folder / f"{name}.safetensors"
        if not path.is_file():
            pytest.skip(f"no golden file {path.name} (set IPOSE_GOLDEN to a folder that holds ganseg/)")
        return read_golden(path)

    return read


class TestGoldenGANSeg:
    """Given the release's weights and inputs, ours give the release's numbers (2e-4 of the largest, 1e-4 of each)."""

    @pytest.mark.parametrize("name", OUTPUTS)
    def test_every_output_of_the_file(self, read, name):
        golden = read(name)
        assert_all_outputs(golden, OUTPUTS[name](golden), golden_ganseg.OF_LARGEST)

    def test_every_file_is_read(self, folder):
        assert {path.stem for path in folder.glob("*.safetensors")} <= set(OUTPUTS)

    @pytest.mark.parametrize("name", GENERATORS)
    def test_widths_and_counts_are_read_off_the_weights(self, read, name):
        golden = read(name)
        network, said = golden_ganseg.golden_generator(golden), golden.config
        assert network.config.parts == said["n_keypoints"]
        assert network.config.points_per_part == said["n_per_kp"]
        assert network.config.embedding == said["n_embedding"]
        assert network.config.noise_channels == said["z_dim"]
        assert ",".join(map(str, network.config.channels)) == said["feature_map_channels"]
        assert (network.config.head == "one") == bool(said["single_final"])
        assert not network.training

    @pytest.mark.parametrize("name", GENERATORS)
    def test_published_depths_need_no_sizes(self, read, name):
        golden = read(name)
        sizes = ganseg_generator(golden.state).config.sizes
        assert ",".join(map(str, sizes)) == golden.config["feature_map_sizes"]

    @pytest.mark.parametrize("name", [*GENERATORS, "ganseg_discriminator"])
    def test_back_to_the_release_bit_for_bit(self, read, name):
        state = read(name).state
        load = ganseg_discriminator if name == "ganseg_discriminator" else ganseg_generator
        back = to_release(load(state))
        assert back.keys() == state.keys()
        assert all(torch.equal(back[key], state[key]) for key in state)

    def test_image_size_of_the_discriminator_is_read_off_the_weights(self, read):
        golden = read("ganseg_discriminator")
        assert ganseg_discriminator(golden.state).image_size == golden.config["image_size"]


class TestWrongStates:
    """What is not the network asked for is refused in one sentence."""

    def test_the_other_network_is_named(self, read):
        state = read("ganseg_discriminator").state
        with pytest.raises(RunError, match=r"GANSeg discriminator, not its GANSeg generator.*ganseg_discriminator"):
            ganseg_generator(state)

    def test_a_stranger_is_refused(self):
        with pytest.raises(RunError, match=r"no GANSeg generator of the release: found 1 tensors, .* 'weight'"):
            ganseg_generator({"weight": torch.zeros(1)})

    def test_a_missing_tensor_is_listed(self, read):
        state = read("ganseg_generator_4block").state
        del state["spade_blocks.1.conv2.bias"]
        with pytest.raises(RunError, match=r"1 missing.*\n.*missing spade_blocks.1.conv2.bias: expected \(8,\)"):
            ganseg_generator(state)

    def test_a_grid_of_our_own_has_no_release_form(self, read):
        from dataclasses import replace

        from ipose.ganseg.generator import GANSegGenerator

        config = golden_ganseg.golden_generator(read("ganseg_generator_shared")).config
        with pytest.raises(ConfigError, match=r"grid.*found pixel-centre, expected release"):
            to_release(GANSegGenerator(replace(config, grid="pixel-centre")))


def test_the_segmenter_comes_back_bit_for_bit():
    from ipose.segmentation.part_segmenter import PartSegmenter

    state = PartSegmenter(2).state_dict()
    assert len(state) == 362
    back = to_release(ganseg_segmenter(state))
    assert all(torch.equal(back[key], state[key]) for key in state)
