"""GroupDNet's CG-Norm, class images and instance edges in plain loops: slow, obviously right. For tests only."""

from collections.abc import Mapping

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ipose.reference.spade import conv3x3, nearest, normalise


def grouped_conv3x3(
    x: Float[Tensor, "b i h w"], weight: Float[Tensor, "o j 3 3"], bias: Float[Tensor, " o"], groups: int
) -> Tensor:
    """As many convolutions as groups, each of its own channels, side by side."""
    outputs = []
    ins, outs = x.shape[1] // groups, weight.shape[0] // groups
    for group in range(groups):
        own = slice(group * outs, (group + 1) * outs)
        outputs.append(conv3x3(x[:, group * ins : (group + 1) * ins], weight[own], bias[own]))
    return torch.cat(outputs, dim=1)


def cg_norm(
    x: Float[Tensor, "b c h w"],
    label_tensor: Float[Tensor, "b m mh mw"],
    weights: Mapping[str, Tensor],
    shared_groups: int,
    groups: int,
) -> Float[Tensor, "b c h w"]:
    """BN(x) * (1 + gamma) + beta, BN by batch statistics. Source: GroupDNet sec. 3.3, in the release's form.

    Args:
        x: features.
        label_tensor: at any size.
        weights: "shared.weight", "shared.bias", and the same of "gamma" and "beta".
        shared_groups: of the shared convolution.
        groups: of the other two.
    """
    label_tensor = nearest(label_tensor, x.shape[2], x.shape[3])
    hidden = grouped_conv3x3(label_tensor, weights["shared.weight"], weights["shared.bias"], shared_groups)
    hidden = torch.where(hidden > 0, hidden, torch.zeros_like(hidden))
    gamma = grouped_conv3x3(hidden, weights["gamma.weight"], weights["gamma.bias"], groups)
    beta = grouped_conv3x3(hidden, weights["beta.weight"], weights["beta.bias"], groups)
    return normalise(x) * (1 + gamma) + beta


def class_images(
    image: Float[Tensor, "b 3 h w"], label: Int[Tensor, "b h w"], num_classes: int
) -> Float[Tensor, "b c3 h w"]:
    """Of each class: its pixels alone, the tight box of them, enlarged to the whole image by nearest neighbour."""
    b, _, h, w = image.shape
    result = image.new_zeros(b, 3 * num_classes, h, w)
    for item in range(b):
        for number in range(num_classes):
            places = [(row, col) for row in range(h) for col in range(w) if label[item, row, col] == number]
            if not places:
                continue
            top, left = min(row for row, _ in places), min(col for _, col in places)
            height = max(row for row, _ in places) - top + 1
            width = max(col for _, col in places) - left + 1
            for row in range(h):
                for col in range(w):
                    source = top + row * height // h, left + col * width // w
                    if source in places:
                        result[item, 3 * number : 3 * number + 3, row, col] = image[item, :, source[0], source[1]]
    return result


def instance_edges(instance: Int[Tensor, "b h w"]) -> Float[Tensor, "b 1 h w"]:
    """1 where one of the four neighbours has another id."""
    b, h, w = instance.shape
    result = torch.zeros(b, 1, h, w)
    for item in range(b):
        for row in range(h):
            for col in range(w):
                for r, c in ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)):
                    if 0 <= r < h and 0 <= c < w and instance[item, r, c] != instance[item, row, col]:
                        result[item, 0, row, col] = 1
    return result
