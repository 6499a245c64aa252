"""The parts of a whole scene: each object is cropped, its parts are inferred, and they are pasted back (iPOSE fig.
2)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor

from ipose.data.object_index import by_instance_alone
from ipose.part_annotations import PART_CHANNELS, SupportSet
from ipose.partnet.partnet import PartNet, PartPrediction
from ipose.partnet.remembered_supports import remembered_supports
from ipose.shapes.crop_geometry import geometry_of_objects
from ipose.shapes.object_crops import crop_object_shapes
from ipose.shapes.object_pastes import own_pixel_owner, paste_objects, pasted_shape_owner
from ipose.types import SceneBatch, SceneObject

Paste = Literal["release", "own_pixels"]
ObjectShape = Literal["label_and_instance", "instance"]


@dataclass(frozen=True, eq=False)
class SceneParts:
    """The parts of scenes, as the generator reads them.

    Args:
        features: (b, 9*F, h, w) composed part features, 0 where no object writes.
        logits: (b, 9, h, w) composed part logits, 0 where no object writes.
        mask: (b, 1, h, w), 1 where the most likely channel is a part.
        objects: the objects with parts, in painting order.
        shapes: (n, 1, s, s) silhouettes of these objects. None = there are none.
    """

    features: Float[Tensor, "b qf h w"]
    logits: Float[Tensor, "b q h w"]
    mask: Float[Tensor, "b 1 h w"]
    objects: tuple[SceneObject, ...] = ()
    shapes: Float[Tensor, "n 1 s s"] | None = None

    @property
    def part_map(self) -> UInt8[Tensor, "b h w"]:
        """Inferred part of each pixel, 0 = none."""
        return self.logits.argmax(1).to(torch.uint8)


def infer_scene_parts(
    partnet: PartNet,
    batch: SceneBatch,
    supports: SupportSet,
    *,
    paste: Paste = "release",
    object_shape: ObjectShape = "label_and_instance",
) -> SceneParts:
    """Infer the parts of every object whose class has parts, and compose them in the image plane.

    Args:
        partnet: frozen or not. Gradients flow if autograd is on.
        batch: scenes of one size. Objects without `part_category` are ignored.
        supports: of every part category in the batch.
        paste: write where the pasted-back 64x64 shape is 1 (the release's rule), or at the object's own pixels.
        object_shape: an object's silhouette is where label and instance id are its own; or where the instance id is,
            whatever the label says (the release's rule: a hole of another label belongs to the object). Its box
            follows.
    Raises:
        SupportError: a part category has no supports.
    """
    batch = _with_parts_only(by_instance_alone(batch) if object_shape == "instance" else batch)
    device, images = batch.label.device, len(batch.label)
    if not batch.objects:
        features = partnet.config.features * PART_CHANNELS
        nothing = torch.zeros(images, PART_CHANNELS, *batch.size, device=device)
        return SceneParts(nothing.new_zeros(images, features, *batch.size), nothing, nothing[:, :1])
    geometry = geometry_of_objects(batch.objects, batch.size).to(device)
    class_ids = torch.tensor([item.class_id for item in batch.objects], device=device)
    instance_ids = torch.tensor([item.instance_id for item in batch.objects], device=device)
    if object_shape == "instance":  # the label is 0 everywhere
        class_ids = torch.zeros_like(class_ids)
    own = (batch.label, batch.instance, class_ids, instance_ids, batch.image_index, geometry)
    shapes = crop_object_shapes(*own)
    if paste == "own_pixels":
        owner = own_pixel_owner(*own)
    else:
        owner = pasted_shape_owner(shapes, batch.image_index, geometry, images)
    prediction = predict_objects(partnet, shapes, [str(item.part_category) for item in batch.objects], supports)
    logits = paste_objects(prediction.logits, owner, geometry, mode="nearest")
    return SceneParts(
        features=paste_objects(prediction.features, owner, geometry, mode="bilinear"),
        logits=logits,
        mask=(logits.argmax(1, keepdim=True) > 0).to(logits.dtype),
        objects=batch.objects,
        shapes=shapes,
    )


def predict_objects(
    partnet: PartNet, shapes: Float[Tensor, "n 1 s s"], categories: list[str], supports: SupportSet
) -> PartPrediction:
    """PartNet's answer for objects of given categories. The supports of a category are encoded once (without gradients:
    once for all calls)."""
    present = list(dict.fromkeys(categories))
    memory = remembered_supports(partnet, supports.of(present).to(shapes.device))
    index: Int64[Tensor, " n"] = torch.tensor([present.index(name) for name in categories], device=shapes.device)
    return partnet.predict(partnet.shape_encoder(shapes), memory, index)


@torch.no_grad()
def predict_part_maps(
    partnet: PartNet, shapes: Float[Tensor, "n 1 s s"], categories: list[str], supports: SupportSet
) -> UInt8[Tensor, "n s s"]:
    """Part maps of objects: the most likely part at each pixel of the silhouette, 0 elsewhere. No gradients."""
    if not categories:
        return torch.zeros(0, *shapes.shape[-2:], dtype=torch.uint8)
    return predict_objects(partnet, shapes, categories, supports).part_maps(shapes)


def _with_parts_only(batch: SceneBatch) -> SceneBatch:
    kept = [i for i, item in enumerate(batch.objects) if item.part_category is not None]
    index = batch.image_index[torch.tensor(kept, dtype=torch.int64, device=batch.image_index.device)]
    return replace(batch, objects=tuple(batch.objects[i] for i in kept), image_index=index)


class CachedParts:
    """Caches the parts of scenes on the CPU, by label map and instance map: a mirrored scene is another one. Each scene
    is inferred alone, so that a resumed training reads the same numbers, whatever batch a scene was first met in.

    The cache has features or logits, whichever the generator reads. The other one is returned as zeros of one channel.

    Args:
        infer: gives the parts of a batch.
        part_input: "features" or "logits".
    """

    def __init__(self, infer: Callable[[SceneBatch], SceneParts], part_input: str) -> None:
        self.infer, self.part_input = infer, part_input
        self._memory: dict[bytes, tuple[Tensor, Tensor]] = {}

    def to(self, device: torch.device | str) -> None:
        """Move what infers, if it can be moved."""
        move = getattr(self.infer, "to", None)
        if move is not None:
            move(device)

    def __call__(self, batch: SceneBatch) -> SceneParts:
        """The parts of the batch. Calls `infer` for new scenes only."""
        memory, looks = self._memory, [_look(*maps) for maps in zip(batch.label, batch.instance, strict=True)]
        for i, look in enumerate(looks):
            if look not in memory:
                parts = self.infer(_one(batch, i))
                chosen = parts.features if self.part_input == "features" else parts.logits
                memory[look] = chosen[0].cpu(), parts.mask[0].cpu()
        kept = [memory[look] for look in looks]
        device = batch.label.device
        values, mask = (torch.stack([row[column] for row in kept]).to(device) for column in (0, 1))
        other = mask.new_zeros(mask.shape)
        features, logits = (values, other) if self.part_input == "features" else (other, values)
        return SceneParts(features, logits, mask)


def _look(label: Tensor, instance: Tensor) -> bytes:
    """A hash of a scene's maps."""
    return sha256(torch.stack([label, instance.to(label.dtype)]).cpu().numpy().tobytes()).digest()


def _one(batch: SceneBatch, i: int) -> SceneBatch:
    """The batch with image `i` alone, and its objects."""
    kept = (batch.image_index == i).nonzero().flatten().tolist()
    return replace(
        batch,
        names=batch.names[i : i + 1],
        image=None if batch.image is None else batch.image[i : i + 1],
        label=batch.label[i : i + 1],
        instance=batch.instance[i : i + 1],
        objects=tuple(batch.objects[n] for n in kept),
        image_index=torch.zeros(len(kept), dtype=torch.int64, device=batch.image_index.device),
        part=None if batch.part is None else batch.part[i : i + 1],
        unlabelled=batch.unlabelled[i : i + 1],
    )
