"""Claims about the plot of eval cards."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from ipose.errors import ConfigError
from ipose.evaluation.eval_card import EvalCard
from ipose.reports.card_comparison import card_plot

CARD = EvalCard(metric="Frechet distance", value=2.0, protocol="images", resize="", counts={})


def height(columns) -> int:
    with Image.open(io.BytesIO(card_plot(columns))) as image:
        image.load()
        assert image.format == "PNG"
        return image.height


class TestCardPlot:
    """card_plot draws every card once, of those that stand beside others."""

    def test_grows_with_names_and_with_metrics(self):
        one = height({"a": [CARD]})
        two_names = height({"a": [CARD], "b": [CARD]})
        two_metrics = height({"a": [CARD, replace(CARD, metric="mIoU")]})
        assert one < two_names < two_metrics

    def test_leaves_out_what_only_one_of_several_has(self):
        alone = replace(CARD, metric="mIoU")
        assert height({"a": [CARD, alone], "b": [CARD]}) == height({"a": [CARD], "b": [CARD]})
        assert height({"a": [CARD], "b": [alone]}) > height({"a": [CARD]})  # nothing is shared: all

    def test_shows_the_values(self):
        assert card_plot({"a": [CARD]}) == card_plot({"a": [CARD]})
        assert card_plot({"a": [CARD]}) != card_plot({"a": [replace(CARD, value=-1.0)]})

    def test_of_nothing_is_an_error(self):
        with pytest.raises(ConfigError, match="no cards"):
            card_plot({})
