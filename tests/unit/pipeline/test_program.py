"""A scene program paints what the model paints, from maps and a list of objects alone."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ConfigError
from ipose.part_annotations import SupportSet
from ipose.pipeline import IPose
from ipose.pipeline.program import SceneProgram
from ipose.synthesis.generator import Generator
from ipose.synthesis.scene_noise import batch_noise
from ipose.testing.tiny_scenes import CAR, SPEC, make_scene
from ipose.types import SceneBatch


def answers(model, scenes, objects=None):
    """(image, part map) of the model, and of its program."""
    batch = SceneBatch.from_scenes(scenes)
    noise = batch_noise(model.synthesis, batch.size, 3, batch.names)
    listed = [(i, item.class_id, item.instance_id) for i, scene in enumerate(scenes) for item in scene.objects]
    sizes = torch.tensor([scene.objects[0].original_size if scene.objects else (1, 1) for scene in scenes])
    chosen = torch.tensor(listed if objects is None else objects)
    outputs = list(model.generate(scenes, seed=3))
    wanted = torch.stack([out.image for out in outputs]), torch.stack([out.parts for out in outputs])
    with torch.no_grad():
        found = SceneProgram(model)(batch.label, batch.instance.long(), chosen, sizes, *noise)
    return wanted, found


def stretched(scene):
    """The scene as if its photograph had been squashed."""
    return replace(scene, objects=tuple(replace(item, original_size=(480, 640)) for item in scene.objects))


@pytest.mark.parametrize("paste", ["release", "own_pixels"])
@pytest.mark.parametrize("object_shape", ["label_and_instance", "instance"])
@pytest.mark.parametrize("part_input", ["features", "logits"])
def test_a_program_gives_the_image_and_the_parts_of_the_model(model, config, paste, object_shape, part_input):
    changed = replace(config, paste=paste, object_shape=object_shape, part_input=part_input)
    torch.manual_seed(1)
    tried = IPose(Generator(changed), model.partnet, model.supports, SPEC)
    wanted, found = answers(tried, [make_scene(0), stretched(make_scene(4))])
    torch.testing.assert_close(found[0], wanted[0], rtol=0, atol=1e-5)
    assert torch.equal(found[1], wanted[1])
    assert found[1].any()


def test_of_two_objects_of_one_id_the_larger_is_painted(model, config):
    """Where the instance id alone makes an object, as in the release."""
    tried = IPose(Generator(replace(config, object_shape="instance")), model.partnet, model.supports, SPEC)
    scene = make_scene(0)
    instance = torch.where(scene.instance > 0, 1, 0).int()
    objects = tuple(replace(item, instance_id=1) for item in scene.objects)
    wanted, found = answers(tried, [replace(scene, instance=instance, objects=objects)])
    assert torch.equal(found[1], wanted[1])


def test_an_object_of_no_class_stands_for_a_scene_without_objects(model):
    wanted, found = answers(model, [replace(make_scene(0), objects=())], objects=[(0, -1, -1)])
    torch.testing.assert_close(found[0], wanted[0], rtol=0, atol=1e-5)
    assert not found[1].any()


def test_classes_with_parts_are_those_with_supports(model):
    supports = model.supports
    assert SceneProgram(model).classes_with_parts == [CAR, CAR + 1]
    only_car = SupportSet({"car": supports.part_names["car"]}, {"car": supports.part_maps["car"]})
    assert SceneProgram(IPose(model.generator, model.partnet, only_car, SPEC)).classes_with_parts == [CAR]


def test_a_model_of_other_parts_has_no_such_program(config):
    model = IPose(Generator(replace(config, parts="true")), None, SupportSet({}, {}), SPEC)
    with pytest.raises(ConfigError, match=r"\[parts\] this model reads no predicted parts: found true"):
        SceneProgram(model)
