"""A segmenter comes back from its model folder, and as TorchScript that needs no code of ours."""

import json

import pytest
import torch

from ipose.errors import RunError
from ipose.evaluation.feature_networks import load_network_file
from ipose.segmentation.saved import (
    CLASS_MAP,
    PART_MAP,
    SCRIPT,
    WEIGHTS,
    load_semantic_segmenter,
    save_semantic_segmenter,
)
from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import SegmenterConfig


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(0)
    return SemanticSegmenter(SegmenterConfig(height=32, width=32), 3).eval()


@pytest.fixture(scope="module")
def folder(segmenter, tmp_path_factory):
    save_semantic_segmenter(folder := tmp_path_factory.mktemp("segmenter") / "model", segmenter, ["sky", "car", "dog"])
    return folder


@pytest.fixture(scope="module")
def image():
    return torch.rand(2, 3, 32, 48) * 2 - 1


def test_it_answers_as_before(segmenter, folder, image):
    loaded = load_semantic_segmenter(folder.parent)
    assert torch.equal(loaded(image), segmenter(image))
    assert not loaded.training


def test_its_script_answers_images_of_any_size_and_number(segmenter, folder, image):
    script = load_network_file(folder / SCRIPT)
    for given in (image, image[:1, :, :24]):
        torch.testing.assert_close(script(given), segmenter(given), atol=1e-4, rtol=1e-4)


def test_the_class_of_each_channel_is_written_down(folder):
    assert json.loads((folder / CLASS_MAP).read_text()) == ["sky", "car", "dog"]


def test_one_that_tells_parts_apart_has_the_part_of_each_channel(segmenter, tmp_path):
    save_semantic_segmenter(tmp_path / "model", segmenter, ["sky", "car", "car"], (0, 0, 1))
    assert json.loads((tmp_path / "model" / PART_MAP).read_text()) == [0, 0, 1]


def test_it_is_replaced_whole(segmenter, folder):
    save_semantic_segmenter(folder, segmenter, ["a", "b", "c"])
    assert {path.name for path in folder.iterdir()} == {"config.json", CLASS_MAP, SCRIPT, WEIGHTS}
    assert json.loads((folder / CLASS_MAP).read_text()) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"format": "ipose"}, "another system: found ipose, expected ipose-segmenter. Name a run of ipose train segm"),
        ({"format": "ipose-segmenter"}, r"the segmenter cannot be read \('segmenter_config'\)\. Copy the model folder"),
        (
            {"format": "ipose-segmenter", "segmenter_config": {"wings": 2}, "num_classes": 3},
            r"the segmenter cannot be read \(.*wings",
        ),
    ],
)
def test_what_is_none_is_refused(tmp_path, config, said):
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(RunError, match=said):
        load_semantic_segmenter(tmp_path)
