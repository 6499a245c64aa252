"""The label map as the networks read it: one channel for each class, and edges of instances beside each class."""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ipose.layers.semantic_maps import check_ids


def one_hot(label: Int[Tensor, "b h w"], num_classes: int) -> Float[Tensor, "b c h w"]:
    """One-hot label map: 1 in the channel of each pixel's class, else 0.

    Raises:
        ConfigError: an id outside 0..C-1.
    """
    check_ids(label, num_classes)
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
    """Channels (class 0, edges, class 1, edges, ...), so that each group of a grouped convolution has the edges,
    too."""
    b, c, h, w = classes.shape
    return torch.stack([classes, edges.expand(b, c, h, w)], dim=2).flatten(1, 2)


def make_class_images(
    image: Float[Tensor, "b 3 h w"],
    label: Int[Tensor, "b h w"],
    num_classes: int,
    form: Literal["crop", "mask", "whole"] = "crop",
) -> Float[Tensor, "b c3 h w"]:
    """One image for each class, stacked: channel 3c + k is colour k of class c.

    Args:
        image: the photographs.
        label: class ids 0..C-1.
        num_classes: C.
        form: "mask" = mask_c * image (paper eq. 2). "crop" = the box of the class in that image, enlarged to the whole
            image by nearest neighbour (the authors' release). "whole" = the image itself for every class.
    Returns:
        (b, 3C, h, w). A class that the image lacks has zeros, except for "whole".
    """
    b, _, h, w = image.shape
    if form == "whole":
        return image.repeat(1, num_classes, 1, 1)
    masks = label[:, None] == torch.arange(num_classes, device=label.device)[:, None, None]
    per_class = (image[:, None] * masks[:, :, None]).flatten(0, 1)
    if form == "crop":
        rows, cols = (box_indices(masks.flatten(0, 1).any(axis)) for axis in (-1, -2))
        per_class = per_class.gather(-2, rows[:, None, :, None].expand(-1, 3, -1, w))
        per_class = per_class.gather(-1, cols[:, None, None, :].expand(-1, 3, h, -1))
    return per_class.reshape(b, 3 * num_classes, h, w)


def box_indices(occupied: Bool[Tensor, "n side"]) -> Int[Tensor, "n side"]:
    """The source index of each position of an enlarged box: first + floor(position * extent / side).

    Args:
        occupied: which rows (or columns) have a pixel.
    Returns:
        indices of rows (or columns). If none is occupied: 0, 1, 2, ...
    """
    side = occupied.shape[-1]
    places = torch.arange(side, device=occupied.device)
    first = occupied.int().argmax(-1, keepdim=True)
    last = side - 1 - occupied.flip(-1).int().argmax(-1, keepdim=True)
    extent = torch.where(occupied.any(-1, keepdim=True), last - first + 1, side)
    return first + places * extent // side
