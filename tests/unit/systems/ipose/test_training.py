"""Training the generator: what supports can add to the data's spec."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ipose.data.data_config import DataConfig
from ipose.data.specs import DATASET_FILE, dataset_toml, load_spec
from ipose.data.support_folder import load_supports, save_supports
from ipose.errors import ConfigError, SupportError
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.pretrained import save_partnet
from ipose.partnet.scene_parts import CachedParts
from ipose.synthesis.presets import preset
from ipose.systems.ipose import training_parts
from ipose.systems.ipose.record import SYSTEM, IPoseOptions
from ipose.systems.ipose.release import slot_classes
from ipose.systems.ipose.training import prepare
from ipose.systems.ipose.training_parts import FrozenParts
from ipose.systems.training import Task
from ipose.testing.tiny_scenes import SPEC, write_scenes

CONFIG = preset(
    "toy",
    num_classes=SPEC.num_classes,
    height=32,
    width=48,
    channels=2,
    channel_multipliers=(2, 2, 2, 2, 2),
    discriminator_channels=(3, 2, 2, 2, 2),
    last_decoder_channels=2,
)


def named(name):
    """The tiny spec, whose only thing without parts is called so."""
    return replace(SPEC, classes=tuple(replace(c, name=name) if c.name == "box" else c for c in SPEC.classes))


def bare(item):
    """A class without parts."""
    return replace(item, part_category=None)


@pytest.fixture
def data(tmp_path):
    root = tmp_path / "data"
    for split in ("train", "val"):
        write_scenes(root, split, 4, (32, 48))
    (root / DATASET_FILE).write_text(dataset_toml(named("microwave")))
    return DataConfig(data=str(root))


@pytest.mark.parametrize(("more", "given"), [((), None), (("microwave",), "microwave")])
def test_microwaves_have_parts_where_the_supports_bring_their_slot(data, tmp_path, more, given):
    maps = torch.zeros(1, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    names = dict.fromkeys(("car", "dog", *more), ("top", "bottom"))
    partnet = PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=1))
    save_partnet(tmp_path / "partnet", partnet, SupportSet(names, dict.fromkeys(names, maps)))
    task = Task(system=SYSTEM, config=CONFIG, data=data, options=IPoseOptions(partnet=tmp_path / "partnet"))
    prepared = prepare(task, seed=0, resume=False)
    slot = next(i for i, item in enumerate(SPEC.classes) if item.name == "box")
    batch = prepared.source.collate(
        [prepared.source.item(i, torch.Generator()) for i in range(4)], torch.Generator().manual_seed(0)
    )
    found = {item.part_category for item in batch.objects if item.class_id == slot}
    assert found == {given}
    parts = prepared.objective.infer_parts.infer(batch)
    assert any(item.class_id == slot for item in parts.objects) is (given is not None)


def test_style_crops_show_microwaves_without_a_partnet_too(data):
    """In the release the classes are fixed: 21 of COCO-Stuff and 16 of ADE20K, the slot of microwaves among them."""
    task = Task(system=SYSTEM, config=replace(CONFIG, part_injection="none"), data=data)
    slot = next(i for i, item in enumerate(SPEC.classes) if item.name == "box")
    assert prepare(task, seed=0, resume=False).objective.also_compared == {slot}


@pytest.mark.parametrize(("name", "count"), [("coco-stuff", 21), ("ade20k", 16)])
def test_the_classes_that_style_crops_show_are_as_many_as_the_releases(name, count):
    spec = load_spec(name)
    assert len(slot_classes(spec) | {i for i, c in enumerate(spec.classes) if c.part_category}) == count


class TestSupportsOfTheCommand:
    """`--supports DIR`: drawings of the data's own categories, which PartNet was not trained with."""

    @pytest.fixture
    def data(self, tmp_path):
        """Scenes whose dogs are of the part category hound, which nobody but the drawings names."""
        classes = (replace(c, part_category="hound") if c.name == "dog" else c for c in SPEC.classes)
        root = tmp_path / "data"
        for split in ("train", "val"):
            write_scenes(root, split, 4, (32, 48))
        (root / DATASET_FILE).write_text(dataset_toml(replace(SPEC, classes=tuple(classes))))
        return DataConfig(data=str(root))

    @pytest.fixture
    def partnet(self, tmp_path):
        maps = torch.zeros(2, 64, 64, dtype=torch.uint8)
        maps[:, 8:56, 8:56] = 1
        config = PartNetConfig(encoder_channels=(2, 2, 2, 2), attention_blocks=1, multi_scale=False)
        save_partnet(tmp_path / "partnet", PartNet(config), SupportSet({"car": ("body",)}, {"car": maps}))
        save_supports(SupportSet({"hound": ("fur",)}, {"hound": maps}), tmp_path / "drawn")
        return tmp_path / "partnet"

    def test_the_model_has_them_with_their_names(self, data, partnet, tmp_path):
        options = IPoseOptions(partnet=partnet, supports=tmp_path / "drawn")
        prepared = prepare(Task(system=SYSTEM, config=CONFIG, data=data, options=options), seed=0, resume=False)
        supports = prepared.objective.infer_parts.infer.supports
        assert dict(supports.part_names) == {"car": ("body",), "hound": ("fur",)}

    @pytest.mark.parametrize(
        ("flip", "scenes", "kind"),
        [(False, 4, CachedParts), (False, 3, FrozenParts), (True, 8, CachedParts), (True, 7, FrozenParts)],
    )
    def test_parts_are_inferred_once_a_scene_where_they_fit_into_memory(
        self, data, partnet, tmp_path, monkeypatch, flip, scenes, kind
    ):
        """There are four scenes. Where they are mirrored, the memory must hold eight."""
        bytes_of_one = 4 * CONFIG.height * CONFIG.width * (CONFIG.part_input_channels + 2)
        monkeypatch.setattr(training_parts, "MOST_REMEMBERED", scenes * bytes_of_one)
        options = IPoseOptions(partnet=partnet, supports=tmp_path / "drawn")
        task = Task(system=SYSTEM, config=replace(CONFIG, flip=flip), data=data, options=options)
        assert isinstance(prepare(task, seed=0, resume=False).objective.infer_parts, kind)

    def test_a_class_without_parts_has_those_of_the_drawings_of_its_name(self, data, partnet, tmp_path, capsys):
        root = Path(data.data)
        for split in ("train", "val"):
            shutil.rmtree(root / f"{split}_part")
        (root / DATASET_FILE).write_text(dataset_toml(replace(SPEC, classes=tuple(map(bare, SPEC.classes)))))
        drawn = load_supports(tmp_path / "drawn").part_maps["hound"]
        save_supports(SupportSet({"dog": ("fur",), "cat": ("fur",)}, {"dog": drawn, "cat": drawn}), tmp_path / "more")
        options = IPoseOptions(partnet=partnet, supports=tmp_path / "more")
        prepared = prepare(Task(system=SYSTEM, config=CONFIG, data=data, options=options), seed=0, resume=False)
        objects = [item for i in range(4) for item in prepared.source.scenes[i].objects]
        assert {item.part_category for item in objects} == {None, "dog"}
        told = capsys.readouterr().out
        assert "No class has the part category cat, so that these drawings are not read." in told
        assert 'PartNet has supports of car. For parts, write part_category = "car" into the class' in told

    def test_without_them_the_message_says_that_three_drawings_are_enough(self, data, partnet):
        task = Task(system=SYSTEM, config=CONFIG, data=data, options=IPoseOptions(partnet=partnet))
        with pytest.raises(SupportError, match=r"hound.*Draw three objects.*--supports DIR.*ipose supports add"):
            prepare(task, seed=0, resume=False)

    def test_a_training_without_partnet_refuses_them(self, data, tmp_path):
        options = IPoseOptions(supports=tmp_path)
        task = Task(system=SYSTEM, config=replace(CONFIG, parts="true"), data=data, options=options)
        with pytest.raises(ConfigError, match="drawings are read by a PartNet, and this training uses none"):
            prepare(task, seed=0, resume=False)
