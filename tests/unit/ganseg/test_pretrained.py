"""A generator comes back from its model folder as it was; what is none is refused in a sentence."""

import json

import pytest
import torch

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.data.data_config import CropRule
from ipose.errors import RunError
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.pretrained import load_ganseg, save_ganseg, stored_crops


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    save_ganseg(tmp_path / "model", GANSegGenerator(TINY_GANSEG))
    return tmp_path


class TestModelFolder:
    """config.json and model.safetensors."""

    def test_gives_the_same_images(self, folder):
        torch.manual_seed(0)
        saved, loaded = GANSegGenerator(TINY_GANSEG).eval(), load_ganseg(folder)
        noise = numbered_noise(TINY_GANSEG, 0, [0])
        assert torch.equal(saved(*noise).image, loaded(*noise).image)
        assert not loaded.training

    def test_knows_how_its_objects_were_cut_out(self, folder):
        assert stored_crops(folder) is None
        crops = CropRule(margin=0.2, ground="random")
        save_ganseg(folder / "crops", GANSegGenerator(TINY_GANSEG), crops)
        assert stored_crops(folder / "crops") == crops

    def test_nothing_there(self, tmp_path):
        with pytest.raises(RunError, match=r"no such run or model folder.*ipose train ganseg"):
            load_ganseg(tmp_path / "nowhere")

    def test_another_system(self, folder):
        file = folder / "model" / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "format": "ipose"}))
        with pytest.raises(RunError, match=r"another system: found ipose, expected ipose-ganseg"):
            load_ganseg(folder)

    def test_a_damaged_file(self, folder):
        (folder / "model" / "model.safetensors").write_bytes(b"nonsense")
        with pytest.raises(RunError, match=r"cannot be read.*Copy the model folder again"):
            load_ganseg(folder)
