"""`ipose generate` of a GroupDNet: each image is written when it is made; classes alone can be drawn anew."""

import numpy as np
from PIL import Image

from ipose.systems.generating import Request
from ipose.systems.groupdnet.images import make
from ipose.systems.groupdnet.record import GroupDNetMakeOptions


def request_of(maps, *, resample=(), **changes):
    places = {"inputs": maps / "label", "instances": maps / "instance", "out": maps / "out"}
    return Request(**{**places, "options": GroupDNetMakeOptions(resample=resample), **changes})


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def test_images_of_each_seed_and_a_sheet_for_every_map(groupdnet_model, maps):
    made = [path.name for path in make(groupdnet_model, request_of(maps, seed=5, count=2))]
    assert made == [f"{stem}_{name}.png" for stem in (0, 1) for name in ("seed5", "seed6", "sheet")]


def test_an_image_is_on_the_disk_before_the_next_one_is_computed(groupdnet_model, maps, monkeypatch):
    seen, paint = [], groupdnet_model.paint

    def watched(scenes, z):
        seen.append({path.name for path in (maps / "out").glob("*.png")})
        return paint(scenes, z)

    monkeypatch.setattr(groupdnet_model, "paint", watched)
    list(make(groupdnet_model, request_of(maps, count=2)))
    assert seen == [set(), {"0_seed0.png"}, {"0_seed0.png", "0_seed1.png", "0_sheet.png"}, {*seen[2], "1_seed0.png"}]


def test_the_seed_decides_the_image(groupdnet_model, maps):
    first, second = (list(make(groupdnet_model, request_of(maps, seed=3, out=maps / name))) for name in "ab")
    assert (pixels(first[0]) == pixels(second[0])).all()
    list(make(groupdnet_model, request_of(maps, seed=4)))
    assert (pixels(first[0]) != pixels(maps / "out" / "0_seed4.png")).any()


def test_a_class_drawn_anew_changes_with_the_seed(groupdnet_model, maps):
    list(make(groupdnet_model, request_of(maps, count=2, resample=("car",))))
    assert (pixels(maps / "out" / "0_seed0.png") != pixels(maps / "out" / "0_seed1.png")).any()
