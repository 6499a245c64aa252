"""Part maps beside true ones, counted by hand."""

import pytest
import torch

from ipose.data.png import write_index
from ipose.errors import DataError
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter
from ipose.systems.part_segmenter.part_maps import check_truth, tally_of_files

NAMES = ("part 1", "part 2")


def half(side, part):
    """4 x 4 pixels, of which the left or right half is a part."""
    part_map = torch.zeros(4, 4, dtype=torch.uint8)
    part_map[:, slice(0, 2) if side == "left" else slice(2, 4)] = part
    return part_map


@pytest.fixture
def judged(tmp_path):
    """Found: the whole left half is part 1. True: its upper half is label 2, all else background."""
    true = half("left", 2)
    true[2:] = 0
    (tmp_path / "truth").mkdir()
    write_index(tmp_path / "x_part.png", half("left", 1))
    write_index(tmp_path / "truth" / "x.png", true)
    segmenter = TrainedSegmenter(PartSegmenter(2, "lraspp_mobilenet_v3_large"), 32, NAMES)
    tally = tally_of_files(segmenter, [tmp_path / "x_part.png"], tmp_path / "truth")
    facts = {"protocol": "photographs", "resize": "none"}
    return tally.cards(NAMES, facts, ("arm", "leg"), match=True)


def test_foreground_is_judged_beside_everything(judged):
    assert (judged[0].counts, judged[0].value) == ({"photographs": 1}, pytest.approx(1 / 2))


def test_the_card_names_the_baseline_and_what_parts_stand_for(judged):
    foreground, parts = judged
    assert foreground.baselines == {"everything foreground": pytest.approx(1 / 4)}
    assert "part 1 stands for leg (IoU 0.500)" in parts.notes


def test_a_photograph_without_a_true_map_is_told(tmp_path):
    with pytest.raises(DataError, match=r"no true map for a photograph: expected x\.png or x_part\.png"):
        check_truth(["x"], tmp_path)
