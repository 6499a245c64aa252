"""Bringing a scene to one size: photographs smoothly, ids by picking pixels."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Ids = TypeVar("Ids", bound=np.generic)


def resize_photo(photo: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Bicubic with antialiasing: (H, W, 3) to (h, w, 3)."""
    if photo.shape[:2] == size:
        return photo
    return np.array(Image.fromarray(photo).resize((size[1], size[0]), Image.Resampling.BICUBIC))


def resize_ids(ids: NDArray[Ids], size: tuple[int, int]) -> NDArray[Ids]:
    """Nearest by pixel centres, source = floor((target + 1/2) * in / out), which keeps maps in register with the photo.

    (Object crops, inside the model, pick floor(target * in / out) instead: the release's rule there.)
    """
    if ids.shape == size:
        return ids
    rows, cols = (_centres(old, new) for old, new in zip(ids.shape, size, strict=True))
    return ids[rows[:, None], cols]


def _centres(old: int, new: int) -> NDArray[np.int64]:
    return (2 * np.arange(new) + 1) * old // (2 * new)  # in whole numbers: no rounding to worry about
