"""Class balancing, counted pixel by pixel."""

import torch
from torch import Tensor


def class_weights(label: Tensor, num_classes: int, *, unknown: int | None = None) -> Tensor:
    """Pixels in the batch / (classes present * pixels of the class); 0 for absent classes and the unknown one."""
    ids = label.flatten().tolist()
    counts = {c: ids.count(c) for c in range(num_classes) if c in ids and c != unknown}
    return torch.tensor([len(ids) / (len(counts) * counts[c]) if c in counts else 0.0 for c in range(num_classes)])
