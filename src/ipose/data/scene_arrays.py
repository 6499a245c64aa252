"""A scene from what a program holds: numpy or torch arrays, Pillow images, or paths. `Scene.from_arrays` calls this."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ipose.data.object_index import index_objects
from ipose.data.png import read_index, read_photo
from ipose.data.scene_checks import scene_faults
from ipose.data.scene_files import SceneFiles
from ipose.data.scene_maps import Arrays, class_ids, component_instances
from ipose.data.specs import load_spec
from ipose.errors import ShapeMismatchError, SpecError
from ipose.label_spec import LabelSpec
from ipose.tensor_check import what_is
from ipose.types import Scene

_INDEX_MODES = ("P", "L", "I", "I;16", "I;16B", "1")
_BITS = {"label": 8, "inst": 16, "part": 8}
_KINDS = {"label": "iu", "inst": "biu", "part": "biu"}
"""Of numpy's types. A mask of one object is an instance map; as a label map it would hold classes 0 and 1."""

_NAMES = {"label": "label", "inst": "instance", "part": "part", "img": "image"}


def scene_from_arrays(
    label: Any,
    instance: Any = None,
    image: Any = None,
    part: Any = None,
    *,
    spec: LabelSpec | str | Path,
    name: str = "scene",
    class_indices: bool = False,
) -> Scene:
    """A checked scene with its objects. See `ipose.types.Scene.from_arrays`."""
    spec = _spec_of(spec)
    given = {"label": label, "inst": instance, "part": part}
    arrays: Arrays = {kind: _ids(value, kind) for kind, value in given.items() if value is not None or kind == "label"}
    if class_indices:
        arrays["label"] = _file_ids(arrays["label"], spec)
    if image is not None:
        arrays["img"] = _photo(image)
    files = SceneFiles(name, Path("label"), Path("image"), Path("instance"), Path("part"))
    for fault in scene_faults(files, arrays, spec, {}):
        raise fault.error()
    classes = class_ids(arrays["label"], spec)
    instances = arrays["inst"] if "inst" in arrays else component_instances(classes, spec)
    maps = torch.from_numpy(classes), torch.from_numpy(instances)
    photo = torch.from_numpy(arrays["img"]).permute(2, 0, 1).contiguous() if "img" in arrays else None
    parts = torch.from_numpy(arrays["part"].astype(np.uint8)) if "part" in arrays else None
    return Scene(name, photo, *maps, index_objects(*maps, spec), parts)


def _spec_of(value: Any) -> LabelSpec:
    if not isinstance(value, LabelSpec | str | Path):
        expected, mend = "a LabelSpec, a name or a path", "Give model.spec of the model that will paint the scene."
        raise SpecError("not a spec", field="spec", found=what_is(value), expected=expected, mend=mend)
    return value if isinstance(value, LabelSpec) else load_spec(value)


def _ids(value: Any, kind: str) -> NDArray[np.int32]:
    """Whole numbers (H, W), whatever holds them."""
    if isinstance(value, str | Path):
        return read_index(Path(value), bits=_BITS[kind])
    expected = "whole numbers, an array of shape (H, W), or an index image, or its path"
    if isinstance(value, Image.Image) and value.mode not in _INDEX_MODES:
        raise ShapeMismatchError("a map holds ids", field=_NAMES[kind], found=f"{value.mode} image", expected=expected)
    array = _array(value)
    if array is None or array.ndim != 2 or array.size == 0 or array.dtype.kind not in _KINDS[kind]:
        found = what_is(value)
        mend = "Say what is there by an id: mask * 10, or array.astype(np.uint8), for example."
        raise ShapeMismatchError("a map holds ids", field=_NAMES[kind], found=found, expected=expected, mend=mend)
    low, high = int(array.min()), int(array.max())
    limit = (1 << 31) - 1 if kind == "inst" else 255
    if low < 0 or high > limit:
        raise ShapeMismatchError("id out of range", field=_NAMES[kind], found=f"{low}..{high}", expected=f"0..{limit}")
    return np.array(array, dtype=np.int32, order="C")  # a copy: the caller may go on writing


def _file_ids(indices: NDArray[np.int32], spec: LabelSpec) -> NDArray[np.int32]:
    """Class indices to the ids that files hold."""
    if int(indices.max()) >= spec.num_classes:
        what = f"class index outside spec {spec.name!r}"
        raise ShapeMismatchError(what, field="label", found=int(indices.max()), expected=f"0..{spec.num_classes - 1}")
    return np.array([item.file_id for item in spec.classes], dtype=np.int32)[indices]


def _photo(value: Any) -> NDArray[np.uint8]:
    """uint8 (H, W, 3), whatever holds it."""
    if isinstance(value, str | Path):
        return read_photo(Path(value))
    array = np.array(value.convert("RGB")) if isinstance(value, Image.Image) else _array(value)
    if array is not None and isinstance(value, Tensor) and array.ndim == 3 and array.shape[0] == 3:
        array = array.transpose(1, 2, 0)
    if array is None or array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3:
        expected = "uint8 array of shape (H, W, 3), uint8 tensor of shape (3, H, W), a Pillow image, or a path"
        raise ShapeMismatchError("not a photograph", field="image", found=what_is(value), expected=expected)
    return np.array(array, order="C")


def _array(value: Any) -> NDArray[Any] | None:
    """What holds numbers as a numpy array; None = it holds none."""
    if isinstance(value, Tensor):
        return value.detach().cpu().numpy() if value.dtype != torch.bfloat16 else value.float().cpu().numpy()
    return np.asarray(value) if isinstance(value, np.ndarray | Image.Image) else None
