"""Photographs to annotate."""

import json

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Three photographs of two sizes, in shots/ (and a hidden file as desktops leave them)."""
    folder = tmp_path / "export" / "shots"
    folder.mkdir(parents=True)
    for number, size in enumerate([(20, 30), (20, 30), (16, 24)]):
        pixels = np.random.default_rng(number).integers(0, 255, (*size, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"a{number}.jpg")
    (folder / "._a0.jpg").write_bytes(b"x")
    return folder


@pytest.fixture
def write_json():
    def write(file, content):
        file.write_text(json.dumps(content))
        return file

    return write


def square(row, col, side):
    """A polygon, x before y."""
    return [col, row, col + side, row, col + side, row + side, col, row + side]
