"""`ipose generate` of a GANSeg: images and part maps from noise, with parts moved or not."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ipose.errors import ConfigError
from ipose.ganseg.ablated import build_generator
from ipose.systems.ganseg.generating import make
from ipose.systems.ganseg.record import GANSegMakeOptions
from ipose.systems.generating import Request


def request_of(out, *, move=(), **changes):
    return Request(out=out, options=GANSegMakeOptions(move=move), **changes)


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image, dtype=int)


def test_image_and_part_map_of_each_number_and_one_sheet(ganseg_model, tmp_path):
    made = [path.name for path in make(ganseg_model, request_of(tmp_path, seed=3, count=2))]
    assert made == ["seed3_0.png", "seed3_0_part.png", "seed3_1.png", "seed3_1_part.png", "seed3_sheet.png"]
    assert pixels(tmp_path / "seed3_0_part.png").max() <= 3


def test_an_image_depends_on_its_seed_and_number_alone(ganseg_model, tmp_path):
    for count in (1, 3):
        list(make(ganseg_model, request_of(tmp_path / str(count), count=count)))
    one, three = (pixels(tmp_path / str(count) / "seed0_0.png") for count in (1, 3))
    assert np.abs(one - three).max() <= 1


def test_moves_make_every_image_twice(ganseg_model, tmp_path):
    made = [path.name for path in make(ganseg_model, request_of(tmp_path, move=("part=2:0.5,0.0",)))]
    assert made == [
        "seed0_0.png",
        "seed0_0_part.png",
        "seed0_0_moved.png",
        "seed0_0_moved_part.png",
        "seed0_sheet.png",
    ]
    before, after = (pixels(tmp_path / f"seed0_0{suffix}.png") for suffix in ("", "_moved"))
    assert (before != after).any()


def test_a_model_without_points_has_nothing_to_move(ganseg_model, tmp_path):
    without = build_generator(replace(ganseg_model.config, use_points=False)).eval()
    with pytest.raises(ConfigError, match=r"\[move\] a model without points has nothing to move"):
        list(make(without, request_of(tmp_path / "out", move=("part=1:0.1,0.0",))))
    assert len(list(make(without, request_of(tmp_path / "out")))) == 3


def test_a_part_that_is_not_there_cannot_be_moved(ganseg_model, tmp_path):
    with pytest.raises(ConfigError, match="no such part: found 9"):
        list(make(ganseg_model, request_of(tmp_path / "out", move=("part=9:0.1,0.0",))))
    assert not (tmp_path / "out").exists()
