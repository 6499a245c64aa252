"""A trained PartNet on disk: what was saved is what is loaded, and anything else is refused in a sentence."""

import hashlib
import json
import shutil

import pytest
import torch

from ipose.errors import RunError
from ipose.model_folder import open_model
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet, save_partnet
from ipose.testing.partnet_contract import blocky_part_map, tiny_config


@pytest.fixture(scope="module")
def partnet():
    torch.manual_seed(0)
    return PartNet(tiny_config(attention_blocks=1, multi_scale=False))


@pytest.fixture(scope="module")
def supports():
    maps = torch.stack([blocky_part_map(torch.Generator().manual_seed(i), parts=2) for i in range(2)])
    return SupportSet({"stop sign": ("word", "octagon")}, {"stop sign": maps})


@pytest.fixture(scope="module")
def saved(tmp_path_factory, partnet, supports):
    folder = tmp_path_factory.mktemp("run") / "model"
    save_partnet(folder, partnet, supports)
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "model")


class TestRoundTrip:
    """load_partnet gives back network, settings and supports of save_partnet."""

    def test_every_weight_and_setting_comes_back(self, saved, partnet):
        found = load_partnet(saved).partnet
        assert found.config == partnet.config
        assert found.state_dict().keys() == partnet.state_dict().keys()
        assert all(torch.equal(value, partnet.state_dict()[name]) for name, value in found.state_dict().items())
        assert not found.training

    def test_supports_come_back(self, saved, supports):
        found = load_partnet(saved).supports
        assert dict(found.part_names) == dict(supports.part_names)
        assert torch.equal(found.part_maps["stop sign"], supports.part_maps["stop sign"])

    def test_a_run_leads_to_its_model(self, saved):
        assert open_model(saved.parent).path == open_model(saved).path == saved
        assert load_partnet(saved.parent).sha256 == load_partnet(saved).sha256

    def test_the_hash_tells_other_weights_apart(self, saved, tmp_path, supports):
        torch.manual_seed(1)
        save_partnet(tmp_path, PartNet(tiny_config(attention_blocks=1, multi_scale=False)), supports)
        assert len(load_partnet(tmp_path).sha256) == 64
        assert load_partnet(tmp_path).sha256 != load_partnet(saved).sha256


class TestRefusals:
    """Every damaged folder is a RunError that names it and says what to do."""

    def test_a_path_that_does_not_exist(self, tmp_path):
        with pytest.raises(RunError, match=r"nowhere: no such run or model folder\. Train one"):
            load_partnet(tmp_path / "nowhere")

    def test_no_model_here(self, tmp_path):
        with pytest.raises(RunError, match=r"no model in here: found no config\.json, expected a run folder"):
            load_partnet(tmp_path)

    def test_a_run_that_has_saved_no_model_yet(self, tmp_path):
        (tmp_path / "run.json").write_text("{}")
        with pytest.raises(RunError, match="a run that has saved no model yet"):
            load_partnet(tmp_path)

    def test_a_model_of_another_system(self, copied):
        (copied / "config.json").write_text('{"format": "ipose-ganseg"}')
        with pytest.raises(RunError, match=r"has no PartNet: found ipose-ganseg, .* Name a run of ipose train partnet"):
            load_partnet(copied)

    def test_weights_of_another_training(self, copied, tmp_path, supports):
        torch.manual_seed(1)
        save_partnet(tmp_path / "other", PartNet(tiny_config(attention_blocks=1, multi_scale=False)), supports)
        shutil.copy(tmp_path / "other" / "partnet.safetensors", copied)
        with pytest.raises(RunError, match=r"not the weights .*: found sha256 .*, expected .* Copy the model folder"):
            load_partnet(copied)

    def test_a_truncated_weight_file(self, copied):
        weights = copied / "partnet.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
        with pytest.raises(RunError, match=r"partnet\.safetensors: not the weights"):
            load_partnet(copied)

    def test_a_weight_file_that_is_none_though_its_hash_is_right(self, copied):
        weights, config = copied / "partnet.safetensors", copied / "config.json"
        weights.write_bytes(b"no tensors")
        said = json.loads(config.read_text())
        config.write_text(json.dumps(said | {"partnet_sha256": hashlib.sha256(b"no tensors").hexdigest()}))
        with pytest.raises(RunError, match="the weights cannot be read"):
            load_partnet(copied)

    def test_missing_weights(self, copied):
        (copied / "partnet.safetensors").unlink()
        with pytest.raises(RunError, match=r"partnet\.safetensors: the weights cannot be read"):
            load_partnet(copied)

    @pytest.mark.parametrize("change", [{"attention_blocks": 2}, {"no_such_field": 1}, {"k": 0}])
    def test_settings_that_do_not_fit_the_weights(self, copied, change):
        config = copied / "config.json"
        said = json.loads(config.read_text())
        said["partnet_config"] |= change
        config.write_text(json.dumps(said))
        with pytest.raises(RunError, match="the PartNet cannot be read"):
            load_partnet(copied)
