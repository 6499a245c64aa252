"""`ipose evaluate MODEL --protocol robustness`: cards of noisy label maps, and a sheet of one scene."""

from PIL import Image

from ipose.data.data_config import DataConfig
from ipose.evaluation.judges import EvaluateOptions
from ipose.systems.judging import evaluate_run
from ipose.testing.tiny_scenes import write_scenes


def test_robustness_has_three_cards_and_a_sheet(folders, tmp_path):
    write_scenes(tmp_path / "scenes", "val", 3)
    options = EvaluateOptions(protocols=("robustness",), limit=2, seeds=(3,), out=tmp_path / "out")
    judged = evaluate_run(folders["synthesis"], DataConfig(data=str(tmp_path / "scenes")), options)
    assert [card.measure for card in judged.cards] == [
        f"{what} noise of label maps" for what in ("Parts changed outside", "L1 outside", "L1 inside")
    ]
    assert len(judged.table.splitlines()) == 2 + 6
    for card in judged.cards:
        assert (card.counts, card.seeds) == ({"scenes": 2}, (3,))
        assert list(card.breakdown)[-2:] == ["borders moved by up to 4 px", "a class dropped"]
    with Image.open(tmp_path / "out" / "robustness.png") as sheet:
        assert sheet.height > 7 * 100  # a line for the maps as they are and for each noise
