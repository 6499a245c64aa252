"""Training a part segmenter: its sheets."""

import pytest

from ipose.reports.points_sheet import NO_OBJECT
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.systems.part_segmenter import training


@pytest.mark.slow
def test_a_sheet_says_what_its_grey_means(ganseg_model, monkeypatch):
    shown = []
    real = training.contact_sheet
    monkeypatch.setattr(training, "contact_sheet", lambda rows, title: shown.extend(rows) or real(rows, title))
    network = PartSegmenter(ganseg_model.config.parts, "lraspp_mobilenet_v3_large").eval()
    training.segmenter_sheet(network, "step 1", generator=ganseg_model, photographs=[])
    assert shown[-1].legend[-1] == NO_OBJECT
    assert len(shown[-1].legend) == network.parts + 1
