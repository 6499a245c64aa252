"""`ipose ablate ganseg-*`: each row is a GANSeg and a part segmenter, and is scored on the data's truth."""

import json
from dataclasses import replace

import pytest

from helpers.published_photographs import write_cub
from helpers.tiny_ganseg import TINY_GANSEG
from ipose.ablations.ablate import run_ablation
from ipose.ablations.rows import AblationJob
from ipose.data.data_config import DataConfig
from ipose.systems.ablating import rows_of
from ipose.systems.ablation_tables import table_named
from ipose.training.run import Run

CONFIG = replace(TINY_GANSEG, sizes=(16, 16, 32, 32), batch_size=2)
WORLD = DataConfig(scenes=4, val_scenes=2, categories=("car",), scene_size=64, objects=(1, 1))
TABLES = ("ganseg-5", "ganseg-6", "ganseg-7", "ganseg-figure-9", "ganseg-f1")
NETWORK = {"part_network": "lraspp_mobilenet_v3_large", "part_steps": 1, "part_batch_size": 2}


@pytest.fixture(autouse=True)
def one_pass(monkeypatch):
    monkeypatch.setattr("ipose.systems.part_segmenter.training.RE_ESTIMATION_PASSES", 1)


def rows(out, table, **changes):
    """The rows of a table with a tiny job."""
    system, grid = table_named(table)
    loop = {"checkpoint_every": 1, "log_every": 1, "sample_every": 0, "tensorboard": False}
    job = {"config": CONFIG, "preset": "tiny", "data": WORLD, "steps": 1, "loop": loop, "device": "cpu", **changes}
    return rows_of(system, AblationJob(table=grid, out=out, options=system.ablate_options(**NETWORK), **job))


def read(out, table):
    return json.loads((out / f"table-{table}.json").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_trained_and_stands_beside_the_published_numbers(tmp_path, table):
    result = run_ablation(rows(tmp_path, table))
    assert result.stopped == "done"
    written = read(tmp_path, table)
    assert [row["name"] for row in written["rows"]] == [row.name for row in table_named(table)[1].rows]
    for row in written["rows"]:
        assert {"foreground_iou", "matched_iou"} <= set(row["seeds"]["0"])
    published = [title for title in result.table.header if title.startswith("published")]
    cub = ["CUB IoU", *(["CUB (%)"] if table[-1] in "56" else [])]  # of the main results alone
    numbers = ["CelebA (%)", *cub, "Flowers IoU", "Taichi MAE", "Taichi IoU"]
    assert published == ([f"published {name}" for name in numbers] if table[-1] in "567" else [])
    assert (tmp_path / "report.html").is_file()


class TestOneRow:
    """A row, its two runs and its scores."""

    @pytest.mark.slow
    def test_is_scored_on_published_photographs_and_shared_between_tables(self, tmp_path):
        data = DataConfig(data=str(write_cub(tmp_path / "birds")))
        run_ablation(rows(tmp_path, "ganseg-f1", rows=("gan",), data=data))
        scores = read(tmp_path, "ganseg-f1")["rows"][0]["seeds"]["0"]
        assert set(scores) == {"cub_iou", "cub_error"}
        own, segmenter = tmp_path / "ganseg-seed-0", tmp_path / "ganseg-seed-0" / "part-segmenter"
        assert Run.open(segmenter).config["pairs"] == str(own)
        begun = (segmenter / "run.json").stat().st_mtime_ns
        result = run_ablation(rows(tmp_path, "ganseg-6", rows=("points-4",), data=data))
        assert (segmenter / "run.json").stat().st_mtime_ns == begun
        row = dict(zip(result.table.header, result.table.rows[0], strict=True))
        assert (row["published CUB IoU"], row["published CelebA (%)"]) == ("0.629", "6.18")
        assert float(row["CUB foreground IoU ↑"]) == pytest.approx(scores["cub_iou"], abs=1e-3)

    def test_a_row_whose_segmenter_was_stopped_goes_on_with_it(self, tmp_path):
        first = rows(tmp_path, "ganseg-f1", rows=("gan",))
        row = first.job.chosen[0]
        super(type(first), first).train(row, 0, resume=False, max_minutes=None)  # the GANSeg alone
        assert first.state(row, 0) == "unfinished"
        begun = (tmp_path / "ganseg-seed-0" / "run.json").stat().st_mtime_ns
        assert first.train(row, 0, resume=True, max_minutes=None) == "done"
        assert first.state(row, 0) == "finished"
        assert (tmp_path / "ganseg-seed-0" / "run.json").stat().st_mtime_ns == begun

    def test_runs_are_named_by_what_a_row_changes(self, tmp_path):
        job = rows(tmp_path, "ganseg-7", rows=("parts-8",))
        names = {row.name: job.run_name(row) for row in job.job.table.rows}
        assert names["parts-4"] == "ganseg-parts-4"
        assert job.config(job.job.chosen[0]).lambda_con == 10
        assert rows(tmp_path, "ganseg-7", config=replace(CONFIG, parts=8)).run_name(job.job.chosen[0]) == "ganseg"
        fixed = rows(tmp_path, "ganseg-5")
        assert fixed.run_name(fixed.job.table.rows[1]) == "ganseg-fixed-0.01"
