"""The label map as the networks see it: one channel a class, with the edges of instances beside each where asked."""

from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
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


def make_class_images(
    image: Float[Tensor, "b 3 h w"],
    label: Int[Tensor, "b h w"],
    num_classes: int,
    form: Literal["crop", "mask", "whole"] = "crop",
) -> Float[Tensor, "b c3 h w"]:
    """One image a class, stacked class by class: channel 3c + k is colour k of class c.

    Args:
        image: the photographs.
        label: class ids 0..C-1.
        num_classes: C.
        form: "mask": mask_c * image (paper eq. 2). "crop": of that, the tight box of the class, enlarged to the whole
            image by nearest neighbour (the authors' release). "whole": the image itself for every class.
    Returns:
        (b, 3C, h, w); all 0 for a class that the image lacks, but for "whole".
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
    """Where each place of an enlarged box comes from: first + floor(place * extent / side).

    Args:
        occupied: which rows (or columns) have a pixel.
    Returns:
        indices of rows (or columns); 0, 1, 2, ... where none is occupied.
    """
    side = occupied.shape[-1]
    places = torch.arange(side, device=occupied.device)
    first = occupied.int().argmax(-1, keepdim=True)
    last = side - 1 - occupied.flip(-1).int().argmax(-1, keepdim=True)
    extent = torch.where(occupied.any(-1, keepdim=True), last - first + 1, side)
    return first + places * extent // side
