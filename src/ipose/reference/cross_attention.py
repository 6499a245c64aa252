"""One cross-attention block of PartNet (iPOSE eq. 1, suppl. B.1), for one object: every row is a token."""

import math

from jaxtyping import Float
from torch import Tensor

from ipose.reference.operations import Layers


def attention_weights(net: Layers, x: Float[Tensor, "t d"], keys: Float[Tensor, "u d"]) -> Float[Tensor, "t u"]:
    """softmax(Q K^T / sqrt(d)): how much each query token reads from each support token; rows sum to 1."""
    Q = net.linear("query", net.linear("query_conv", x))
    K = net.linear("key", net.linear("key_conv", keys))
    return (Q @ K.T / math.sqrt(x.shape[1])).softmax(dim=1)


def cross_attention(
    net: Layers, x: Float[Tensor, "t d"], keys: Float[Tensor, "u d"], values: Float[Tensor, "u d"]
) -> Float[Tensor, "t d"]:
    """x <- x + LN(attention); x <- x + MLP(LN(x)), the MLP with QuickGELU."""
    V = net.linear("value", net.linear("value_conv", values))
    x = x + net.layer_norm("norm_attention", net.linear("out", attention_weights(net, x, keys) @ V))
    h = net.linear("mlp_in", net.layer_norm("norm_mlp", x))
    return x + net.linear("mlp_out", h * (1.702 * h).sigmoid())
