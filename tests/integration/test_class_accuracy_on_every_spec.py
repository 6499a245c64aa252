"""mIoU and pixel accuracy on the published data sets' classes: a segmenter is asked only for what it can say.

A segmenter of these tests reads its channel from the red value of a pixel. Images are painted with the channels of the
true classes, so it is never wrong; pixels of classes without a channel are painted with channel 0.
"""

import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from ipose.data.specs import load_spec
from ipose.errors import ConfigError, DataError
from ipose.evaluation.eval_card import EvalCard, read_cards
from ipose.evaluation.evaluate_images import ImageEvaluation, evaluate_images

pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")

ROWS = 4
"""Pixels of each class in an image: a column of four."""

TRAIN_CLASSES = [item.name for item in load_spec("cityscapes-trainids").classes if item.name != "ignored"]

CHANNELS = {
    "cityscapes": TRAIN_CLASSES,
    "cityscapes-trainids": TRAIN_CLASSES,
    "ade20k": [item.name for item in load_spec("ade20k").classes[1:]],
    "coco-stuff": [item.name for item in load_spec("coco-stuff").classes[1:]],
}
"""What the channels of the papers' segmenters stand for."""


class RedChannel(nn.Module):
    """Logits of each channel: how near its number is to the red value."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("numbers", torch.arange(channels)[None, :, None, None].float())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return -((x[:, :1] + 1) * 127.5 - self.numbers).square()


def segmenter(folder: Path, channels: int) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript has a successor
        torch.jit.save(torch.jit.trace(RedChannel(channels), torch.zeros(1, 3, 8, 8)), folder / "red.pt")
    return folder / "red.pt"


def judged(folder: Path, spec: str, channels: list[str], wrong: dict[str, tuple[int, str]] | None = None, **options):
    """Cards of one image that has a column of each class of the spec.

    `wrong`: for a class, how many of its pixels are painted as another class.
    """
    classes, (labels, images) = load_spec(spec).classes, (folder / "labels", folder / "images")
    label = np.tile(np.array([item.file_id for item in classes], np.uint8), (ROWS, 1))
    red = np.tile(np.array([max(channels.index(c.name), 0) if c.name in channels else 0 for c in classes]), (ROWS, 1))
    for name, (count, other) in (wrong or {}).items():
        red[:count, [item.name for item in classes].index(name)] = channels.index(other)
    for place, values in ((labels, label), (images, np.stack([red] * 3, -1))):
        place.mkdir(exist_ok=True)
        Image.fromarray(values.astype(np.uint8)).save(place / "scene.png")
    job = ImageEvaluation(
        images=images,
        real=images,
        labels=labels,
        spec=spec,
        features=None,
        segmenter=segmenter(folder, len(channels)),
        **options,
    )
    return evaluate_images(job)


def values(cards: list[EvalCard]) -> tuple[float, float]:
    miou, accuracy = cards
    assert miou.metric.startswith("mIoU")
    assert accuracy.metric.startswith("Pixel accuracy")
    return miou.value, accuracy.value


@pytest.mark.parametrize("spec", CHANNELS)
class TestEverySpec:
    """Ids that no channel stands for do not count, and the card names them."""

    def test_a_perfect_segmenter_has_1_and_1(self, spec, tmp_path):
        assert values(judged(tmp_path, spec, CHANNELS[spec])) == (1.0, 1.0)

    def test_one_that_is_wrong_on_one_class_has_what_a_hand_count_says(self, spec, tmp_path):
        """Of the 4 pixels of `car`, 3 are called `person`: IoU of car 1/4, of person 4/7, of the n - 2 others 1."""
        n = len(CHANNELS[spec])
        cards = judged(tmp_path, spec, CHANNELS[spec], {"car": (3, "person")})
        assert values(cards) == pytest.approx(((1 / 4 + 4 / 7 + n - 2) / n, (4 * n - 3) / (4 * n)))
        assert cards[0].breakdown["car"] == pytest.approx(1 / 4)
        assert cards[0].breakdown["person"] == pytest.approx(4 / 7)

    def test_the_card_names_and_counts_what_it_ignored(self, spec, tmp_path):
        card = judged(tmp_path, spec, CHANNELS[spec])[0]
        ignored = [item.name for item in load_spec(spec).classes if item.name not in CHANNELS[spec]]
        assert card.ignored == dict.fromkeys(ignored, ROWS)
        assert card.counts["classes"] == len(CHANNELS[spec])
        assert card.counts["pixels"] == ROWS * len(CHANNELS[spec])
        assert f"ignored {', '.join(f'{name} (4 pixels)' for name in ignored)}" in card.line()

    def test_the_accuracy_of_all_pixels_stands_beside(self, spec, tmp_path):
        """Tables that count ignored pixels as wrong have lower numbers: right pixels over all pixels of the image."""
        cards, every = judged(tmp_path, spec, CHANNELS[spec], {"car": (3, "person")}), load_spec(spec).num_classes
        share = (4 * len(CHANNELS[spec]) - 3) / (4 * every)
        assert cards[1].notes[-1] == f"{share:.6g} with ignored pixels as wrong"

    def test_a_wrong_pixel_of_an_ignored_class_is_not_wrong(self, spec, tmp_path):
        ignored = next(item.name for item in load_spec(spec).classes if item.name not in CHANNELS[spec])
        assert values(judged(tmp_path, spec, CHANNELS[spec], {ignored: (4, "car")})) == (1.0, 1.0)


class TestCityscapes:
    """35 ids, of which the papers' segmenter knows 19."""

    def test_void_and_the_ids_without_a_train_id_do_not_count(self, tmp_path):
        card = judged(tmp_path, "cityscapes", TRAIN_CLASSES)[0]
        assert len(card.breakdown) == 19
        assert {"unlabeled", "ego vehicle", "rectification border", "static", "parking", "license plate"} <= {
            *card.ignored
        }

    def test_a_segmenter_of_all_35_ids_is_asked_for_34(self, tmp_path):
        names = [item.name for item in load_spec("cityscapes").classes]
        cards = judged(tmp_path, "cityscapes", names, {"parking": (4, "road")})
        assert values(cards) == pytest.approx(((32 + 4 / 8 + 0) / 34, 33 / 34))
        assert list(cards[0].ignored) == ["unlabeled"]

    def test_the_user_ignores_more_by_name_or_by_the_id_of_the_files(self, tmp_path):
        names, wrong = [item.name for item in load_spec("cityscapes").classes], {"parking": (4, "road")}
        for ignored in ("parking", "9"):
            cards = judged(tmp_path, "cityscapes", names, wrong, ignore=(ignored,))
            assert values(cards) == (1.0, 1.0)
            assert list(cards[0].ignored) == ["unlabeled", "parking"]

    def test_an_id_that_the_data_do_not_have_cannot_be_ignored(self, tmp_path):
        with pytest.raises(ConfigError, match=r"\[ignore\] no class of 'cityscapes': found '34'"):
            judged(tmp_path, "cityscapes", TRAIN_CLASSES, ignore=("34",))


