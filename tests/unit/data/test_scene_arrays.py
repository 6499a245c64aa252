"""Scene.from_arrays: a scene from whatever a program holds, checked at the door, with its objects."""

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.data.png import write_index
from ipose.data.scene_arrays import _spec_of
from ipose.errors import DataError, ShapeMismatchError, SpecError
from ipose.testing.tiny_scenes import SPEC, make_scene
from ipose.types import Scene

SCENE = make_scene(3)
FILE_IDS = np.array([item.file_id for item in SPEC.classes])[SCENE.label.numpy()]
INSTANCES = SCENE.instance.numpy()


def same(made: Scene) -> None:
    """Maps and objects are those of SCENE."""
    assert torch.equal(made.label, SCENE.label)
    assert torch.equal(made.instance, SCENE.instance)
    assert made.objects == SCENE.objects


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, np.uint16])
def test_numpy_of_any_integer_type(dtype):
    same(Scene.from_arrays(FILE_IDS.astype(dtype), INSTANCES.astype(dtype), spec=SPEC))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
def test_torch_of_any_integer_type(dtype):
    same(Scene.from_arrays(torch.from_numpy(FILE_IDS).to(dtype), torch.from_numpy(INSTANCES).to(dtype), spec=SPEC))


def test_class_indices_when_they_are_asked_for():
    same(Scene.from_arrays(SCENE.label, SCENE.instance, spec=SPEC, class_indices=True))


def test_pillow_images_and_paths(tmp_path):
    write_index(tmp_path / "label.png", torch.from_numpy(FILE_IDS).int())
    same(Scene.from_arrays(Image.open(tmp_path / "label.png"), Image.fromarray(INSTANCES), spec=SPEC))
    same(Scene.from_arrays(tmp_path / "label.png", INSTANCES, spec=SPEC))


def test_without_instances_each_connected_piece_is_an_object():
    label = np.full((20, 30), 2)
    label[2:8, 2:8] = label[12:18, 20:28] = 7
    made = Scene.from_arrays(label, spec=SPEC)
    assert [(item.class_id, item.part_category) for item in made.objects] == [(2, "car"), (2, "car")]
    assert len({item.instance_id for item in made.objects}) == 2


@pytest.mark.parametrize("form", ["array", "tensor", "pillow"])
def test_photographs_and_true_parts(form):
    tensor = SCENE.image
    rows = tensor.permute(1, 2, 0).numpy()
    image = {"array": rows, "tensor": tensor, "pillow": Image.fromarray(rows)}[form]
    made = Scene.from_arrays(FILE_IDS, INSTANCES, image, SCENE.part, spec=SPEC, name="mine")
    assert torch.equal(made.image, tensor)
    assert torch.equal(made.part, SCENE.part)
    assert made.name == "mine"


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (FILE_IDS > 0, r"\[label\] a map holds ids: found bool array of shape \(32, 48\).* mask \* 10"),
        (FILE_IDS.astype(np.float64), r"\[label\] a map holds ids: found float64 array of shape \(32, 48\)"),
        (np.zeros((2, 3, 4), np.uint8), r"found uint8 array of shape \(2, 3, 4\), expected .*shape \(H, W\)"),
        ([[1, 2]], r"\[label\].* found list"),
        (None, r"\[label\].* found NoneType"),
        (Image.new("RGB", (4, 3)), r"\[label\].* found RGB image"),
        (np.full((3, 4), -2), r"\[label\] id out of range: found -2..-2, expected 0..255"),
    ],
)
def test_what_holds_no_ids_is_refused_with_its_type(label, words):
    with pytest.raises(ShapeMismatchError, match=words):
        Scene.from_arrays(label, spec=SPEC)


def test_what_is_no_spec_is_refused_with_the_way_out():
    with pytest.raises(SpecError, match=r"not a spec: found NoneType, expected a LabelSpec.* Give model\.spec"):
        _spec_of(None)


def test_ids_outside_the_spec_are_refused():
    with pytest.raises(DataError, match="label id outside spec 'tiny': found 3"):
        Scene.from_arrays(np.full((4, 4), 3), spec=SPEC)
    with pytest.raises(ShapeMismatchError, match=r"class index outside spec 'tiny': found 5, expected 0\.\.4"):
        Scene.from_arrays(np.full((4, 4), 5), spec=SPEC, class_indices=True)


def test_sizes_that_differ_are_refused():
    with pytest.raises(DataError, match=r"sizes differ: .* as label\."):
        Scene.from_arrays(FILE_IDS, INSTANCES[:-1], spec=SPEC)


def test_a_photograph_of_floats_is_refused():
    with pytest.raises(
        ShapeMismatchError, match=r"\[image\] not a photograph: found float32 tensor of shape \(3, 32, 48\)"
    ):
        Scene.from_arrays(FILE_IDS, INSTANCES, torch.zeros(3, 32, 48), spec=SPEC)


def test_a_scene_made_by_hand_must_say_its_objects():
    with pytest.raises(TypeError, match="objects"):
        Scene("bare", None, SCENE.label, SCENE.instance)
