"""One cross-attention block of PartNet (iPOSE eq. 1, suppl. B.1), for one object: every row is a token."""

import math

from torch import Tensor

from ipose.reference.operations import Layers


def attention_weights(net: Layers, x: Tensor, keys: Tensor) -> Tensor:
    """softmax(Q K^T / sqrt(d)): query tokens (t, d) and support tokens (u, d) -> (t, u), rows sum to 1."""
    Q = net.linear("query", net.linear("query_conv", x))
    K = net.linear("key", net.linear("key_conv", keys))
    return (Q @ K.T / math.sqrt(x.shape[1])).softmax(dim=1)


def cross_attention(net: Layers, x: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """x <- x + LN(attention); x <- x + MLP(LN(x)), the MLP with QuickGELU: x (t, d), keys and values (u, d)."""
    V = net.linear("value", net.linear("value_conv", values))
    x = x + net.layer_norm("norm_attention", net.linear("out", attention_weights(net, x, keys) @ V))
    h = net.linear("mlp_in", net.layer_norm("norm_mlp", x))
    return x + net.linear("mlp_out", h * (1.702 * h).sigmoid())
