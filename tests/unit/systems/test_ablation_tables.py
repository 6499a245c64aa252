"""The tables of all systems are the papers': what a row changes, and the numbers beside it."""

import subprocess
import sys
from dataclasses import replace

import pytest

from ipose.ablations.table import AblationTable, Metric, Row
from ipose.errors import ConfigError
from ipose.partnet.presets import PartNetConfig, preset
from ipose.systems import ablation_tables as collected
from ipose.systems.ablation_tables import ablation_tables, listing, table_named
from ipose.systems.ipose.record import IPoseAblateOptions
from ipose.systems.ipose.tables import OWN_BLOCK
from ipose.systems.registry import systems

PUBLISHED_PARTS = {
    ("4", "k-1"): (94.30, 81.41),
    ("4", "k-2"): (94.37, 84.48),
    ("4", "k-3"): (94.38, 85.00),
    ("4", "k-4"): (94.37, 85.16),
    ("7", "single-scale"): (94.05, 83.21),
    ("7", "base"): (94.38, 85.00),
    ("8", "blocks-1"): (94.10, 82.28),
    ("8", "blocks-2"): (94.25, 83.76),
    ("8", "base"): (94.38, 85.00),
    ("8", "blocks-4"): (94.34, 83.41),
}
"""Basis and novel AC, iPOSE suppl. tables 4, 7, 8."""

PUBLISHED_FID_ON_COCO = {("4", "k-1"): 15.76, ("4", "k-2"): 15.73, ("4", "k-3"): 15.72, ("4", "k-4"): 15.72}
"""Of images made with so many supports, iPOSE suppl. table 4."""

NONE = None
PUBLISHED_IMAGES = {
    ("3", "oasis"): (47.7, 66.9, 81.5, 44.1),
    ("3", "global"): (43.6, 66.7, 81.9, 39.2),
    ("3", "global-style"): (42.8, 70.5, 82.1, 37.5),
    ("3", "global-style-parts"): (41.3, 70.6, 82.2, 30.4),
    ("3", "global-style-parts-spade"): (42.9, 69.9, 81.9, 31.2),
    ("3", "global-style-parts-concat"): (42.7, 70.6, 82.0, 31.5),
    ("3", "parts"): (44.2, 69.0, 81.8, 36.8),
    ("3", "style"): (45.2, 69.1, 81.2, 38.9),
    ("3", "style-parts"): (43.1, 70.6, 82.0, 35.5),
    ("9", "clip"): (41.3, 70.6, 82.2, NONE),
    ("9", "vgg"): (41.6, 68.6, 81.7, NONE),
    ("11", "predicted-parts"): (41.3, 70.6, 82.2, NONE),
    ("11", "position-descriptor"): (43.1, 70.3, 82.0, NONE),
    ("12", "predicted-parts"): (41.3, 70.6, 82.2, NONE),
    ("12", "true-parts"): (40.8, 70.9, 82.3, NONE),
    ("parts", "oasis"): (47.7, 66.9, 81.5, 44.1),
    ("parts", "global"): (43.6, 66.7, 81.9, 39.2),
    ("parts", "psm"): (41.3, 70.6, 82.2, 30.4),
    ("parts", "spade"): (42.9, 69.9, 81.9, 31.2),
    ("parts", "concat"): (42.7, 70.6, 82.0, 31.5),
    ("parts", "true-parts"): (40.8, 70.9, 82.3, NONE),
    ("parts", "position-descriptor"): (43.1, 70.3, 82.0, NONE),
}
"""FID, mIoU, AC, object FID on Cityscapes, iPOSE tables 3, 9, 10, 11, 12."""

