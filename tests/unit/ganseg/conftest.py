"""The small GANSeg of these tests."""

import pytest

from helpers.tiny_ganseg import TINY_GANSEG


@pytest.fixture
def small():
    return TINY_GANSEG
