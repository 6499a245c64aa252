"""`ipose parts` shows the parts that the model's generator reads."""

from dataclasses import replace

import pytest
import torch

from ipose.data.png import read_index, write_index
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.pipeline import IPose
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset
from ipose.systems.partnet.parts import part_reader, write_parts
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import SceneBatch, SupportSet

CONFIG = preset(
    "toy",
    num_classes=SPEC.num_classes,
    height=32,
    width=48,
    channels=2,
    channel_multipliers=(2, 2, 2, 2, 2),
    part_feature_channels=2,
)


@pytest.fixture(params=["instance", "label_and_instance"])
def model(request):
    torch.manual_seed(0)
    maps = torch.zeros(1, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    names = dict.fromkeys(("car", "dog"), ("top", "bottom"))
    partnet = PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=1))
    generator = Generator(replace(CONFIG, object_shape=request.param, paste="own_pixels"))
    return IPose(generator, partnet, SupportSet(names, dict.fromkeys(names, maps)), SPEC)


def test_parts_are_those_that_the_generator_reads(model, tmp_path):
    """Given an object with a hole of another label, parts are written into the hole by the generator's rule alone."""
    scene = make_scene(0)
    item = next(item for item in scene.objects if item.part_category is not None)
    own = (scene.label == item.class_id) & (scene.instance == item.instance_id)
    rows, cols = own.nonzero(as_tuple=True)
    hole = torch.zeros_like(own)
    hole[rows.median() : rows.median() + 2, cols.median() : cols.median() + 2] = True
    hole &= own
    label = torch.where(hole, 1, scene.label)
    file_ids = torch.tensor([each.file_id for each in SPEC.classes], dtype=torch.uint8)
    write_index(tmp_path / "map.png", file_ids[label])
    write_index(tmp_path / "inst.png", scene.instance)
    model.save_pretrained(tmp_path / "model")
    reader = part_reader(tmp_path / "model", None, None)
    written = list(write_parts(reader, tmp_path / "map.png", tmp_path / "out", instances=tmp_path / "inst.png"))
    found = torch.from_numpy(read_index(written[0]))
    logits = model.infer_parts(SceneBatch.from_scenes([replace(scene, label=label)])).logits
    assert torch.equal(found.long(), logits.argmax(1)[0])
    touched = bool((logits[0].abs().sum(0) > 0)[hole].any())
    assert touched is (model.synthesis.object_shape == "instance")
