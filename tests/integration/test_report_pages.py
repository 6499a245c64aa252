"""Reports of real runs, remade by command and opened in a real browser."""

import importlib.util
import json
import re
import shutil
from pathlib import Path

import pytest

from ipose.ablations.outcome import FORMAT
from ipose.ablations.page import write_page
from ipose.evaluation.eval_card import EvalCard, write_card

_spec = importlib.util.spec_from_file_location("browser", Path(__file__).with_name("browser.py"))
assert _spec is not None
assert _spec.loader is not None
browser = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(browser)

PHONE, DESKTOP = 390, 1280


@pytest.fixture(scope="module")
def runs(tiny, ipose, tmp_path_factory) -> dict[str, Path]:
    """Copies of both tiny runs, with an eval card in each and a table beside them, reports remade."""
    root = tmp_path_factory.mktemp("runs")
    (root / "table-8.md").write_text("# Table 8\n\n| blocks | AC |\n|---|---|\n| 1 | 85.0 |\n")
    card = EvalCard(metric="mIoU", value=0.25, protocol="segmentation", resize="none", counts={"images": 2})
    folders = {}
    for name, source in (("partnet", tiny.partnet), ("synthesis", tiny.synthesis)):
        folders[name] = shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("report.html", "cards"))
        (folders[name] / "cards").mkdir()
        write_card(card, folders[name] / "cards" / "miou.json")
        done = ipose("report", folders[name])
        assert done.code == 0, done.err
        assert done.out.strip() == str(folders[name] / "report.html")
    return folders


