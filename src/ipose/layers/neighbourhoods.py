"""Two 3x3 convolutions of a map that has few different neighbourhoods: one result for each neighbourhood.

SPADE's scale and shift at a pixel depend on the 5x5 pixels of the semantic map around it, and on nothing else. A label
map has few different 5x5 neighbourhoods: of 256x256 pixels of COCO-Stuff, 2 to 14 % are distinct. So the two
convolutions are computed once for each distinct neighbourhood, and each pixel takes its row. The result is exact.

A *token* is one value of the map, for example (image, class): pixels with the same token have the same channels. The
first convolution is a sum of nine rows of a table, one row for each (place in the window, token).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from ipose.layers.instance_norm import wide

WINDOW = 9
"""Places in a 3x3 window, row by row."""


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """The distinct 5x5 neighbourhoods of a map. `find_neighbourhoods` makes them.

    Args:
        features: the map's channels for each of t tokens.
        inner: the tokens of each of s distinct 3x3 windows. t = outside of the image.
        outer: the windows around the pixel, and its own, for each of n distinct neighbourhoods: numbers of `inner`.
            s = the window's centre lies outside of the image.
        number: the neighbourhood of each pixel, a row of `outer`.
    """

    features: Float[Tensor, "t m"]
    inner: Int64[Tensor, "s 9"]
    outer: Int64[Tensor, "n 9"]
    number: Int64[Tensor, "b h w"]

    @property
    def share(self) -> float:
        """Number of distinct neighbourhoods, as a share of the pixels. Small = much is saved."""
        return len(self.outer) / max(self.number.numel(), 1)

    def convolve_twice(
        self, first: nn.Conv2d, second: tuple[nn.Conv2d, ...], slope: float = 0.0, *, offset: float = 0.0
    ) -> Float[Tensor, "n d c"]:
        """Results of d convolutions of LeakyReLU(first convolution of the map), at each distinct neighbourhood.

        Args:
            first: 3x3, zero padding of one pixel, with bias. It may have groups.
            second: d of them, 3x3 with bias, of equal widths and groups.
            slope: of the activation below 0; 0 = ReLU.
            offset: added to the result of the first of the d convolutions.
        """
        hidden = F.leaky_relu(self._first(first), slope) if slope else F.relu(self._first(first))
        outside = hidden.new_zeros(1, hidden.shape[1])  # the zero padding of the second convolutions
        windows = torch.cat([hidden, outside]).index_select(0, self.outer.flatten()).unflatten(0, (-1, WINDOW))
        weight, bias = merged(second, offset)
        groups = second[0].groups
        columns = weight.flatten(2).unflatten(0, (groups, -1))  # [g, d*c/g, hidden/g, 9]
        rows = windows.unflatten(2, (groups, -1)).permute(2, 0, 3, 1).flatten(2)  # [g, n, hidden/g * 9]
        result: Tensor = torch.baddbmm(bias.view(groups, 1, -1), rows, columns.flatten(2).mT)  # [g, n, d*c/g]
        joined: Tensor = result.unflatten(2, (len(second), -1)).permute(1, 2, 0, 3).flatten(2)
        return joined

    def _first(self, conv: nn.Conv2d) -> Float[Tensor, "s hidden"]:
        """The first convolution at the centre of each distinct 3x3 window."""
        bias = conv.bias
        assert bias is not None
        columns = conv.weight.flatten(2).unflatten(0, (conv.groups, -1))  # [g, hidden/g, m/g, 9]
        features = self.features.to(columns.dtype).unflatten(1, (conv.groups, -1))
        table = torch.einsum("tgm,gomk->ktgo", features, columns).flatten(2)  # [9, t, hidden]
        tokens = len(self.features) + 1
        table = F.pad(table, (0, 0, 0, 1)).flatten(0, 1)  # the last token of each place: outside, zero
        places = torch.arange(0, WINDOW * tokens, tokens, device=table.device)
        sums = F.embedding_bag(self.inner + places, wide(table), mode="sum")  # of nine rows: in full precision
        return (sums + bias.to(sums.dtype)).to(table.dtype)


def merged(convolutions: tuple[nn.Conv2d, ...], offset: float = 0.0) -> tuple[Tensor, Tensor]:
    """Weight and bias of d convolutions of one input as a single one.

    Its output channels are ordered by group, then by convolution. Without groups they are one after the other.

    Args:
        convolutions: with bias, of equal widths and groups.
        offset: added to the bias of the first one.
    """
    groups = convolutions[0].groups
    weights, biases = [conv.weight for conv in convolutions], []
    for i, conv in enumerate(convolutions):
        assert conv.bias is not None
        biases.append(conv.bias + offset if offset and not i else conv.bias)
    by_group = [torch.stack([t.unflatten(0, (groups, -1)) for t in tensors], 1) for tensors in (weights, biases)]
    weight, bias = (t.flatten(0, 2) for t in by_group)
    return weight, bias


def find_neighbourhoods(tokens: Int64[Tensor, "b h w"], features: Float[Tensor, "t m"]) -> Neighbourhoods:
    """The distinct neighbourhoods of a map.

    Args:
        tokens: of each pixel, 0..t-1.
        features: the map's channels for each token. Gradients flow to them.
    """
    inner, centres = distinct_windows(tokens, len(features))
    outer, number = distinct_windows(centres, len(inner))
    return Neighbourhoods(features, inner, outer, number)


def distinct_windows(ids: Int64[Tensor, "b h w"], count: int) -> tuple[Int64[Tensor, "n 9"], Int64[Tensor, "b h w"]]:
    """The distinct 3x3 windows of a map of ids, and the number of each pixel's window.

    Args:
        ids: 0..count-1. Outside of the map the id is `count`.
        count: number of ids.
    Returns:
        the ids of each distinct window, row by row; and for each pixel which of them is around it.
    """
    b, h, w = ids.shape
    padded = F.pad(ids, (1, 1, 1, 1), value=count)
    rows = joint_numbers([padded[:, :, i : i + w] for i in range(3)], count + 1)
    number = joint_numbers([rows[:, i : i + h] for i in range(3)], int(rows.max()) + 1)
    pixel = torch.arange(b * h * w, device=ids.device)
    example = pixel.new_empty(int(number.max()) + 1).scatter_(0, number.flatten(), pixel)  # any pixel of each number
    image, at = example // (h * w), example % (h * w)
    windows = [padded[image, at // w + i // 3, at % w + i % 3] for i in range(WINDOW)]
    return torch.stack(windows, dim=1), number


def joint_numbers(ids: list[Int64[Tensor, "*s"]], count: int) -> Int64[Tensor, "*s"]:
    """A number 0..n-1 for each distinct combination of three ids at one place. `count`: the ids are 0..count-1."""
    pair = ids[0] * count + ids[1]
    if count**3 > torch.iinfo(torch.int64).max:
        pair = torch.unique(pair, return_inverse=True)[1]
    places: Tensor = torch.unique(pair * count + ids[2], return_inverse=True)[1]
    return places
