"""Cross-attention from an object's shape to its supports: P's eq. 1, one residual block (iPOSE sec. 3.1, fig. 2).

Queries come from the object's shape, keys from the support shapes, and values from the support masks of one part
channel. So the weights say *where* the supports have a similar shape, and the values say *which part* is there.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

QUICK = 1.702
"""Factor in CLIP's approximation of GELU, x * sigmoid(1.702 x)."""


def compose(outer: nn.Linear, inner: nn.Linear, x: Tensor) -> Tensor:
    """outer(inner(x)) as one linear map, which has half the cost for many tokens."""
    return F.linear(x, outer.weight @ inner.weight, F.linear(inner.bias, outer.weight, outer.bias))


class CrossAttentionBlock(nn.Module):
    """x <- x + LN(attention(x; keys, values)); x <- x + MLP(LN(x)). Source: iPOSE sec. 3.1, suppl. B.1.

    Single-head attention with scale 1/sqrt(width). Query, key and value each pass a 1x1 convolution (a linear map of
    tokens) before the projection of the attention. The residual connection carries x itself.

    Args:
        width: d, channels of a token.
        expansion: width of the MLP's hidden layer, as a multiple of d.
    """

    def __init__(self, width: int, expansion: int = 4) -> None:
        super().__init__()
        self.query_conv, self.key_conv, self.value_conv = (nn.Linear(width, width) for _ in range(3))
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)
        self.norm_attention = nn.LayerNorm(width)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp_in = nn.Linear(width, expansion * width)
        self.mlp_out = nn.Linear(expansion * width, width)

    @torch.no_grad()
    def reset_projections(self) -> None:
        """Draw the weights of the attention's projections like torch's multi-head attention: Xavier uniform over the
        three as one matrix, biases 0."""
        bound = (6 / (4 * self.query.in_features)) ** 0.5
        for projection in (self.query, self.key, self.value):
            projection.weight.uniform_(-bound, bound)
            projection.bias.zero_()

    def project_keys(self, keys: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Projected keys. They depend only on the supports, so they can be computed once."""
        return compose(self.key, self.key_conv, keys)

    def project_values(self, values: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
        """Projected values. They depend only on the supports."""
        return compose(self.value, self.value_conv, values)

    def attention_weights(
        self, x: Float[Tensor, "b t d"], projected_keys: Float[Tensor, "b u d"]
    ) -> Float[Tensor, "b t u"]:
        """Attention weights of each query token over the support tokens; rows sum to 1."""
        query = compose(self.query, self.query_conv, x) * float(x.shape[-1]) ** -0.5
        weights: Tensor = (query @ projected_keys.transpose(-2, -1)).softmax(-1)
        return weights

    def update(self, x: Tensor, read: Tensor) -> Tensor:
        """The two residual steps, from what the attention read (before its output projection)."""
        x = x + self.norm_attention(self.out(read))
        return x + self._mlp(self.norm_mlp(x))

    def _mlp(self, x: Tensor) -> Tensor:
        """mlp_out(quick_gelu(mlp_in(x))). quick_gelu(h) = silu(1.702 h) / 1.702, and both factors go into the weights:
        one pass over the hidden layer in place of three."""
        hidden = F.silu(F.linear(x, QUICK * self.mlp_in.weight, QUICK * self.mlp_in.bias))
        return F.linear(hidden, self.mlp_out.weight / QUICK, self.mlp_out.bias)

    def forward(
        self, x: Float[Tensor, "b t d"], keys: Float[Tensor, "b u d"], values: Float[Tensor, "b u d"]
    ) -> Float[Tensor, "b t d"]:
        """Query tokens after reading from the support tokens.

        Args:
            x: t query tokens of each object.
            keys: u = k*t support tokens, from the support shapes.
            values: u support tokens, from the support masks, in the order of `keys`.
        Returns:
            t tokens of each object, in the order of `x`.
        """
        weights = self.attention_weights(x, self.project_keys(keys))
        return self.update(x, weights @ self.project_values(values))
