"""Claims about segmenters that come as files."""

import json
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from ipose.errors import ConfigError, DataError
from ipose.evaluation.segmenters import Segmenter, read_class_map
from ipose.testing.tiny_scenes import SPEC


class Reds(nn.Module):
    """Channel 0 where red is low, channel 1 where it is high, at half the image's size."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        red = nn.functional.avg_pool2d(x[:, :1], 2)
        return torch.cat([-red, red], dim=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript has a successor
        torch.jit.save(torch.jit.trace(Reds(), torch.zeros(1, 3, 8, 8)), tmp_path / "reds.pt")
    return tmp_path / "reds.pt"


class TestSegmenter:
    """A segmenter answers with class ids of the spec, at the size of the image."""

    def test_channels_become_their_classes(self, file):
        image = torch.zeros(3, 8, 8, dtype=torch.uint8)
        image[0, :, 4:] = 255
        found = Segmenter(file, [4, 2])(image)
        assert found[:, :3].eq(4).all()
        assert found[:, 5:].eq(2).all()

    def test_another_number_of_channels_asks_for_a_class_map(self, file):
        with pytest.raises(ConfigError, match="--class-map"):
            Segmenter(file, [0, 1, 2])(torch.zeros(3, 8, 8, dtype=torch.uint8))


class TestReadClassMap:
    """A class map names the class of each channel."""

    def test_names_become_class_ids(self, tmp_path):
        (tmp_path / "map.json").write_text(json.dumps(["sky", "box", "sky"]))
        assert read_class_map(tmp_path / "map.json", SPEC) == [1, 4, 1]

    def test_without_one_the_channels_are_the_classes(self):
        assert read_class_map(None, SPEC) == [0, 1, 2, 3, 4]

    @pytest.mark.parametrize(
        ("text", "words"), [("{", "no class map"), ("[]", "no class map"), ('["skies"]', "'skies'")]
    )
    def test_refuses_others(self, text, words, tmp_path):
        (tmp_path / "map.json").write_text(text)
        with pytest.raises(DataError, match=words):
            read_class_map(tmp_path / "map.json", SPEC)

    def test_names_a_missing_file(self, tmp_path):
        with pytest.raises(DataError, match=r"nowhere\.json"):
            read_class_map(tmp_path / "nowhere.json", SPEC)
