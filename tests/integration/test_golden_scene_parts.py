"""The parts of whole scenes are the authors': crops pixel for pixel, composed features and logits to rounding."""

import pytest
import torch

import ipose.partnet.scene_parts as scene_parts
from helpers.golden_files import assert_all_outputs
from helpers.golden_outputs import scene_parts_outputs
from helpers.golden_scenes import (
    golden_batch,
    golden_scene_parts,
    golden_supports,
    ids_tell_objects_apart,
    instance_form,
)
from ipose.interop.release import partnet


@pytest.fixture(scope="module")
def network(golden_file):
    return partnet(golden_file("partnet").state)


@pytest.fixture(scope="module")
def supports(golden_file):
    return golden_supports(golden_file("partnet"))


@pytest.fixture(scope="module", params=["scene_parts", "scene_parts_borders"])
def golden(request, golden_file):
    return golden_file(request.param)


class TestGoldenSceneParts:
    """Given the release's PartNet, maps and boxes, `infer_scene_parts` composes what the release composes."""

    def test_every_output_of_the_file(self, golden, network, supports):
        assert_all_outputs(golden, scene_parts_outputs(golden, network, supports))

    def test_crops_pixel_for_pixel(self, golden, network, supports):
        ours = scene_parts_outputs(golden, network, supports)
        assert ours["object_shapes"].any()
        assert torch.equal(ours["object_shapes"], golden["out.object_shapes"])

    def test_the_other_way_to_number_instances_gives_the_same(self, golden, network, supports):
        """Cityscapes numbers objects with their class; COCO-Stuff and ADE20K tell them by (class, id)."""
        if instance_form(golden) == "id" and not ids_tell_objects_apart(golden):
            pytest.skip("the file's objects share ids, and which category a pixel has it does not say")
        other = "id" if instance_form(golden) == "whole" else "whole"
        as_found, renumbered = (golden_scene_parts(golden, network, supports, form) for form in (None, other))
        assert torch.equal(as_found.shapes, renumbered.shapes)
        assert torch.equal(as_found.features, renumbered.features)


def test_a_wrong_order_of_the_objects_would_be_noticed(golden, network, supports, monkeypatch):
    """Where objects of the file overlap, who overwrites whom is compared too."""
    found, owner_of = [], scene_parts.pasted_shape_owner

    def turned(shapes, index, geometry, images):
        back = torch.arange(len(index) - 1, -1, -1)
        owner = owner_of(shapes[back], index[back], geometry[back], images)
        found.append((torch.where(owner >= 0, len(back) - 1 - owner, owner), owner_of(shapes, index, geometry, images)))
        return found[0][0]

    monkeypatch.setattr(scene_parts, "pasted_shape_owner", turned)
    with torch.no_grad():
        other = scene_parts.infer_scene_parts(network, golden_batch(golden), supports)
    if torch.equal(*found[0]):
        pytest.skip("no two objects of this file overlap")
    assert not torch.allclose(other.logits, golden["out.part_logits"])
