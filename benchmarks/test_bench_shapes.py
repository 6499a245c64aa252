"""How much faster the shapes of a whole batch are than one object at a time.

Each claim is timed by pytest-benchmark (the fast version) and against its plain version with the same inputs: medians
of alternating runs after a warm-up, synchronised inside the timed region. `--benchmark-json` keeps the ratio too.
"""

import statistics
import time

import pytest
import torch

from ipose.reference import object_crops as reference
from ipose.shapes import (
    choose_supports,
    crop_geometry,
    crop_object_shapes,
    geometric_score,
    geometric_score_matrix,
    paste_objects,
    pasted_shape_owner,
)

ROUNDS = 5


@pytest.fixture(scope="module")
def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def synchronised(function):
    def run():
        result = function()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return result

    return run


def compare(benchmark, fast, plain, at_least):
    """Time `fast` with the benchmark and both by turns; the ratio of medians must reach `at_least`."""
    fast, plain = synchronised(fast), synchronised(plain)
    # on white noise, one float32 rounding of a bilinear weight is worth 1e-5
    torch.testing.assert_close(fast(), plain(), rtol=1e-4, atol=1e-4)
    seconds = {fast: [], plain: []}
    for _ in range(ROUNDS):
        for function, times in seconds.items():
            start = time.perf_counter()
            function()
            times.append(time.perf_counter() - start)
    benchmark.extra_info["plain_median_ms"] = 1e3 * statistics.median(seconds[plain])
    benchmark.extra_info["ratio"] = statistics.median(seconds[plain]) / statistics.median(seconds[fast])
    benchmark.extra_info["threads"] = torch.get_num_threads()
    benchmark.extra_info["torch"] = torch.__version__
    benchmark.pedantic(fast, rounds=ROUNDS)
    print(f"\nratio {benchmark.extra_info['ratio']:.2f}")
    assert benchmark.extra_info["ratio"] > at_least


class Scene:
    """4 images of 256x256 with 8 objects each: rectangles of 20 to 120 pixels, photographs of 640x427."""

    def __init__(self, device, per_image=8, images=4, side=256):
        generator = torch.Generator().manual_seed(0)
        count = per_image * images
        start = torch.randint(0, side - 121, (count, 2), generator=generator)
        extent = torch.randint(20, 120, (count, 2), generator=generator) // 2 * 2
        self.boxes = torch.stack([start, start + extent], 2).flatten(1)
        self.image_index = torch.arange(count) // per_image
        self.label = torch.zeros(images, side, side).long()
        self.instance = self.label.clone()
        for number, (image, box) in enumerate(zip(self.image_index, self.boxes.tolist(), strict=True)):
            self.label[image, box[0] : box[1] + 1, box[2] : box[3] + 1] = 1
            self.instance[image, box[0] : box[1] + 1, box[2] : box[3] + 1] = number
        self.numbers = torch.arange(count)
        self.geometry = crop_geometry(self.boxes, torch.tensor([[427, 640]]).expand(count, 2), (side, side))
        self.places = [reference.place(tuple(box), (427, 640), (side, side)) for box in self.boxes.tolist()]
        for name in ("image_index", "label", "instance", "numbers", "geometry"):
            setattr(self, name, getattr(self, name).to(device))

    def crop(self):
        ones = torch.ones_like(self.numbers)
        return crop_object_shapes(self.label, self.instance, ones, self.numbers, self.image_index, self.geometry)

    def crop_plainly(self):
        index = self.image_index.tolist()
        objects = [(index[i], 1, i, place) for i, place in enumerate(self.places)]
        return reference.crop_object_shapes(self.label, self.instance, objects)


def test_crops(benchmark, device):
    scene = Scene(device)
    compare(benchmark, scene.crop, scene.crop_plainly, at_least=1)


@pytest.mark.parametrize(("channels", "mode"), [(288, "bilinear"), (9, "nearest")])
def test_pastes(benchmark, device, channels, mode):
    scene = Scene(device)
    shapes = scene.crop()
    features = torch.randn(len(shapes), channels, 64, 64, generator=torch.Generator().manual_seed(0)).to(device)

    def fast():
        owner = pasted_shape_owner(shapes, scene.image_index, scene.geometry, 4)
        return paste_objects(features, owner, scene.geometry, mode=mode)

    def plain():
        masks = [reference.pasted_shape(s, w, (256, 256)) for s, w in zip(shapes, scene.places, strict=True)]
        return reference.paste_objects(features, masks, scene.image_index.tolist(), scene.places, 4, mode)

    compare(benchmark, fast, plain, at_least=0.5)


def test_scores_of_all_pairs(benchmark, device):
    shapes = (torch.rand(200, 64, 64, generator=torch.Generator().manual_seed(0)) > 0.5).float().to(device)

    def plain():
        return torch.stack([geometric_score(a.expand(50, 64, 64), shapes[:50]) for a in shapes])

    compare(benchmark, lambda: geometric_score_matrix(shapes, shapes[:50]), plain, at_least=2)


def test_supports_of_500_objects(benchmark, device):
    shapes = (torch.rand(500, 64, 64, generator=torch.Generator().manual_seed(0)) > 0.5).to(device)
    benchmark.pedantic(
        lambda: choose_supports(shapes, 3, generator=torch.Generator().manual_seed(0)), rounds=2, warmup_rounds=1
    )
