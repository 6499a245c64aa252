"""A part segmenter comes back from its model folder; what is none is refused in a sentence."""

import pytest
import torch

from ipose.data.data_config import CropRule
from ipose.errors import RunError
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.saved_part_segmenter import load_part_segmenter, save_part_segmenter, stored_part_names


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(0)
    return PartSegmenter(3, "lraspp_mobilenet_v3_large", enlarge=2).eval()


def test_comes_back_from_its_model_folder(segmenter, tmp_path):
    save_part_segmenter(tmp_path / "model", segmenter, 32)
    found = load_part_segmenter(tmp_path)
    assert found.crops is None
    assert found.part_names == ("part 1", "part 2", "part 3")
    assert found.image_size == 32
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(found.network(image), segmenter(image))


def test_knows_how_objects_are_cut_out_for_it(segmenter, tmp_path):
    save_part_segmenter(tmp_path, segmenter, 32, crops=CropRule(margin=0.3, ground="grey"))
    assert load_part_segmenter(tmp_path).crops == CropRule(margin=0.3, ground="grey")


def test_what_is_none_is_refused(tmp_path):
    with pytest.raises(RunError, match=r"no part segmenter here.*train part-segmenter --pairs"):
        load_part_segmenter(tmp_path)
    (tmp_path / "config.json").write_text('{"format": "ipose-ganseg"}')
    with pytest.raises(RunError, match=r"another system: found ipose-ganseg"):
        load_part_segmenter(tmp_path)
    (tmp_path / "config.json").write_text("[]")
    for read in (load_part_segmenter, stored_part_names):
        with pytest.raises(RunError, match=r"cannot be read.*Copy the"):
            read(tmp_path)


def test_names_of_parts_are_known_without_the_weights(segmenter, tmp_path):
    save_part_segmenter(tmp_path, segmenter, 32, ["head", "body", "arm"])
    (tmp_path / "segmenter.safetensors").unlink()
    assert stored_part_names(tmp_path) == ("head", "body", "arm")
