"""Holes in maps of ids: each pixel takes the id of the nearest pixel that may give one."""

import numpy as np
import torch
from jaxtyping import Bool, Integer
from scipy.ndimage import distance_transform_edt
from torch import Tensor


def fill_from_nearest(
    ids: Integer[Tensor, "h w"], hole: Bool[Tensor, "h w"], source: Bool[Tensor, "h w"]
) -> Integer[Tensor, "h w"]:
    """The map with its hole filled.

    Args:
        ids: of any meaning.
        hole: the pixels to fill.
        source: the pixels that may give their id; at least one.
    """
    rows, cols = distance_transform_edt(~source.numpy(), return_distances=False, return_indices=True)
    nearest = ids[torch.from_numpy(np.asarray(rows, np.int64)), torch.from_numpy(np.asarray(cols, np.int64))]
    return torch.where(hole, nearest, ids)
