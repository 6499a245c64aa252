"""What the literal networks are written in: each operation by its formula, each layer by its name in a state dict.

`net = Layers(state)`, then `net.conv("first", x)` is the convolution whose weights the state holds under "first".
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

State = Mapping[str, Tensor]
SpectralNorm = Literal["release", "all", "none"]

EPS = 1e-5
"""Of every norm."""


def leaky_relu(x: Tensor, slope: float = 0.2) -> Tensor:
    """x where it is positive, else slope * x."""
    return torch.where(x > 0, x, slope * x)


def relu(x: Tensor) -> Tensor:
    """x where it is positive, else 0."""
    return leaky_relu(x, 0.0)


def nearest(x: Tensor, size: tuple[int, int] | torch.Size) -> Tensor:
    """Pixel (i, j) of the result is pixel (floor(i * h / size[0]), floor(j * w / size[1])) of x."""
    rows, columns = (torch.arange(new) * old // new for new, old in zip(size, x.shape[-2:], strict=True))
    return x[..., rows[:, None], columns]


def double(x: Tensor) -> Tensor:
    """Nearest x2: every pixel becomes 2x2 pixels."""
    return x.repeat_interleave(2, -2).repeat_interleave(2, -1)


def one_hot(label: Tensor, num_classes: int) -> Tensor:
    """(b, C, h, w): 1 in the channel of each pixel's class, else 0."""
    return torch.stack([label == c for c in range(num_classes)], dim=1)


def normalise(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """(x - mean) / sqrt(variance + eps), both over `axes`, the variance divided by their size."""
    centred = x - x.mean(axes, keepdim=True)
    return centred / (centred.square().mean(axes, keepdim=True) + EPS).sqrt()


def instance_norm(x: Tensor) -> Tensor:
    """Each channel of each image over its pixels."""
    return normalise(x, (2, 3))


def group_norm(x: Tensor, groups: int) -> Tensor:
    """Each group of channels of each image, over its channels and pixels."""
    return normalise(x.unflatten(1, (groups, -1)), (2, 3, 4)).flatten(1, 2)


@dataclass(frozen=True)
class Layers:
    """The layers of a network.

    Args:
        state: the network's state dict.
        training: batch norm by the statistics of the batch (True) or by the running ones.
        spectral_norm: of the convolutions that a network marks with `sn` ("release"), of all layers, or of none.
    """

    state: State
    training: bool = False
    spectral_norm: SpectralNorm = "release"

    def below(self, name: str) -> "Layers":
        """The layers whose names begin with `name.`, without that."""
        start = f"{name}."
        return replace(self, state={k.removeprefix(start): v for k, v in self.state.items() if k.startswith(start)})

    def count(self, name: str) -> int:
        """How many there are of name.0, name.1, ..."""
        return len({key.split(".")[0] for key in self.below(name).state})

    def weight(self, layer: str, sn: bool = False, out_axis: int = 0) -> Tensor:
        """W, or under spectral norm W / sigma with sigma = u . (W v), W as (out, rest) (Miyato et al. 2018, eqs. 8-12).

        u and v are those of the state: one power iteration before each step of training keeps them up to date.
        """
        if not {"release": sn, "all": True, "none": False}[self.spectral_norm]:
            return self.state[f"{layer}.weight"]
        w, u, v = (self.state[f"{layer}.parametrizations.weight.{name}"] for name in ("original", "0._u", "0._v"))
        return w / (u @ w.transpose(0, out_axis).flatten(1) @ v)

    def conv(
        self,
        layer: str,
        x: Tensor,
        *,
        stride: int = 1,
        padding: int | None = None,
        groups: int = 1,
        bias: bool = True,
        sn: bool = False,
    ) -> Tensor:
        """Zero padding of (kernel - 1) // 2 unless said otherwise."""
        w = self.weight(layer, sn)
        padding = (w.shape[-1] - 1) // 2 if padding is None else padding
        return F.conv2d(x, w, self.state[f"{layer}.bias"] if bias else None, stride, padding, groups=groups)

    def conv_transpose(self, layer: str, x: Tensor) -> Tensor:
        """4x4, stride 2, padding 1: doubles."""
        return F.conv_transpose2d(x, self.weight(layer, out_axis=1), self.state[f"{layer}.bias"], 2, 1)

    def linear(self, layer: str, x: Tensor) -> Tensor:
        """W x + b for every row of x."""
        return x @ self.weight(layer).T + self.state[f"{layer}.bias"]

    def layer_norm(self, layer: str, x: Tensor) -> Tensor:
        """Each token over its channels, then scale and shift."""
        return normalise(x, (-1,)) * self.state[f"{layer}.weight"] + self.state[f"{layer}.bias"]

    def batch_norm(self, layer: str, x: Tensor) -> Tensor:
        """Each channel over the pixels of all images, or by the running mean and variance; no weights."""
        if self.training:
            return normalise(x, (0, 2, 3))
        mean, variance = (self.state[f"{layer}.running_{name}"][:, None, None] for name in ("mean", "var"))
        return (x - mean) / (variance + EPS).sqrt()

    def affine(self, layer: str, x: Tensor) -> Tensor:
        """weight * x + bias, one of each a channel: behind a norm that has weights."""
        weight, bias = (self.state[f"{layer}.{name}"][:, None, None] for name in ("weight", "bias"))
        return weight * x + bias


def gamma_beta(
    net: Layers, maps: Tensor, *, slope: float = 0.0, groups: int = 1, shared_groups: int = 1
) -> tuple[Tensor, Tensor]:
    """gamma, beta = Conv3x3 each of ReLU(Conv3x3(map))."""
    hidden = leaky_relu(net.conv("shared", maps, groups=shared_groups), slope)
    return net.conv("gamma", hidden, groups=groups), net.conv("beta", hidden, groups=groups)


def spade(net: Layers, x: Tensor, maps: Tensor, *, slope: float = 0.0) -> Tensor:
    """BN(x) * (1 + gamma(map)) + beta(map), the map resized to x by nearest. Source: SPADE (CVPR 2019) eq. 1."""
    gamma, beta = gamma_beta(net.below("gamma_beta"), nearest(maps, x.shape[-2:]), slope=slope)
    return net.batch_norm("norm", x) * (1 + gamma) + beta