def page(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def headings(text: str) -> list[str]:
    return re.findall(r"<h2>(.*?)</h2>", text)


class TestRemake:
    """`ipose report RUN` looks again, at the run and at what came to lie beside it."""

    def test_a_partnet_run_shows_what_it_read_and_mistook(self, runs):
        assert headings(page(runs["partnet"])) == [
            "Parts from shapes",
            "Novel categories",
            "What PartNet reads",
            "Which part is mistaken for which",
            "Worst and best objects",
            "Eval cards",
            "Ablations",
            "Training",
            "PartNet&#39;s settings",
        ]

    def test_a_synthesis_run_ranks_its_scenes_by_its_own_discriminator(self, runs):
        text = page(runs["synthesis"])
        assert headings(text)[:4] == ["Validation scenes", "Worst and best scenes", "Eval cards", "Ablations"]
        assert re.search(r"Worst: \d+% recognised", text)

    def test_cards_and_tables_are_shown(self, runs):
        for folder in runs.values():
            text = page(folder)
            assert "<td>mIoU</td><td class=number>0.25</td><td class=number>-</td><td>segmentation</td>" in text
            assert "<h3>Table 8</h3>" in text

    def test_without_a_checkpoint_scenes_are_ranked_by_their_photographs(self, runs, ipose, tmp_path):
        ignore = shutil.ignore_patterns("checkpoints", "cards")
        folder = shutil.copytree(runs["synthesis"], tmp_path / "bare", ignore=ignore)
        assert ipose("report", folder).code == 0
        assert headings(page(folder))[:2] == ["Validation scenes", "Least changed and most changed scenes"]
        assert "Eval cards" not in page(folder)

    def test_without_its_data_a_run_still_has_a_report_that_says_so(self, runs, ipose, tmp_path):
        for name in ("partnet", "synthesis"):
            folder = shutil.copytree(runs[name], tmp_path / name)
            info = json.loads((folder / "run.json").read_text())
            info["config"]["data"]["data"] = str(tmp_path / "gone")
            (folder / "run.json").write_text(json.dumps(info))
            done = ipose("report", folder)
            assert done.code == 0, done.err
            assert headings(page(folder))[0] == "The validation data are not here"
            assert {"Eval cards", "Training"} <= set(headings(page(folder)))

    def test_settings_that_came_later_take_their_defaults(self, runs, ipose, tmp_path):
        folder = shutil.copytree(runs["partnet"], tmp_path / "old")
        info = json.loads((folder / "run.json").read_text())
        del info["config"]["partnet"]["normalization"], info["config"]["data"]["world_seed"], info["train"]["compile"]
        (folder / "run.json").write_text(json.dumps(info))
        assert ipose("report", folder).code == 0

    def test_what_is_no_run_is_refused_in_a_sentence(self, ipose, tmp_path):
        done = ipose("report", tmp_path / "nowhere")
        assert done.code == 2
        assert "no run here" in done.err

    def test_a_run_without_a_model_says_what_to_do(self, runs, ipose, tmp_path):
        folder = shutil.copytree(runs["partnet"], tmp_path / "early", ignore=shutil.ignore_patterns("model"))
        done = ipose("report", folder)
        assert done.code == 2
        assert "a run that has saved no model yet" in done.err

    def test_another_kind_of_run_is_refused(self, runs, ipose, tmp_path):
        folder = shutil.copytree(runs["partnet"], tmp_path / "strange")
        info = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(json.dumps({**info, "kind": "diffusion"}))
        done = ipose("report", folder)
        assert done.code == 2
        assert "found diffusion, expected partnet, synthesis" in done.err


class TestBrowser:
    """A browser shows every picture, says nothing in its console, and never scrolls sideways."""

    @pytest.mark.parametrize("name", ["partnet", "synthesis"])
    @pytest.mark.parametrize("width", [PHONE, DESKTOP], ids=["phone", "desktop"])
    def test_opens_the_page(self, runs, name, width, tmp_path):
        text = page(runs[name])
        seen = browser.look(text, width, tmp_path)
        assert seen.images == text.count("<img ") > 10
        assert seen.broken == 0
        assert seen.console == []
        assert seen.closed <= width
        assert seen.opened <= width, seen.wide
        assert seen.wide == []
        assert seen.folded > 0
        assert seen.invisible == 0

    def test_a_wide_table_of_ablations_is_seen_whole_on_a_desktop_and_keeps_its_row_names_on_a_phone(self, tmp_path):
        distances = [f"{name} distance (features segmenter@5da0b60752e7) ↓" for name in ("Frechet", "Object kernel")]
        header = ["", "seeds", *2 * distances, "mIoU ↑", "Pixel accuracy ↑", "Part mIoU ↑", "Diversity between seeds ↑"]
        header += [f"published {name}" for name in ("FID", "object FID", "mIoU", "AC")] + ["verdict"]
        row = ["position descriptor (SAFM) (position-descriptor)", "2", *4 * ["12.07 ± 0.0935"], *3 * ["81.43 ± 0.05"]]
        row += ["0.007456 ± 0.0003744", *4 * ["47.7"], "better in 4, worse in 1 of 8"]
        written = {"title": "Table parts", "header": header, "rows": 3 * [row], "sentences": []}
        table = {"format": FORMAT, "written": written, "settings": {}, "rows": [], "pictures": {}}
        (tmp_path / "table-parts.json").write_text(json.dumps({**table, "facts": [["date", "today"]]}))
        text = write_page(tmp_path).read_text(encoding="utf-8")
        desktop, phone = (browser.look(text, width, tmp_path) for width in (DESKTOP, PHONE))
        assert desktop.scrolling == 0
        assert (phone.scrolling, phone.moved) == (1, 0)
        assert phone.opened <= PHONE

    def test_the_browser_would_see_a_fault(self, tmp_path):
        bad = (
            '<!DOCTYPE html><body><div style="width: 600px">wide</div><img src="data:image/png;base64,AAAA">'
            '<div class="scroll" style="overflow: auto; width: 9px"><table><td>wide table</table></div>'
            '<details><img src="data:,x" width="9"></details><script>console.error("boom")</script></body>'
        )
        seen = browser.look(bad, PHONE, tmp_path)
        assert (seen.images, seen.broken, seen.hidden, seen.folded, seen.invisible) == (2, 2, 1, 1, 0)
        assert (seen.scrolling, seen.moved) == (1, 1)
        assert seen.closed >= 600
        assert seen.wide == ["DIV."]
        assert len(seen.console) == 1


class TestAttentionOfParts:
    """`ipose parts --attention` draws a sheet for each input."""

    def test_of_a_label_map_and_only_when_asked(self, tiny, ipose, scene_folder, tmp_path):
        name = sorted((scene_folder / "val_label").iterdir())[0]
        words = ["parts", name, "--instances", scene_folder / "val_inst", "--model", tiny.synthesis]
        assert ipose(*words, "--out", tmp_path / "plain").code == 0
        done = ipose(*words, "--out", tmp_path / "lit", "--attention")
        assert done.code == 0, done.err
        plain, lit = ({path.name for path in (tmp_path / out).iterdir()} for out in ("plain", "lit"))
        assert lit - plain == {f"{name.stem}_attention.png"}

    def test_of_the_pipeline(self, tiny, scene_folder):
        import torch

        from ipose import IPose
        from ipose.data.scene_folder import SceneFolder
        from ipose.data.specs import load_spec
        from ipose.errors import ConfigError

        model = IPose.from_pretrained(tiny.synthesis)
        scene = SceneFolder(scene_folder, "val", load_spec(scene_folder / "dataset.toml"))[0]
        attention = model.attention(scene, 0)
        assert torch.allclose(attention.read_by(30, 30).sum(), torch.ones(()))
        assert torch.equal(attention.supports, model.supports.part_maps[str(scene.objects[0].part_category)])
        with pytest.raises(ConfigError, match="no object with parts has this number"):
            model.attention(scene, 99)
