"""`ipose ablate` of GroupDNet's tables: every row is trained, and scored on images and codes."""

import json
from dataclasses import replace

import pytest

from ipose.ablations.ablate import run_ablation
from ipose.ablations.rows import AblationJob
from ipose.data.data_config import DataConfig
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.systems.ablating import rows_of
from ipose.systems.ablation_tables import table_named
from ipose.testing.tiny_scenes import write_scenes
from ipose.training.run import Run

TINY = GroupDNetConfig(
    num_classes=5,
    height=16,
    width=24,
    encoder_channels=(2, 2, 2),
    code_channels=1,
    decoder_channels=(10, 10, 10, 5, 5),
    decoder_groups=(5, 5, 1, 1),
    modulation_hidden=5,
    discriminator_width=2,
    perceptual="none",
    batch_size=2,
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    for split in ("train", "val"):
        write_scenes(root, split, count=2)
    return root


def rows(out, data, table, *, tiny_encoders=False, **changes):
    system, grid = table_named(table)
    options = system.ablate_options(features="random", maps=1, pairs=1, tiny_encoders=tiny_encoders)
    loop = {"checkpoint_every": 1, "log_every": 1, "sample_every": 0, "tensorboard": False}
    job = {"config": TINY, "preset": "tiny", "steps": 1, "loop": loop, "device": "cpu", **changes}
    return rows_of(system, AblationJob(table=grid, out=out, data=DataConfig(data=str(data)), options=options, **job))


@pytest.mark.slow
@pytest.mark.parametrize("table", ["groupdnet-1", "groupdnet-3"])
def test_every_row_is_trained_and_stands_beside_the_published_numbers(tmp_path, data, table):
    result = run_ablation(rows(tmp_path, data, table))
    names = [row.name for row in table_named(table)[1].rows]
    assert sorted(path.parent.name for path in tmp_path.glob("*/run.json")) == sorted(f"{n}-seed-0" for n in names)
    written = json.loads((tmp_path / f"table-{table}.json").read_text())
    for row in written["rows"]:
        assert {"frechet", "mcsd", "mocd", "diversity"} <= set(row["seeds"]["0"])
    published = ("FID", "mIoU", "AC", "mCSD", "mOCD", "LPIPS")
    assert result.table.header[-7:] == [*(f"published {name}" for name in published), "verdict"]
    assert any(title == "mCSD (mean absolute difference) ↑" for title in result.table.header)
    assert (tmp_path / "report.html").is_file()


def test_a_run_is_the_row_and_the_other_table_shares_it(tmp_path, data):
    run_ablation(rows(tmp_path, data, "groupdnet-3", rows=("groupdnet",)))
    config = Run.open(tmp_path / "groupdnet-seed-0").config["groupdnet"]
    assert (config["num_classes"], config["decoder_groups"]) == (5, [5, 5, 1, 1])
    begun = (tmp_path / "groupdnet-seed-0" / "run.json").stat().st_mtime_ns
    result = run_ablation(rows(tmp_path, data, "groupdnet-1", rows=("groupdnet",)))
    assert (tmp_path / "groupdnet-seed-0" / "run.json").stat().st_mtime_ns == begun
    assert any("replaces LPIPS" in sentence for sentence in result.table.sentences)


class TestConfigs:
    """What a row trains, before it is trained."""

    def config(self, tmp_path, data, table, name):
        grid = rows(tmp_path, data, table)
        return grid.config(next(row for row in grid.job.table.rows if row.name == name))

    def test_a_baseline_is_of_the_datas_classes(self, tmp_path, data):
        groupnet = self.config(tmp_path, data, "groupdnet-1", "groupnet")
        assert (groupnet.num_classes, groupnet.decoder_groups) == (5, (5, 5, 5, 5))
        assert self.config(tmp_path, data, "groupdnet-1", "vspade").code_channels == 4 * 5

    def test_a_part_is_left_out_alone(self, tmp_path, data):
        whole = self.config(tmp_path, data, "groupdnet-3", "groupdnet")
        for name, field, value in [
            ("without-map", "code", "pooled"),
            ("without-split", "class_images", "whole"),
            ("group-norm", "norm", "group"),
            ("without-sync-bn", "sync_batch_norm", False),
            ("without-spec-norm", "spectral_norm", "none"),
        ]:
            config = self.config(tmp_path, data, "groupdnet-3", name)
            changed = {item for item, before in vars(whole).items() if getattr(config, item) != before}
            assert (changed, getattr(config, field)) == ({field}, value)

    def test_groups_that_do_not_divide_the_datas_classes_become_such_that_do(self, tmp_path, data):
        grid = rows(tmp_path, data, "groupdnet-1", config=GroupDNetConfig(perceptual="none"))
        fitted = grid.task(grid.job.table.rows[0]).config
        assert fitted.num_classes == 5
        assert all(fitted.num_classes % groups == 0 for groups in fitted.decoder_groups)

    def test_a_vgg_loss_needs_its_weights_or_a_stand_in_that_the_run_names(self, tmp_path, data, monkeypatch):
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
        config = replace(TINY, perceptual="vgg")
        grid = rows(tmp_path, data, "groupdnet-1", config=config)
        row = grid.job.table.rows[0]
        assert grid.missing(row).startswith("needs VGG-19's weights (no weights of VGG-19; name a file with --vgg")
        trial = rows(tmp_path, data, "groupdnet-1", config=config, tiny_encoders=True)
        assert trial.missing(row) is None
        assert trial.task(row).described()["vgg_weights"] == "tiny-random-vgg"
        assert any("tiny random stand-in" in note for note in trial.notes)
