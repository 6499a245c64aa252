"""The colours of every sheet and report: eight parts, instances, and the neutral greys around them."""

import colorsys

import numpy as np
from numpy.typing import NDArray

from ipose.data.part_palette import PART_COLORS

RGB = tuple[int, int, int]

NOTHING: RGB = PART_COLORS[0]
"""Where there is no object."""

BARE: RGB = (176, 176, 174)
"""An object pixel without a part; stuff in an instance picture."""

PAPER: RGB = (252, 252, 251)
INK: RGB = (38, 38, 36)
FAINT: RGB = (120, 120, 116)


def instance_color(number: int) -> RGB:
    """Colour of the number-th object of a picture: hues a golden angle apart, two lightnesses in turn."""
    hue = (0.58 + number * 0.61803398875) % 1.0
    red, green, blue = colorsys.hls_to_rgb(hue, (0.52, 0.68)[number % 2], 0.62)
    return round(255 * red), round(255 * green), round(255 * blue)


def lookup(colors: tuple[RGB, ...]) -> NDArray[np.uint8]:
    """Colours as a table (n, 3), to be indexed by a map of ids."""
    return np.asarray(colors, dtype=np.uint8)
