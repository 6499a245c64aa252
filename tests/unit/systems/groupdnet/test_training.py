"""Training a GroupDNet: what it learns from."""

from copy import deepcopy

import pytest
import torch

from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.systems.groupdnet.record import SYSTEM
from ipose.systems.groupdnet.training import fit_config, prepare, re_estimate
from ipose.systems.training import Task
from ipose.testing.tiny_scenes import SPEC, write_scenes

CONFIG = GroupDNetConfig(
    num_classes=SPEC.num_classes,
    height=16,
    width=24,
    load_size=28,
    encoder_channels=(2, 2),
    code_channels=2,
    decoder_channels=(10, 10, 5, 5),
    decoder_groups=(5, 5, 1),
    modulation_hidden=5,
    discriminator_width=2,
    perceptual="none",
    batch_size=2,
)


@pytest.fixture
def prepared(tmp_path):
    for split in ("train", "val"):
        write_scenes(tmp_path, split, count=2)
    return prepare(Task(system=SYSTEM, config=CONFIG, data=DataConfig(data=str(tmp_path))), seed=0, resume=False)


class TestFitConfig:
    """The data decide the number of classes, and so the groups."""

    def test_a_preset_takes_the_number_of_the_data_and_groups_that_divide_it(self):
        config = GroupDNetConfig(perceptual="none")
        fitted = fit_config(config, SPEC)
        assert (fitted.num_classes, fitted.decoder_groups) == (5, (5, 5, 1, 1, 1, 1, 1))
        assert fit_config(fitted, SPEC) == fitted  # in a resumed training

    def test_another_number_that_was_asked_for_is_refused(self):
        config = GroupDNetConfig(num_classes=15, decoder_groups=(1,) * 7, first_grouped=False)
        with pytest.raises(ConfigError, match=r"\[num_classes\] the data have another number.*found 15, expected 5"):
            fit_config(config, SPEC)


class TestEnlargedScenes:
    """With a load size, training scenes are random crops of enlarged ones (ADE20K: 256 of 286)."""

    def test_items_are_crops_of_scenes_at_the_load_size(self, prepared):
        assert {scene.size for scene in prepared.source.scenes} == {(28, 28)}
        items = [prepared.source.item(0, torch.Generator().manual_seed(seed)) for seed in range(4)]
        assert {(item.size, item.image.shape[1:]) for item in items} == {((16, 24), (16, 24))}
        assert len({item.image.sum().item() for item in items}) > 1

    def test_batch_norm_is_re_estimated_on_crops_always_the_same(self, prepared):
        objective = prepared.objective
        found = []
        for seed in range(2):  # a resumed training has other random numbers behind it
            model = GroupDNet(deepcopy(objective.encoder), deepcopy(objective.decoder), SPEC)
            torch.manual_seed(seed)
            re_estimate(model, prepared.source.scenes)
            norms = [value for name, value in model.decoder.state_dict().items() if name.endswith("running_mean")]
            found.append(torch.cat(norms))
        assert found[0].any()
        assert torch.equal(*found)
