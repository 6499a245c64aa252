"""The page beside the cards of a model folder alone."""

import torch

from ipose.data.png import write_photo
from ipose.evaluation.eval_card import EvalCard, write_card
from ipose.evaluation.image_sets import ImageFile
from ipose.reports.page import Section
from ipose.systems.judged_page import SHOWN, images_section, write_judged_page


def test_it_shows_the_cards_of_its_folder_what_is_missing_and_the_images(tmp_path):
    card = EvalCard(metric="Straightness", value=0.5, protocol="by eye", resize="none", counts={"lines": 1})
    write_card(card, tmp_path / "a.json")
    (tmp_path / "earlier").mkdir()
    write_card(EvalCard(**{**vars(card), "metric": "Of earlier weights"}), tmp_path / "earlier" / "a.json")
    model = tmp_path / "models" / "line"
    path = write_judged_page(tmp_path, "Line", model, "my data", ["No curvature."], [Section("Some images")])
    page = path.read_text()
    for words in ("Line: line", "my data", "Straightness", "0.5", "No curvature.", "Some images"):
        assert words in page
    assert "Of earlier weights" not in page


def test_images_are_taken_from_all_over(tmp_path):
    files = [ImageFile(f"{i}", 0, tmp_path / f"{i}.png") for i in range(3 * SHOWN)]
    for file in files:
        write_photo(file.path, torch.zeros(3, 4, 4, dtype=torch.uint8))
    section = images_section(files)
    assert [tile.caption for tile in section.blocks[0].tiles] == [f"{i}" for i in range(0, 3 * SHOWN, 3)]
