"""The label map as the networks see it: one channel a class, with the edges of instances beside each where asked."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ipose.errors import ConfigError


def one_hot(label: Int[Tensor, "b h w"], num_classes: int) -> Float[Tensor, "b c h w"]:
    """1 in the channel of each pixel's class, else 0.

    Raises:
        ConfigError: an id outside 0..C-1: on a GPU it would end in a device assert that names nothing.
    """
    low, high = (int(end) for end in label.aminmax())
    if low < 0 or high >= num_classes:
        raise ConfigError(
            "the label map has a class id that the model does not know",
            found=low if low < 0 else high,
            expected=f"0..{num_classes - 1}",
            mend="Check the label spec (ipose doctor).",
        )
    b, h, w = label.shape
    empty = torch.zeros(b, num_classes, h, w, device=label.device)
    return empty.scatter_(1, label[:, None].long(), 1.0)


def instance_edges(instance: Int[Tensor, "b h w"]) -> Float[Tensor, "b 1 h w"]:
    """1 where a pixel differs from one of its four neighbours in the instance map, else 0."""
    edges = torch.zeros_like(instance, dtype=torch.bool)
    across = instance[:, :, 1:] != instance[:, :, :-1]
    down = instance[:, 1:] != instance[:, :-1]
    edges[:, :, 1:] |= across
    edges[:, :, :-1] |= across
    edges[:, 1:] |= down
    edges[:, :-1] |= down
    return edges[:, None].float()


def interleaved(classes: Float[Tensor, "b c h w"], edges: Float[Tensor, "b 1 h w"]) -> Float[Tensor, "b c2 h w"]:
    """(class 0, edges, class 1, edges, ...): each group of a grouped convolution has the edges beside its class."""
    b, c, h, w = classes.shape
    return torch.stack([classes, edges.expand(b, c, h, w)], dim=2).flatten(1, 2)
