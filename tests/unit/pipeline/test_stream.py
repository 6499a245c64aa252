"""`IPose.generate` streams: scenes of any number and size, seeds and edits of their own, nothing read ahead."""

import copy
import pickle

import pytest
import torch

from ipose.editing.noise_edits import Resample
from ipose.errors import ConfigError
from ipose.pipeline.stream import Wish, batches, wishes
from ipose.testing.tiny_scenes import make_scene

SMALL = (32, 32)


def close(a, b):
    torch.testing.assert_close(a.image, b.image, atol=1e-5, rtol=0)


def test_it_reads_no_more_scenes_than_a_batch(model):
    read = []

    def endless():
        while True:
            read.append(1)
            yield make_scene(0)

    outputs = model.generate(endless(), batch_size=2)
    assert not read
    next(outputs)
    assert len(read) == 2
    next(outputs), next(outputs)
    assert len(read) == 4


def test_sizes_may_differ_and_the_order_stays(model):
    scenes = [make_scene(0), make_scene(1, SMALL), make_scene(2, SMALL), make_scene(3)]
    for scene, out in zip(scenes, model.generate(scenes, seed=5), strict=True):
        close(out, model(scene, seed=5))


def test_each_scene_has_its_own_seed_and_edit(model):
    scenes = [make_scene(0), make_scene(1), make_scene(2)]
    edits = [None, Resample(object=1), None]
    outputs = list(model.generate(scenes, seeds=[3, 4, 3], edits=edits))
    for scene, seed, edit, out in zip(scenes, [3, 4, 3], edits, outputs, strict=True):
        close(out, model(scene, seed=seed, edit=edit))
        assert out.edit is edit


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ({"seeds": [1]}, "seeds is shorter than scenes"),
        ({"seeds": [1, 2, 3]}, "seeds is longer than scenes"),
        ({"edits": [None]}, "edits is shorter than scenes"),
        ({"seeds": [1, 2], "edits": [None]}, "edits is shorter than scenes and seeds"),
    ],
)
def test_another_number_of_seeds_or_edits_is_refused(model, words, found):
    with pytest.raises(ConfigError, match=f"scenes, seeds and edits differ in number: found {found}, expected"):
        list(model.generate([make_scene(0), make_scene(1)], **words))


def test_batches_are_neighbours_of_one_size_and_edits_are_alone():
    edit = Resample(object=1)
    rows = [(0, None), (1, None), (2, None), (3, edit), (4, edit), (5, None)]
    scenes = [make_scene(i, SMALL if i == 2 else (32, 48)) for i in range(6)]
    made = batches((Wish(scenes[i], 0, own) for i, own in rows), 8)
    assert [[wish.scene.name for wish in batch] for batch in made] == [
        ["scene000", "scene001"],
        ["scene002"],
        ["scene003"],
        ["scene004"],
        ["scene005"],
    ]


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_copies_paint_the_same(model, again):
    close(again(model)(make_scene(0)), model(make_scene(0)))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"scenes": make_scene(0)}, r"Say model\(scene\)"),
        ({"seed": "1"}, "not a seed: found str, expected a whole number"),
        ({"seeds": 3}, r"seeds\] not one for each scene: found int, expected a list\. One seed for all is seed=\."),
        ({"edits": Resample(object=0)}, r"edits\] not one for each scene: found Resample"),
        ({"seeds": [0.5]}, "not a seed: found float"),
        ({"edits": ["resample"]}, "not an edit: found str, expected an Edit or None"),
    ],
)
def test_what_is_no_scene_seed_or_edit_is_refused_in_words(words, fault):
    with pytest.raises(ConfigError, match=fault):
        list(wishes(**{"scenes": [make_scene(0)], "seed": 0, "seeds": None, "edits": None, **words}))


@pytest.mark.parametrize("size", [0, "2"])
def test_a_batch_of_no_scene_is_refused(size):
    with pytest.raises(ConfigError, match=f"no scene fits into a batch: found {size}"):
        list(batches([], size))


class TestAsAModuleOfTorch:
    """What people do to any model of torch."""

    def test_it_has_the_parameters_of_its_networks_and_is_in_eval_mode(self, model):
        count = sum(item.numel() for network in (model.generator, model.partnet) for item in network.parameters())
        assert sum(item.numel() for item in model.parameters()) == count
        assert model.eval() is model
        assert not any(module.training for module in model.modules())

    def test_half_is_of_the_generator_and_the_parts_stay_as_they_were(self, build):
        whole, half = build(), build().half()
        assert {item.dtype for item in half.generator.parameters()} == {torch.float16}
        assert {item.dtype for item in half.partnet.parameters()} == {torch.float32}
        a, b = whole(make_scene(0)), half(make_scene(0))
        assert torch.equal(a.parts, b.parts)
        assert torch.equal(a.part_logits, b.part_logits)
        assert b.image.dtype == torch.float32
        torch.testing.assert_close(a.image, b.image, atol=2e-2, rtol=0)

    @pytest.mark.parametrize(
        "again", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
    )
    def test_a_copy_of_a_half_model_is_half(self, build, again):
        model = build().half()
        assert {item.dtype for item in again(model).generator.parameters()} == {torch.float16}
        close(again(model)(make_scene(0)), model(make_scene(0)))