PUBLISHED_CODES = {
    ("groupdnet-1", "mulnet"): (12.07, 0.0244, 0.0019, 0.202),
    ("groupdnet-1", "groupnet"): (12.58, 0.0276, 0.0017, 0.203),
    ("groupdnet-1", "groupenc"): (10.83, 0.0232, 0.0065, 0.217),
    ("groupdnet-1", "groupdec"): (9.84, 0.0003, 0.0257, 0.206),
    ("groupdnet-1", "vspade"): (10.02, 0.0304, 0.1843, 0.207),
    ("groupdnet-1", "groupdnet"): (9.50, 0.0264, 0.0033, 0.228),
    ("groupdnet-3", "without-map"): (11.01, 0.0253, 0.0036, 0.217),
    ("groupdnet-3", "without-split"): (10.76, 0.0054, 0.0189, 0.216),
    ("groupdnet-3", "group-norm"): (10.33, 0.0256, 0.0040, 0.225),
    ("groupdnet-3", "without-sync-bn"): (9.76, 0.0251, 0.0037, 0.216),
    ("groupdnet-3", "without-spec-norm"): (10.42, 0.0290, 0.0153, 0.231),
    ("groupdnet-3", "groupdnet"): (9.50, 0.0264, 0.0033, 0.228),
}
"""FID, mCSD, mOCD, LPIPS on DeepFashion, GroupDNet tables 1 and 3."""


MAIN = (6.18, 0.629, 0.739, 417.17, 0.8538)
PUBLISHED_FOUND_PARTS = {
    ("ganseg-5", "fixed-celeba"): (26.32, NONE, NONE, NONE, NONE),
    ("ganseg-5", "fixed-cub"): (NONE, 0.467, NONE, NONE, NONE),
    ("ganseg-5", "fixed-flowers"): (NONE, NONE, 0.697, NONE, NONE),
    ("ganseg-5", "fixed-taichi"): (NONE, NONE, NONE, 657.61, 0.7452),
    ("ganseg-5", "spread"): MAIN,
    ("ganseg-6", "points-3"): (6.08, 0.644, 0.696, 594.73, 0.5863),
    ("ganseg-6", "points-4"): MAIN,
    ("ganseg-6", "points-6"): (8.84, 0.682, 0.715, 434.47, 0.8336),
    ("ganseg-6", "points-8"): (13.02, 0.641, 0.744, 467.69, 0.7792),
    ("ganseg-7", "parts-1"): (56.23, 0.631, 0.570, 748.30, 0.7895),
    ("ganseg-7", "parts-4"): (12.26, 0.607, 0.767, 652.87, 0.8176),
    ("ganseg-7", "parts-8"): (6.18, 0.629, 0.739, 420.95, 0.8481),
    ("ganseg-7", "parts-12"): (6.17, 0.663, 0.708, 450.51, 0.7939),
    ("ganseg-7", "parts-16"): (6.71, 0.692, 0.712, 441.04, 0.7475),
    ("ganseg-7", "parts-32"): (7.00, 0.380, 0.530, 1605.84, 0.1758),
    **dict.fromkeys([("ganseg-figure-9", name) for name in ("no-points", "no-background", "whole")], (NONE,) * 5),
    **dict.fromkeys([("ganseg-f1", name) for name in ("auto-encoder", "gan")], (NONE,) * 5),
}
"""Landmark error on CelebA in the wild, IoU on CUB and Flowers, error and IoU on Taichi, GANSeg tables 5, 6 and 7."""


TABLES = {name: table for name, (_, table) in ablation_tables().items()}


def row_of(table: str, name: str):
    return next(row for row in TABLES[table].rows if row.name == name)


def all_rows():
    return [(table.name, row.name) for table in TABLES.values() for row in table.rows]


