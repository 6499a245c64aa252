"""Numbered images of a model of noise: made batch by batch, kept, and compared as a set."""

import pytest
import torch

from ipose.errors import DataError
from ipose.evaluation.image_sets import ImageFile
from ipose.evaluation.judges import EvaluateOptions
from ipose.systems.noise_judging import judge_numbered, make_numbered


class Greys:
    """Image n of seed s is grey, n + s steps from black."""

    size = (8, 8)

    def __init__(self):
        self.asked = []

    def numbered(self, seed, numbers):
        self.asked.append(list(numbers))
        return torch.stack([torch.full((3, 8, 8), -1 + (number + seed) / 50) for number in numbers])


PAIRS = EvaluateOptions(seeds=(1,), batch_size=2)


def test_images_are_made_in_batches_and_only_those_that_are_missing(tmp_path):
    model = Greys()
    files = make_numbered(model, "a", tmp_path, 5, PAIRS)
    assert model.asked == [[0, 1], [2, 3], [4]]
    assert [(file.scene, file.seed) for file in files] == [(str(i), 1) for i in range(5)]
    files[3].path.unlink()
    make_numbered(model, "a", tmp_path, 6, PAIRS)
    assert model.asked[3:] == [[3, 5]]
    make_numbered(model, "b", tmp_path, 2, PAIRS)  # another model
    assert model.asked[4:] == [[0, 1]]


def test_a_single_photograph_is_refused_before_an_image_is_made(tmp_path):
    model, photo = Greys(), ImageFile("a", None, tmp_path / "a.png")
    with pytest.raises(DataError, match="too few photographs to judge by: found 1, expected 2 or more"):
        judge_numbered(model, "a", [photo], PAIRS, tmp_path / "made", {}, count=5)
    assert model.asked == []


def test_a_set_is_at_distance_0_of_itself_and_not_of_another(tmp_path):
    first = EvaluateOptions(seeds=(0,))
    made = make_numbered(Greys(), "a", tmp_path / "real", 5, first)
    same = [ImageFile(file.scene, None, file.path) for file in made]
    options = EvaluateOptions(features="random", protocols=("images", "images-256"), seeds=(0,))
    cards, page = judge_numbered(Greys(), "a", same, options, tmp_path / "made", {}, count=5)
    assert [card.protocol for card in cards] == ["images", "images", "images-256", "images-256"]
    assert len(page.blocks[0].tiles) == 5
    assert cards[0].value == pytest.approx(0, abs=1e-6)
    far = EvaluateOptions(features="random", protocols=("images",), seeds=(40,))
    ((card, _), _) = judge_numbered(Greys(), "a", same, far, tmp_path / "far", {}, count=7)
    assert card.value > 1e-3
    assert card.counts == {"images": 7, "real": 5}
    assert card.seeds == (40,)
