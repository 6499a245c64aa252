"""The authors' GroupDNet gives the same numbers here, to 1e-4; all is taken from the files and their metadata."""

import pytest

from helpers.golden_files import assert_all_outputs, read_golden
from helpers.golden_groupdnet import OUTPUTS, kind_of
from ipose.interop.release import groupdnet_discriminator, groupdnet_encoder, groupdnet_generator, to_release

OF_LARGEST = 1e-4
READERS = {
    "encoder": groupdnet_encoder,
    "vspade encoder": groupdnet_encoder,
    "generator": groupdnet_generator,
    "vspade generator": groupdnet_generator,
    "discriminator": groupdnet_discriminator,
}


@pytest.fixture(scope="module")
def golden_by_kind(golden_folder_of):
    folder = golden_folder_of("groupdnet")
    if not folder.is_dir():
        pytest.skip("no golden files of GroupDNet (set IPOSE_GOLDEN to a folder that holds groupdnet/)")
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        golden = read_golden(file)
        found.setdefault(kind_of(golden), {})[file.stem] = golden
    return found


@pytest.mark.parametrize("kind", OUTPUTS)
def test_golden_every_output_of_every_file(golden_by_kind, kind):
    for golden in golden_by_kind.get(kind, {}).values():
        assert_all_outputs(golden, OUTPUTS[kind](golden), OF_LARGEST)


def test_golden_every_file_is_of_a_kind_that_is_compared(golden_by_kind):
    assert golden_by_kind
    assert set(golden_by_kind) <= set(OUTPUTS)


@pytest.mark.parametrize("kind", READERS)
def test_golden_states_come_back_bit_for_bit(golden_by_kind, kind):
    for name, golden in golden_by_kind.get(kind, {}).items():
        back = to_release(READERS[kind](golden.state))
        assert set(back) == set(golden.state), name
        assert all(back[key].equal(tensor) and back[key].dtype == tensor.dtype for key, tensor in golden.state.items())


def test_golden_classes_and_groups_come_from_the_shapes(golden_by_kind):
    for golden in golden_by_kind.get("generator", {}).values():
        config = groupdnet_generator(golden.state).config
        assert config.num_classes == golden.config["num_classes"]
        assert list(config.decoder_groups) == golden.config["groups"]
        assert config.edges == (golden.config["dataset"] == "cityscapes")
        assert config.z_channels == golden["in.z"].shape[1]
    for golden in golden_by_kind.get("encoder", {}).values():
        assert groupdnet_encoder(golden.state).config.num_classes == golden.config["num_classes"]