class TestPublishedNumbers:
    """What stands beside our numbers is what the paper printed."""

    def test_every_row_of_every_table_is_checked_here(self):
        assert sorted(all_rows()) == sorted(
            [*PUBLISHED_PARTS, *PUBLISHED_IMAGES, *PUBLISHED_CODES, *PUBLISHED_FOUND_PARTS]
        )

    @pytest.mark.parametrize("place", PUBLISHED_PARTS, ids="-".join)
    def test_of_partnet(self, place):
        published = row_of(*place).published
        assert (published["ac_pooled_basis"], published["ac_pooled_novel"]) == PUBLISHED_PARTS[place]
        assert published.get("coco_fid") == PUBLISHED_FID_ON_COCO.get(place)
        assert len(published) == 2 + (place in PUBLISHED_FID_ON_COCO)

    @pytest.mark.parametrize("place", PUBLISHED_IMAGES, ids="-".join)
    def test_of_images(self, place):
        keys = ("frechet", "miou", "accuracy", "object_frechet")
        expected = {key: value for key, value in zip(keys, PUBLISHED_IMAGES[place], strict=True) if value is not None}
        assert dict(row_of(*place).published) == expected

    @pytest.mark.parametrize("place", PUBLISHED_CODES, ids="-".join)
    def test_of_codes(self, place):
        """Table 2 has mIoU and accuracy of GroupDNet alone, judged by the CIHP parser."""
        keys = ("frechet", "mcsd", "mocd", "diversity")
        judged = {"miou": 87.3, "accuracy": 98.9} if place[1] == "groupdnet" else {}
        assert dict(row_of(*place).published) == dict(zip(keys, PUBLISHED_CODES[place], strict=True)) | judged

    @pytest.mark.parametrize("place", PUBLISHED_FOUND_PARTS, ids="-".join)
    def test_of_found_parts(self, place):
        keys = ("celeba_error", "cub_iou", "flowers_iou", "taichi_error", "taichi_iou")
        numbers = zip(keys, PUBLISHED_FOUND_PARTS[place], strict=True)
        cub = {"cub_error": 3.23} if PUBLISHED_FOUND_PARTS[place] == MAIN else {}
        assert dict(row_of(*place).published) == {key: value for key, value in numbers if value is not None} | cub

    def test_each_stands_under_a_metric_that_says_what_the_paper_calls_it(self):
        for table in TABLES.values():
            named = {metric.key for metric in table.metrics if metric.published}
            assert all(set(row.published) <= named for row in table.rows)


