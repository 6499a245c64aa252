"""A generator's part of a model folder: what config.json says of it, and its safetensors files."""

import pytest
import torch

from ipose.model_folder import EXTRAS, ModelKind, open_model
from ipose.model_writing import write_model
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset
from ipose.synthesis.pretrained import WEIGHTS, generator_fields, generator_files, read_generator

KIND = ModelKind("generators", "generator", "train it")


@pytest.fixture
def generator():
    torch.manual_seed(0)
    small = {"channels": 2, "channel_multipliers": (2, 2, 2, 2, 2), "spade_hidden": 2, "part_hidden": 2}
    return Generator(preset("toy", num_classes=3, height=32, width=32, z_channels=2, part_noise_channels=2, **small))


def written(generator, folder):
    write_model(folder, KIND, generator_fields(generator), generator_files(generator))
    return open_model(folder)


def test_it_comes_back_in_eval_mode(generator, tmp_path):
    loaded = read_generator(written(generator, tmp_path))
    assert loaded.config == generator.config
    assert not loaded.training
    assert loaded.state_dict().keys() == generator.state_dict().keys()
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in generator.state_dict().items())


def test_what_the_authors_file_held_beside_is_kept_but_for_its_partnet(generator, tmp_path):
    generator.release_extras = {"unused.weight": torch.ones(2), "partnet.conv.weight": torch.zeros(2)}
    model = written(generator, tmp_path)
    assert model.weights(EXTRAS).keys() == {"unused.weight"}
    assert read_generator(model).release_extras.keys() == {"unused.weight"}


def test_there_is_no_file_of_extras_where_there_are_none(generator, tmp_path):
    model = written(generator, tmp_path)
    assert (model.has(WEIGHTS), model.has(EXTRAS)) == (True, False)
    assert read_generator(model).release_extras == {}


def test_the_config_names_the_class_of_the_blocks(generator):
    assert generator_fields(generator)["block"] == "ipose.layers.psm_block:PSMBlock"