class TestTheCommand:
    """`ipose evaluate --images ...` has the same options, and its cards say them."""

    def test_names_what_it_ignores_and_the_size_that_the_segmenter_sees(self, ipose, tmp_path):
        judged(tmp_path, "cityscapes", TRAIN_CLASSES)  # leaves images, labels and the segmenter
        for folder in ("images", "labels"):  # a distance needs two
            shutil.copy(tmp_path / folder / "scene.png", tmp_path / folder / "again.png")
        images = ("--images", tmp_path / "images", "--real", tmp_path / "images", "--features", "random")
        maps = ("--labels", tmp_path / "labels", "--spec", "cityscapes", "--segmenter", tmp_path / "red.pt")
        options = ("--class-map", "cityscapes-trainids", "--ignore", "33", "train", "--segmenter-size", "8", "70")
        done = ipose("evaluate", *images, *maps, *options, "--out", tmp_path / "cards")
        assert done.code == 0, done.err
        card = next(card for card in read_cards(tmp_path / "cards") if card.metric.startswith("mIoU"))
        assert card.counts["classes"] == 17
        assert {"bicycle", "train", "unlabeled"} <= set(card.ignored)
        assert "images to 8x70 for the segmenter, bilinear" in card.resize
        assert "channels as cityscapes-trainids;" in done.out
        assert "2 of its classes do not count" in done.out


class TestClassMaps:
    """What the channels stand for is found by their number, or given by name or in a file. The card says it."""

    def test_found_by_the_number_of_channels(self, tmp_path):
        note = judged(tmp_path, "cityscapes", TRAIN_CLASSES)[0].notes[0]
        assert note == "channels as cityscapes-trainids, by their number (19)"

    def test_given_by_the_name_of_a_spec(self, tmp_path):
        cards = judged(tmp_path, "ade20k", CHANNELS["ade20k"], class_map=Path("ade20k"))
        assert values(cards) == (1.0, 1.0)
        assert cards[0].notes[0] == "channels as ade20k"

    def test_given_as_ids_of_the_files(self, tmp_path):
        """COCO-Stuff's file ids are one less than the class ids: channel i is file id i."""
        (tmp_path / "map.json").write_text(str(list(range(182))))
        cards = judged(tmp_path, "coco-stuff", CHANNELS["coco-stuff"], class_map=tmp_path / "map.json")
        assert values(cards) == (1.0, 1.0)
        assert cards[0].notes[0] == "channels as map.json"

    def test_another_number_of_channels_is_refused(self, tmp_path):
        with pytest.raises(ConfigError, match=r"found \(1, 18, 4, 35\), expected logits \(1, c, h, w\), c = 35 or 19"):
            judged(tmp_path, "cityscapes", TRAIN_CLASSES[:18])

    def test_a_name_of_other_data_is_refused(self, tmp_path):
        with pytest.raises(DataError, match="no class of 'cityscapes'"):
            judged(tmp_path, "cityscapes", TRAIN_CLASSES, class_map=Path("ade20k"))
