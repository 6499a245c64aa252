"""A semantic map at every size that the blocks of a generator ask for, each size made once.

The map is kept as a token for each pixel and the channels of each token (`ipose.layers.neighbourhoods`). So no tensor
of Z + C channels is made at full size, unless a layer reads it.
"""

from typing import Literal, get_args

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Int64
from torch import Tensor

from ipose.errors import ConfigError
from ipose.layers.neighbourhoods import Neighbourhoods, find_neighbourhoods
from ipose.layers.spade import nearest

MapForm = Literal["auto", "neighbourhoods", "dense"]
"""How SPADE's two convolutions are computed. The numbers are the same to float32 rounding.

"neighbourhoods" = once for each distinct 5x5 neighbourhood; "dense" = at every pixel; "auto" = the faster one, by
`MOST` and the device.
"""

MOST = 0.6
"""With "auto", a size whose share of distinct neighbourhoods is above this stays dense. On photographs of COCO-Stuff
these are the sizes of 16x16 pixels and below. There, copies cost about what the saved products gain."""


class SemanticMaps:
    """A semantic map of b images at any size, by nearest neighbour.

    Args:
        tokens: of each pixel, 0..t-1: equal tokens mean equal channels.
        features: the channels of each token. Gradients flow to them.
        form: a `MapForm`, of the maps that `at` gives.
    Raises:
        ConfigError: no such form.
    """

    def __init__(self, tokens: Int64[Tensor, "b h w"], features: Float[Tensor, "t m"], form: str = "auto") -> None:
        if form not in get_args(MapForm):
            raise ConfigError("no such form", field="map_form", found=form, expected=", ".join(get_args(MapForm)))
        self.tokens, self.features, self.form = tokens, features, form
        self._dense: dict[str, Tensor] = {}  # by the size as text: in an export, sizes are symbols, which have no hash
        self._found: dict[str, Neighbourhoods] = {}

    def at(self, size: tuple[int, int]) -> Float[Tensor, "b m h w"] | Neighbourhoods:
        """The map at `size` = (height, width), in the form that SPADE should read. A compiled network reads the tensor,
        because the number of neighbourhoods depends on the data."""
        dense = self.form == "dense" or (self.form == "auto" and self.tokens.device.type != "cpu")
        if dense or torch.compiler.is_compiling():
            return self.dense(size)
        found = self.neighbourhoods(size)
        return self.dense(size) if self.form == "auto" and found.share > MOST else found

    def dense(self, size: tuple[int, int]) -> Float[Tensor, "b m h w"]:
        """The map as a tensor."""
        key = str(size)
        if key not in self._dense:
            chosen = self.features.index_select(0, self._tokens(size).flatten())
            dense = chosen.unflatten(0, (self.tokens.shape[0], *size)).permute(0, 3, 1, 2)
            self._dense[key] = dense if dense.device.type == "cpu" else dense.contiguous()
        return self._dense[key]

    def neighbourhoods(self, size: tuple[int, int]) -> Neighbourhoods:
        """The distinct neighbourhoods of the map."""
        key = str(size)
        if key not in self._found:
            self._found[key] = find_neighbourhoods(self._tokens(size), self.features)
        return self._found[key]

    def _tokens(self, size: tuple[int, int]) -> Tensor:
        if tuple(self.tokens.shape[-2:]) == tuple(size):
            return self.tokens
        lines = [torch.arange(side, device=self.tokens.device).float() for side in self.tokens.shape[-2:]]
        rows, columns = (  # nearest in float32 is exact for indices below 2**24
            nearest(line.view(1, 1, -1, 1), (side, 1)).flatten().long() for line, side in zip(lines, size, strict=True)
        )
        return self.tokens[:, rows][:, :, columns]


def check_ids(label: Int[Tensor, "b h w"], num_classes: int) -> None:
    """Check that the ids are 0..C-1. Raises ConfigError. On a GPU, a wrong id would end in a device assert without a
    name. Compiled and exported networks check nothing; in training, the objective has asked before.
    """
    if torch.compiler.is_compiling():
        return
    low, high = (int(end) for end in label.aminmax())
    if low < 0 or high >= num_classes:
        message = "the label map has a class id that the model does not know"
        mend = "Check the label spec (ipose doctor)."
        raise ConfigError(message, found=low if low < 0 else high, expected=f"0..{num_classes - 1}", mend=mend)


def label_maps(
    label: Int64[Tensor, "b h w"],
    num_classes: int,
    z: Float[Tensor, "b z"] | Float[Tensor, "b z h w"],
    form: str = "auto",
) -> SemanticMaps:
    """The map [z, one-hot label] of iPOSE and OASIS.

    Args:
        label: class ids 0..C-1.
        num_classes: C.
        z: noise, one vector for each image or for each pixel. Pixels of one class and equal noise share a token.
        form: a `MapForm`.
    """
    place = torch.arange(label.shape[0], device=label.device)[:, None, None].expand(label.shape)
    if z.ndim == 4:
        place, z = distinct_vectors(z)
    tokens = place * num_classes + label
    if torch.compiler.is_compiling():  # then no size may depend on the data
        used = torch.arange(z.shape[0] * num_classes, device=label.device)
    else:
        used, tokens = torch.unique(tokens, return_inverse=True)
    one_hot = F.one_hot(used % num_classes, num_classes).to(z.dtype)
    return SemanticMaps(tokens, torch.cat([z[used // num_classes], one_hot], 1), form)


def distinct_vectors(z: Float[Tensor, "b z h w"]) -> tuple[Int64[Tensor, "b h w"], Float[Tensor, "n z"]]:
    """The vectors of a map, each once where that is quick to see, and the number of each pixel's vector.

    Where gradients must flow to the pixels, and where each pixel has its own vector, every pixel is listed.
    """
    b, _, h, w = z.shape
    pixel = torch.arange(b * h * w, device=z.device).view(b, h, w)
    if z.stride(2) == z.stride(3) == 0:  # one vector, expanded
        return pixel // (h * w), z[:, :, 0, 0]
    vectors = z.permute(0, 2, 3, 1).flatten(0, 2)
    if z.requires_grad:
        return pixel, vectors
    weights = torch.randn(z.shape[1], generator=torch.Generator().manual_seed(0), dtype=torch.float64).to(z.device)
    keys = (vectors.double() * weights).sum(1)
    number = torch.unique(keys, return_inverse=True)[1]
    example = pixel.new_empty(int(number.max()) + 1).scatter_(0, number, pixel.flatten())
    if not torch.equal(vectors[example[number]], vectors):  # two vectors of one key
        return pixel, vectors
    return number.view(b, h, w), vectors[example]
