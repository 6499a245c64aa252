"""The colours that part maps are saved in, so that a person can see, open and edit them in any paint program."""

import colorsys

import numpy as np
from numpy.typing import NDArray

RGB = tuple[int, int, int]

_HEX_COLORS = "e6e6e4 e69f00 56b4e9 009e73 cc79a7 005eaa d55400 f0e442 4a3a34"
PART_COLORS: tuple[RGB, ...] = tuple((r, g, b) for r, g, b in map(bytes.fromhex, _HEX_COLORS.split()))
"""Colour of part id 0..8. Part 1..7: Okabe and Ito's palette, told apart with any colour vision; 8: a dark brown."""

BACKGROUNDS: tuple[RGB, ...] = (PART_COLORS[0], (0, 0, 0), (255, 255, 255))
"""Colours that stand for "no part" in a map drawn by hand: ours, black and white."""

NOTHING: RGB = PART_COLORS[0]
"""Where there is no object: nothing at all, or stuff."""

BARE: RGB = (176, 176, 174)
"""An object pixel without a part: a category without parts, or pixels that no part was written to."""

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
