"""What IPose answers: an image in [-1, 1], and in bytes where they are asked for."""

from dataclasses import replace

import pytest
import torch

from ipose.errors import ConfigError
from ipose.partnet.attention import support_attention
from ipose.pipeline import IPose, SceneOutput
from ipose.pipeline.output import attention_of
from ipose.synthesis.generator import Generator
from ipose.testing.tiny_scenes import BOX, CAR, make_scene
from ipose.types import SceneBatch


def test_the_image_in_bytes():
    image = torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 1, 3).expand(3, 1, 3)
    out = SceneOutput(image, torch.zeros(1, 3, dtype=torch.uint8), torch.zeros(9, 1, 3))
    assert out.image_uint8().dtype == torch.uint8
    assert out.image_uint8()[0, 0].tolist() == [0, 128, 255]
    assert out.edit is None


def number_of(scene, class_id):
    return [item.class_id for item in scene.objects].index(class_id)


@pytest.fixture(params=["first", "last"])
def look(model, request):
    """A scene in which the object without parts is numbered first, or last."""
    scene = make_scene(0)
    order = sorted(scene.objects, key=lambda item: (item.class_id == BOX) == (request.param == "last"))
    scene = replace(scene, objects=tuple(order))
    parts = model.infer_parts(SceneBatch.from_scenes([scene]))
    return scene, parts, lambda number: attention_of(model.partnet, model.supports, scene, parts, number)


def test_it_is_the_attention_of_this_objects_shape_in_its_categorys_supports(model, look):
    scene, parts, attention = look
    at = [item.class_id for item in parts.objects].index(CAR)
    maps = model.supports.of(["car"])
    (expected,) = support_attention(model.partnet, parts.shapes[at : at + 1], maps)
    found = attention(number_of(scene, CAR))
    assert torch.equal(found.weights, expected.weights)
    assert torch.equal(found.supports, maps[0])


def test_an_object_without_parts_is_refused(look):
    scene, _, attention = look
    with pytest.raises(ConfigError, match=r"no object with parts has this number: found \d, expected \d, \d"):
        attention(number_of(scene, BOX))


def test_the_model_is_asked_by_its_own_method(model, look):
    scene, _, attention = look
    number = number_of(scene, CAR)
    assert torch.equal(model.attention(scene, number).weights, attention(number).weights)


def test_a_model_without_partnet_attends_to_nothing(model, config):
    other = IPose(Generator(replace(config, part_injection="none")), None, model.supports, model.spec)
    with pytest.raises(ConfigError, match="nothing is attended to"):
        other.attention(make_scene(0), 0)
