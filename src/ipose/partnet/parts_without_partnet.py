"""Parts for generators that do not read predicted parts: true parts, positions in the outline, or no parts.

The paper compares these: true parts (suppl. table 12), SAFM's position descriptor (suppl. table 11), and a baseline
without parts (table 3).
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int32
from torch import Tensor

from ipose.data.object_index import by_instance_alone
from ipose.errors import DataError
from ipose.part_annotations import PART_CHANNELS
from ipose.partnet.scene_parts import ObjectShape, SceneParts
from ipose.shapes.position_descriptor import PositionBins, position_descriptor
from ipose.types import SceneBatch

CACHE_BYTES = 1 << 30
"""Bytes for cached descriptors: thousands of small maps, or some dozens of the paper's size."""


def parts_function(
    kind: str, object_shape: ObjectShape = "label_and_instance"
) -> Callable[[SceneBatch], SceneParts] | None:
    """The function that gives parts of a kind, "true" or "position_descriptor" (of objects by the rule
    `object_shape`). None for "predicted", which needs PartNet."""
    if kind == "position_descriptor":
        return PositionParts(object_shape)
    return true_parts if kind == "true" else None


def no_parts(batch: SceneBatch, channels: int) -> SceneParts:
    """Parts for a generator that reads none: 0 everywhere, expanded from one number.

    Args:
        batch: scenes of one size.
        channels: of the features.
    """
    nothing = torch.zeros(1, 1, 1, 1, device=batch.label.device)
    b, (h, w) = len(batch.label), batch.size
    features, logits, mask = (nothing.expand(b, count, h, w) for count in (channels, PART_CHANNELS, 1))
    return SceneParts(features, logits, mask)


def true_parts(batch: SceneBatch) -> SceneParts:
    """The scenes' own part maps, one-hot, with channel 0 = no part. The mask is 1 on any part.

    Source: iPOSE suppl. table 12.

    Args:
        batch: scenes with part maps.
    Raises:
        DataError: a scene has no part map.
    """
    if batch.part is None:
        raise DataError(
            "this model paints true part maps (parts true), and scenes have none",
            file=", ".join(batch.names),
            mend="Use data with part maps ({train,val}_part/; --parts where maps are handed over), or a model that "
            "predicts parts.",
        )
    one_hot = F.one_hot(batch.part.long(), PART_CHANNELS).permute(0, 3, 1, 2).float()
    return SceneParts(one_hot, one_hot, (batch.part[:, None] > 0).float())


class PositionParts:
    """The position of each pixel in its object's outline (`position_descriptor`). There are no parts, so the logits are
    0.

    It works for every object, whether its class has parts or not. An object's pixels are those of `object_shape`, as in
    `ipose.partnet.scene_parts`. The mask is 1 on objects. Descriptors of known outlines are cached, up to
    `cache_bytes`.

    Source: iPOSE suppl. table 11; SAFM (Lv et al., CVPR 2022).
    """

    def __init__(self, object_shape: ObjectShape = "label_and_instance", cache_bytes: int = CACHE_BYTES) -> None:
        self.object_shape: ObjectShape = object_shape
        self.cache_bytes = cache_bytes
        self._cache: OrderedDict[tuple[torch.Size, bytes], Tensor] = OrderedDict()
        self._bytes = 0

    def __call__(self, batch: SceneBatch) -> SceneParts:
        """Features (b, 72, h, w), logits of 0, mask of the objects."""
        ids = object_numbers(batch, self.object_shape)
        features = torch.zeros(len(ids), PositionBins().channels, *batch.size, device=ids.device)
        for one, descriptor in zip(ids, features, strict=True):
            descriptor[:, one > 0] = self._on_objects(one)
        logits = features.new_zeros(1, 1, 1, 1).expand(len(ids), PART_CHANNELS, *batch.size)
        return SceneParts(features, logits, (ids[:, None] > 0).to(features.dtype))

    def _on_objects(self, ids: Int32[Tensor, "h w"]) -> Float[Tensor, "d pixels"]:
        """The descriptor at the pixels of objects, in their order. Cached on the CPU by the map of ids."""
        key = ids.shape, hashlib.blake2b(ids.cpu().numpy().tobytes(), digest_size=16).digest()
        found = self._cache.pop(key, None)
        if found is None:
            found = position_descriptor(ids)[:, ids > 0].cpu()
            self._bytes += found.nbytes
        self._cache[key] = found  # the newest last
        while self._bytes > self.cache_bytes:
            self._bytes -= self._cache.popitem(last=False)[1].nbytes
        return found.to(ids.device)


def object_numbers(batch: SceneBatch, object_shape: ObjectShape = "label_and_instance") -> Int32[Tensor, "b h w"]:
    """The object of each pixel: 1, 2, ... in the order of an image's objects, 0 = none."""
    alone = object_shape == "instance"
    batch = by_instance_alone(batch) if alone else batch
    numbers, count = torch.zeros_like(batch.instance), [0] * len(batch.label)
    for item, image in zip(batch.objects, batch.image_index.tolist(), strict=True):
        count[image] += 1
        own = batch.instance[image] == item.instance_id
        numbers[image][own if alone else own & (batch.label[image] == item.class_id)] = count[image]
    return numbers
