"""The parts of whole scenes are the authors': crops pixel for pixel, composed features and logits to rounding."""

import pytest
import torch

import ipose.partnet.scene_parts as scene_parts
from ipose.interop.release_partnet import partnet
from ipose.partnet.scene_parts import infer_scene_parts
from ipose.types import Box, SceneBatch, SceneObject, SupportSet

PARTS = tuple(f"part {i}" for i in range(1, 9))


@pytest.fixture(scope="module")
def network(golden_file):
    return partnet(golden_file("partnet").state)


@pytest.fixture(scope="module")
def supports(golden_file):
    """The support maps of the file, under the names that its categories have here: their numbers."""
    golden = golden_file("partnet")
    names = [str(number) for number in golden.config["categories"]]
    maps = dict(zip(names, golden["in.support_part_maps"], strict=True))
    return SupportSet(dict.fromkeys(names, PARTS), maps)


@pytest.fixture(scope="module", params=["scene_parts", "scene_parts_borders"])
def golden(request, golden_file):
    return golden_file(request.param)


def instance_form(golden):
    """ "whole": the map holds category * 1000 + id (Cityscapes); "id": the id alone (COCO-Stuff, ADE20K)."""
    numbers = golden["in.crop_params"][..., 0]
    present = set(golden["in.instance"].unique().tolist())
    return "whole" if set(numbers.flatten().tolist()) & present else "id"


def batch_of(golden, form):
    """The scene batch of a file, its instance map brought to one of the two forms."""
    rows, instance = golden["in.crop_params"], golden["in.instance"][:, 0].clone()
    if form == "id" and instance_form(golden) == "whole":
        instance %= 1000
    elif form == "whole" and instance_form(golden) == "id":
        instance = with_categories(instance, rows)
    height, width = golden.config["image_height"], golden.config["image_width"]
    objects = tuple(
        SceneObject(
            class_id=0,  # the files hold no label map: all is one class
            instance_id=number if form == "whole" else number % 1000,
            part_category=str(number // 1000),
            box=Box(*box),
            # the release stretches by Ho : Wo, we by Ho*W : Wo*H (the same for the squares that it was made for)
            original_size=(1, 1) if high == wide == 1 else (high * height, wide * width),
        )
        for number, *box, high, wide in rows.flatten(0, 1).tolist()
    )
    return SceneBatch(
        names=tuple(f"image {i}" for i in range(len(rows))),
        image=None,
        label=torch.zeros_like(instance, dtype=torch.int64),
        instance=instance,
        objects=objects,
        image_index=torch.arange(len(rows)).repeat_interleave(rows.shape[1]),
    )


def with_categories(instance, rows):
    """Each image's ids as category * 1000 + id."""
    whole = instance.clone()
    for image, numbers in enumerate(rows[..., 0].tolist()):
        assert len({number % 1000 for number in numbers}) == len(numbers), "two objects share an id"
        for number in numbers:
            whole[image][instance[image] == number % 1000] = number
    return whole


@pytest.fixture(scope="module", params=["whole", "id"])
def parts(request, golden, network, supports):
    with torch.no_grad():
        return infer_scene_parts(network, batch_of(golden, request.param), supports)


class TestGoldenSceneParts:
    """Given the release's PartNet, maps and boxes, `infer_scene_parts` composes what the release composes.

    In both instance forms: numbers with their category (Cityscapes), and ids alone (COCO-Stuff, ADE20K).
    """

    def test_crops_pixel_for_pixel(self, golden, parts):
        assert torch.equal(parts.shapes, golden["out.object_shapes"])

    def test_composed_logits(self, golden, parts):
        torch.testing.assert_close(parts.logits, golden["out.part_logits"], atol=1e-5, rtol=1e-4)

    def test_composed_features(self, golden, parts):
        torch.testing.assert_close(parts.features, golden["out.part_features"], atol=1e-5, rtol=1e-4)

    def test_something_was_composed(self, golden, parts):
        assert (golden["out.part_logits"] != 0).any(1).float().mean() > 0.02
        assert parts.mask.unique().tolist() == [0, 1]


def test_a_wrong_order_of_the_objects_would_be_noticed(golden_file, network, supports, monkeypatch):
    """Objects of the file overlap, so that who overwrites whom is compared too."""
    golden = golden_file("scene_parts")
    batch = batch_of(golden, instance_form(golden))
    back = torch.arange(len(batch.objects) - 1, -1, -1)
    shown = scene_parts.pasted_shape_owner
    monkeypatch.setattr(
        scene_parts, "pasted_shape_owner", lambda s, i, g, b: unturned(shown(s[back], i[back], g[back], b), len(back))
    )
    with torch.no_grad():
        turned = infer_scene_parts(network, batch, supports)
    assert not torch.allclose(turned.logits, golden["out.part_logits"])


def unturned(owner, count):
    return torch.where(owner >= 0, count - 1 - owner, owner)
