"""`ipose parts` shows the parts that the model's generator reads."""

from dataclasses import replace

import pytest
import torch

from helpers.tiny_ipose import SYNTHESIS
from ipose.data.png import read_index, write_index
from ipose.data.scene_folder import write_scene_folder
from ipose.data.support_folder import save_supports
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.pipeline import IPose
from ipose.synthesis.generator import Generator
from ipose.systems.partnet.parts import part_reader, write_parts
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import Scene, SceneBatch


@pytest.fixture(params=["instance", "label_and_instance"])
def model(request):
    torch.manual_seed(0)
    maps = torch.zeros(1, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    names = dict.fromkeys(("car", "dog"), ("top", "bottom"))
    partnet = PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=1))
    generator = Generator(replace(SYNTHESIS, object_shape=request.param, paste="own_pixels"))
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


@pytest.fixture
def own_maps(model, tmp_path):
    """A model folder, and label maps of another data set, in a scene folder: a pear is 7, and named as its drawings."""
    model.save_pretrained(tmp_path / "model")
    pear, ground = LabelClass("pear", 7, (9, 9, 9), thing=True), LabelClass("ground", 1, (0, 0, 0))
    label = torch.zeros(32, 48, dtype=torch.int64)
    label[8:24, 8:40] = 1
    scene = Scene.from_arrays(label, spec=LabelSpec("mine", (ground, pear)), name="a", class_indices=True)
    write_scene_folder([scene], tmp_path / "mine", "val", LabelSpec("mine", (ground, pear)))
    maps = torch.ones(1, 64, 64, dtype=torch.uint8)
    save_supports(SupportSet({"pear": ("fruit",)}, {"pear": maps}), tmp_path / "drawings")
    return tmp_path


def parts_of(own_maps, supports):
    inputs = own_maps / "mine" / "val_label"
    reader = part_reader(own_maps / "model", supports, None, inputs=inputs)
    first, *_ = write_parts(reader, inputs, own_maps / "out")
    return torch.from_numpy(read_index(first))


def test_own_maps_are_read_by_their_own_dataset_toml_and_things_named_as_drawings_have_parts(own_maps, capsys):
    part = parts_of(own_maps, own_maps / "drawings")
    assert set(part.unique().tolist()) <= {0, 1}
    assert capsys.readouterr().err == ""


def test_maps_without_any_part_are_told_of(own_maps, capsys):
    assert not parts_of(own_maps, None).any()
    said = capsys.readouterr().err
    assert said.startswith("No object of these maps has parts. Their ids were read as the classes ground, pear")
    assert "the supports are of car, dog" in said
