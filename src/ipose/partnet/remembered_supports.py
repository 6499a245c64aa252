"""The supports of a category are encoded once for all scenes of a command, not once for each scene.

What PartNet computes of the supports (`SupportMemory`) depends on their part maps and on its weights alone. In eval
mode and without gradients it is remembered by the content of the part maps, until a weight changes.
"""

from collections.abc import Sequence
from typing import Any
from weakref import WeakKeyDictionary

import torch
from jaxtyping import UInt8
from torch import Tensor

from ipose.partnet.partnet import PartNet, SupportMemory

MOST = 256
"""Support sets that are remembered for a PartNet. More are encoded anew, so that edits do not fill the memory."""

_REMEMBERED: "WeakKeyDictionary[PartNet, tuple[Any, list[Tensor], dict[bytes, SupportMemory]]]" = WeakKeyDictionary()
"""For each PartNet: a key of its weights, the weights (so that none other comes to lie at their address), and the
memory of each support set."""


def remembered_supports(partnet: PartNet, supports: UInt8[Tensor, "m k s s"]) -> SupportMemory:
    """`partnet.encode_supports(supports)`, each set encoded once.

    Args:
        partnet: in training mode, or with gradients on, nothing is remembered.
        supports: part maps of m sets, ids 0..8.
    """
    if partnet.training or torch.is_grad_enabled():
        return partnet.encode_supports(supports)
    memories = _memories(partnet)
    names = [maps.cpu().numpy().tobytes() + bytes(str(tuple(maps.shape)), "ascii") for maps in supports]
    new = [i for i, name in enumerate(names) if name not in memories]
    if len(memories) + len(new) > MOST:
        return partnet.encode_supports(supports)
    for i in new:
        memories[names[i]] = partnet.encode_supports(supports[i : i + 1])
    return side_by_side([memories[name] for name in names])


def side_by_side(memories: Sequence[SupportMemory]) -> SupportMemory:
    """The memories of several support sets as one, in this order."""
    counts = torch.tensor([0, *(len(memory.values) for memory in memories)]).cumsum(0).tolist()
    slots = [memory.slot + first for memory, first in zip(memories, counts, strict=False)]
    keys, values, active = (
        torch.cat([getattr(memory, name) for memory in memories]) for name in ("keys", "values", "active")
    )
    return SupportMemory(keys, values, torch.cat(slots), active)


def _memories(partnet: PartNet) -> dict[bytes, SupportMemory]:
    tensors = [tensor.detach() for tensor in (*partnet.parameters(), *partnet.buffers())]
    device = tensors[0].device.type
    half = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else None
    key = half, [(tensor.data_ptr(), tensor._version, tensor.dtype, tensor.device) for tensor in tensors]
    known = _REMEMBERED.get(partnet)
    if known is None or known[0] != key:
        known = key, tensors, {}
        _REMEMBERED[partnet] = known
    return known[2]
