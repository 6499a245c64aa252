"""(N+1)-class loss, pixel by pixel."""

import torch
from torch import Tensor

from ipose.reference.class_balance import class_weights


def n_plus_one_loss(logits: Tensor, label: Tensor | None, target: str, unknown: int | None = None) -> Tensor:
    """Mean over pixels of weight * (log sum exp of the C+1 logits - the logit of the target class)."""
    b, c1, h, w = logits.shape
    weights = class_weights(label, c1 - 1, unknown=unknown) if target == "real" and label is not None else None
    total = logits.new_zeros(())
    for i in range(b):
        for y in range(h):
            for x in range(w):
                pixel = logits[i, :, y, x]
                if weights is None or label is None:
                    total = total + pixel.exp().sum().log() - pixel[0]
                else:
                    c = int(label[i, y, x])
                    total = total + float(weights[c]) * (pixel.exp().sum().log() - pixel[c + 1])
    return total / torch.tensor(b * h * w)
