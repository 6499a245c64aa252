"""Spectral norm: weights divided by their largest singular value, which keeps G and D bounded.

iPOSE sec. 3.3 follows OASIS. Miyato et al., ICLR 2018, introduced spectral normalisation.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ipose.layers.remembered_weight import Conv2d


def spectral_norm_conv(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    bias: bool = True,
    stride: int = 1,
    padding: int | None = None,
    groups: int = 1,
    eps: float = 1e-12,
) -> nn.Conv2d:
    """A `Conv2d` whose weight, as a matrix W of (out, rest), is divided by its largest singular value.

    In training mode each forward pass does one power iteration. In eval mode there is none, and sigma = u . (W v) with
    the stored u and v. Both are float32, even under autocast. Gradients flow through sigma, with u and v constant. Keys
    of the state dict: `bias`, `parametrizations.weight.original`, `parametrizations.weight.0._u`, `..._v`.

    Args:
        in_channels: channels in.
        out_channels: channels out.
        kernel_size: side of the kernel in pixels.
        bias: whether the convolution has a bias.
        stride: step in pixels.
        padding: zeros around the input in pixels. None keeps the size at stride 1 (kernel_size // 2).
        groups: of the convolution. One singular value is for all of them.
        eps: guards the normalisation of u and v against vectors of length 0.
    """
    conv = Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2 if padding is None else padding,
        groups=groups,
        bias=bias,
    )
    return with_spectral_norm(conv, eps=eps)


def with_spectral_norm(conv: nn.Conv2d, *, eps: float = 1e-12) -> nn.Conv2d:
    """The same convolution, in place, with spectral norm."""
    parametrize.register_parametrization(conv, "weight", SpectralNorm(conv.weight, eps))
    return conv


class SpectralNorm(nn.Module):
    """Spectral norm that updates v before u: v <- W^T u, u <- W v, like torch's hook, which the releases use.

    torch's parametrisation updates u first. Both orders converge to the same vectors. But a training goes on from a
    released checkpoint exactly only in the hook's order. The names of the buffers are those of the parametrisation, and
    so is the number of iterations at the start; the hook makes none.

    Args:
        weight: the initial weight.
        eps: guards against vectors of length 0.
        dim: axis of the weight that is W's rows; 1 for transposed convolutions.
    """

    WARM_UP = 15
    """Number of iterations at the start."""

    def __init__(self, weight: Tensor, eps: float = 1e-12, dim: int = 0) -> None:
        super().__init__()
        self.eps, self.dim = eps, dim
        flat = self._matrix(weight.detach())
        self._u: Tensor
        self._v: Tensor
        self.register_buffer("_u", F.normalize(torch.randn_like(flat[:, 0]), dim=0, eps=eps))
        self.register_buffer("_v", F.normalize(torch.randn_like(flat[0]), dim=0, eps=eps))
        for _ in range(0 if flat.is_meta else self.WARM_UP):  # no numbers there, only seconds
            self._iterate(flat)

    def forward(self, weight: Tensor) -> Tensor:
        """weight / (u . W v), in training mode after one iteration. In full precision, even under autocast."""
        with torch.autocast("cpu" if weight.is_meta else weight.device.type, enabled=False):
            flat = self._matrix(weight)
            if self.training:
                self._iterate(flat)
            u, v = self._u.clone(), self._v.clone()  # a later iteration must not reach the graph
            return weight / torch.dot(u, flat @ v)

    def _matrix(self, weight: Tensor) -> Tensor:
        return weight.transpose(0, self.dim).flatten(1)

    @torch.no_grad()
    def _iterate(self, flat: Tensor) -> None:
        self._v.copy_(F.normalize(flat.mT @ self._u, dim=0, eps=self.eps))
        self._u.copy_(F.normalize(flat @ self._v, dim=0, eps=self.eps))


def normalise_all(network: nn.Module) -> None:
    """Add spectral norm, in place, to every convolution and linear layer of a network that has none."""
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and not parametrize.is_parametrized(layer):
            norm = SpectralNorm(layer.weight, dim=int(isinstance(layer, nn.ConvTranspose2d)))
            parametrize.register_parametrization(layer, "weight", norm)
