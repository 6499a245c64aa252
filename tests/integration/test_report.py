"""The report page: self-contained, every picture inside it, everything escaped."""

import base64
import io
import random
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.errors import ConfigError
from ipose.evaluation.part_evaluation import evaluate_parts
from ipose.label_spec import LabelClass, LabelSpec
from ipose.part_annotations import PartPair, SupportSet
from ipose.reports.blocks import (
    config_table,
    curves_figure,
    environment_facts,
    parts_table,
    scene_figure,
    supports_figure,
)
from ipose.reports.contact_sheet import Tile
from ipose.reports.figures import label_picture
from ipose.reports.page import Code, Figure, ReportContent, Section, Table, render_report, write_report
from ipose.reports.sheets import SceneRow
from ipose.types import Box, Scene, SceneObject

SPEC = LabelSpec(
    "small",
    (
        LabelClass("sky", 0, (150, 190, 230)),
        LabelClass("car", 1, (30, 60, 160), thing=True, part_category="car"),
        LabelClass("cat", 2, (200, 120, 60), thing=True, part_category="cat"),
    ),
)
NAMES = {"car": ("window", "wheel"), "cat": ("head", "tail")}
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """What a browser would find: pictures, links, tables as text, unbalanced tags."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, key, value or "") for key, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        if "style" not in self.open:
            self.text.append(data)

    def values(self, tag: str, key: str) -> list[str]:
        return [value for a, b, value in self.attributes if (a, b) == (tag, key)]

    def pictures(self) -> list[Image.Image]:
        prefix = "data:image/png;base64,"
        assert all(source.startswith(prefix) for source in self.values("img", "src"))
        return [
            Image.open(io.BytesIO(base64.b64decode(source.removeprefix(prefix), validate=True)))
            for source in self.values("img", "src")
        ]


def scene(number: int, class_id: int = 1) -> Scene:
    label, part = torch.zeros(64, 64, dtype=torch.int64), torch.zeros(64, 64, dtype=torch.uint8)
    label[20:40, 10 + number : 40], part[20:40, 10 + number : 40] = class_id, 1
    part[30:40, 10 + number : 40] = 2
    item = SceneObject(class_id, 1, SPEC.classes[class_id].part_category, Box(20, 39, 10 + number, 39))
    return Scene(f"val/{number}", None, label, (label > 0).int(), (item,), part)


def row(number: int, class_id: int = 1) -> SceneRow:
    noise = torch.Generator().manual_seed(number)
    images = {f"seed {seed}": torch.rand(3, 64, 64, generator=noise) * 2 - 1 for seed in (1, 2)}
    here = scene(number, class_id)
    return SceneRow(here, here.part, images)


def supports() -> SupportSet:
    maps = torch.stack([scene(number).part.roll(5, 1) for number in range(3)])
    return SupportSet(NAMES, {"car": maps, "cat": maps})


def evaluation():
    pairs = [
        PartPair(name, item.part > 0, item.part)
        for name, item in [("car", scene(0)), ("car", scene(9)), ("cat", scene(4))]
    ]
    return evaluate_parts(
        lambda shapes, categories: (shapes[:, 0] > 0).long(), pairs, supports(), pairs[:1], novel=["cat"]
    )


def content() -> ReportContent:
    draw = random.Random(0)
    metrics = [{"step": s, "losses": {"generator": {"fool": draw.random()}}} for s in range(60)]
    return ReportContent(
        title="A run <b>with</b> odd & ends",
        lead="What this is.",
        sections=[
            Section(
                "How it was made",
                "One paragraph.\n\nAnother one with <script>alert(1)</script>.",
                [
                    Code('ipose demo --out "x" && echo <done>', "Command"),
                    config_table({"channels": 16, "betas": (0.0, 0.999)}, {"channels": 64, "betas": [0, 0.999]}),
                ],
            ),
            Section("Results", blocks=[parts_table(evaluation())]),
            Section("Scenes", blocks=[scene_figure(row(i), SPEC, NAMES) for i in range(8)]),
            Section("Novel", blocks=[supports_figure(supports(), "cat"), scene_figure(row(8, 2), SPEC, NAMES)]),
            Section("Curves", blocks=[curves_figure(metrics)]),
        ],
        facts=environment_facts("ipose demo", datetime(2026, 11, 5, 12, 30, tzinfo=UTC)),
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Page:
    path = write_report(tmp_path_factory.mktemp("report") / "report.html", content())
    return Page(path.read_text(encoding="utf-8"))


class TestWriteReport:
    """write_report makes one file that needs nothing else."""

    def test_every_picture_is_inside_and_decodes(self, page):
        pictures = page.pictures()
        assert len(pictures) == 9 * 6 + 3 + 1  # scenes without a photograph, three supports, one sheet of curves
        for picture in pictures:
            picture.load()

    def test_pictures_are_lossless(self, page):
        assert np.array_equal(np.asarray(page.pictures()[0]), np.asarray(label_picture(scene(0).label, SPEC)))

    def test_nothing_refers_outside(self, page):
        references = [
            value for _, key, value in page.attributes if key in ("src", "href", "srcset", "action", "poster")
        ]
        assert references
        assert all(value.startswith(("data:image/png;base64,", "#")) for value in references)

    def test_there_is_no_script_and_no_style_from_elsewhere(self, page):
        assert not {"script", "iframe", "object", "embed", "link", "base"} & set(page.tags)
        assert not [key for _, key, _ in page.attributes if key.startswith("on")]
        css = render_report(content()).split("<style>")[1].split("</style>")[0]
        assert "url(" not in css
        assert "@import" not in css

    def test_small_maps_stay_pixel_sharp_and_curves_are_smooth(self, page):
        assert page.values("img", "class") == ["sharp"] * (len(page.pictures()) - 1)

    def test_text_is_escaped(self, page):
        text = "".join(page.text)
        assert "A run <b>with</b> odd & ends" in text
        assert "<script>alert(1)</script>" in text
        assert 'ipose demo --out "x" && echo <done>' in text

    def test_it_is_made_for_phones_and_for_the_dark(self, page):
        assert ("meta", "name", "viewport") in page.attributes
        assert "width=device-width, initial-scale=1" in page.values("meta", "content")
        assert "prefers-color-scheme: dark" in render_report(content())

    def test_every_picture_has_a_text_for_those_who_cannot_see_it(self, page):
        assert len(page.values("img", "alt")) == len(page.values("img", "src"))
        assert page.values("img", "alt")[0] == "val/0: label map"

    def test_links_of_the_contents_lead_to_sections(self, page):
        assert page.values("a", "href") == [f"#{name}" for name in page.values("section", "id")]

    def test_the_results_table_has_categories_and_both_means(self, page):
        (start,) = [i for i, cells in enumerate(page.rows) if cells[:1] == ["category"]]
        assert [cells[0] for cells in page.rows[start + 1 : start + 5]] == [
            "car",
            "cat (novel)",
            "mean of basis",
            "mean of novel",
        ]
        assert page.rows[start + 1][2] == "50.00"  # part 1 everywhere: half of the object

    def test_a_setting_that_leaves_the_paper_shows_the_papers_value(self, page):
        assert ["channels", "16", "yes, paper: 64"] in page.rows
        assert ["betas", "0, 0.999", ""] in page.rows

    def test_part_names_stand_beside_their_colours(self, page):
        text = "".join(page.text)
        assert "parts of car" in text
        assert "wheel" in text
        assert "background: #e69f00" in page.values("span", "style")

    def test_the_foot_says_when_and_with_what(self, page):
        text = "".join(page.text)
        assert "2026-11-05 12:30 UTC" in text
        assert torch.__version__ in text

    def test_an_older_report_is_replaced_and_nothing_is_left_beside(self, tmp_path):
        path = tmp_path / "report.html"
        path.write_text("old")
        write_report(path, ReportContent("new", "", []))
        assert "new" in path.read_text()
        assert list(tmp_path.iterdir()) == [path]

    def test_a_missing_folder_says_so(self, tmp_path):
        with pytest.raises(ConfigError, match="no folder to write the report into"):
            write_report(Path(tmp_path) / "nowhere" / "report.html", content())

    def test_a_row_that_does_not_fit_its_header_is_refused(self):
        with pytest.raises(ConfigError, match="found 1, expected 2"):
            Table(("a", "b"), [("only one",)])

    def test_columns_of_numbers_are_told_from_columns_of_text(self):
        table = Table(("name", "n", "%", "mixed"), [("a", 3, "93.1", "5"), ("b", "-2.73e-06", "-", "five")])
        assert table.numeric == [False, True, True, False]

    def test_an_empty_place_is_left_out(self):
        figure = Figure([Tile(None, "missing")], "nothing")
        assert not Page(render_report(ReportContent("t", "", [Section("s", blocks=[figure])]))).pictures()
