"""The release's form of GANSeg's networks: what it cannot hold is refused."""

from dataclasses import replace

import pytest

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.errors import ConfigError
from ipose.ganseg.ablated import build_generator
from ipose.interop.release import to_release

ABLATED = ({"use_points": False}, {"separate_background": False}, {"fixed_scale": 0.1})


@pytest.mark.parametrize("changes", ABLATED, ids=str)
def test_an_ablated_generator_has_no_form_there(changes):
    with pytest.raises(ConfigError, match="the release's file cannot hold an ablated generator"):
        to_release(build_generator(replace(TINY_GANSEG, **changes)))


def test_another_grid_has_no_form_there():
    with pytest.raises(ConfigError, match=r"\[grid\] the release has no such grid"):
        to_release(build_generator(replace(TINY_GANSEG, grid="pixel-centre")))