class TestGrids:
    """A table is a named grid of changes of one config."""

    def test_rows_are_named_once_and_compared_with_rows_of_their_table(self):
        for table in TABLES.values():
            names = [row.name for row in table.rows]
            assert len(set(names)) == len(names)
            assert {table.reference, *(row.against for row in table.rows if row.against)} <= set(names)

    @pytest.mark.parametrize(
        ("place", "changed"),
        [
            (("7", "single-scale"), {"multi_scale": False}),
            (("8", "blocks-1"), {"attention_blocks": 1}),
            (("8", "blocks-2"), {"attention_blocks": 2}),
            (("8", "blocks-4"), {"attention_blocks": 4}),
            (("8", "base"), {}),
            (("4", "k-2"), {"k": 4, "mixed_k": True}),
        ],
        ids=str,
    )
    def test_a_partnet_row_changes_what_its_table_is_about(self, place, changed):
        assert dict(row_of(*place).changes) == changed
        assert isinstance(replace(preset("paper"), **changed), PartNetConfig)

    def test_the_rows_of_gansegs_table_5_differ_in_the_scale_alone(self):
        changes = [dict(row.changes) for row in TABLES["ganseg-5"].rows]
        assert [change.pop("fixed_scale", None) for change in changes] == [0.00725, 0.01, 0.0016, 0.0065, None]
        assert changes == [{"heatmap": "gauss-var", "area_target": "heatmap"}] * 5

    def test_the_paper_s_base_has_three_blocks_several_scales_and_three_supports(self):
        for name in ("toy", "half", "paper", "release"):
            config = preset(name)
            assert (config.attention_blocks, config.multi_scale, config.k, config.mixed_k) == (3, True, 3, False)

    def test_run_folders_of_partnet_are_shared_where_the_config_is(self):
        runs = {}
        for system, table in ablation_tables().values():
            for row in table.rows:
                if system.kind == "partnet":
                    assert runs.setdefault(row.run, dict(row.changes)) == dict(row.changes)
        assert set(runs) == {"base", "mixed-k", "single-scale", "blocks-1", "blocks-2", "blocks-4"}

    def test_table_4_is_one_training_evaluated_with_1_to_4_supports(self):
        rows = TABLES["4"].rows
        assert [(row.run, row.scoring["supports"]) for row in rows] == [("mixed-k", k) for k in (1, 2, 3, 4)]

    def test_unknown_tables_are_refused_and_table_10_is_found_in_table_3(self):
        with pytest.raises(ConfigError, match="no such ablation table: found '5', expected 3, 4, 7, 8, 9, 11, 12, "):
            table_named("5")
        with pytest.raises(ConfigError, match="table 10's rows are part of table 3"):
            table_named("10")

    def test_the_listing_names_every_row(self):
        text = listing()
        assert "GroupNet: a group for each class in every block" in text
        assert "GroupDNet: as the preset" in text
        assert all(f"  {name} " in text for _, name in all_rows())

    def test_they_are_collected_without_torch(self):
        code = (
            "import sys; from ipose.systems.ablation_tables import listing; listing(); sys.exit('torch' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def sorted_last(names):
    """Numbers in order, then words in order."""
    numbers = sorted((name for name in names if name.isdecimal()), key=int)
    return [*numbers, *sorted(name for name in names if not name.isdecimal())]


def table(name: str) -> AblationTable:
    metric = Metric(key="error", title="error", higher_is_better=False)
    return AblationTable(
        name=name,
        title="Depth",
        metrics=(metric,),
        rows=(Row(name="deep", title="deep"),),
        reference="deep",
        published_on="nothing",
    )


class TestTablesOfAPackage:
    """A system of an installed package brings tables of its own by its record."""

    @pytest.fixture
    def installed(self, monkeypatch):
        """Add a system whose tables are `tables` to the known ones."""

        def install(tables):
            mine = replace(
                systems()[0], name="mine", kind="mine", title="Mine", formats=("mine",), tables="mine:TABLES"
            )
            monkeypatch.setattr(collected, "systems", lambda: (*systems(), mine))
            found = collected.function_named

            def named(name):
                if name != "mine:TABLES":
                    return found(name)
                if isinstance(tables, Exception):
                    raise tables
                return tables

            monkeypatch.setattr(collected, "function_named", named)
            return mine

        return install

    def test_stand_behind_the_numbered_ones(self, installed):
        mine, own = installed((table("depth"),)), table("depth")
        assert list(ablation_tables()) == sorted_last([*TABLES, "depth"])
        assert table_named("depth") == (mine, own)
        assert "table depth: Depth (mine; published: nothing)" in listing()

    def test_one_of_a_taken_name_is_told_about_and_passed_over(self, installed, capsys):
        installed((table("7"), table("depth")))
        assert table_named("7")[0].name == "partnet"
        assert table_named("depth")[0].name == "mine"
        assert "a table of Mine is passed over: 7 is a table of PartNet already" in capsys.readouterr().err

    def test_tables_that_cannot_be_loaded_are_told_about_and_passed_over(self, installed, capsys):
        installed(ImportError("No module named 'mine'"))
        assert "7" in ablation_tables()
        assert "a table of Mine is passed over: No module named 'mine'" in capsys.readouterr().err


class TestOwnRow:
    """`--block module:Class`: one more row, beside the paper's whole model and compared with it."""

    @pytest.mark.parametrize(
        ("name", "whole"),
        [
            ("3", "global-style-parts"),
            ("9", "clip"),
            ("11", "predicted-parts"),
            ("12", "predicted-parts"),
            ("parts", "psm"),
        ],
    )
    def test_it_changes_what_the_whole_model_changes(self, name, whole):
        table = IPoseAblateOptions(block="mine:Block").applied(TABLES[name])
        names = [row.name for row in table.rows]
        assert names.index(OWN_BLOCK) == names.index(whole) + 1
        own = table.rows[names.index(OWN_BLOCK)]
        assert (own.changes, own.against, own.published) == (row_of(name, whole).changes, whole, {})
        assert "mine:Block" in own.title

    def test_without_it_the_table_is_as_it_was(self):
        assert IPoseAblateOptions().applied(TABLES["11"]) is TABLES["11"]
