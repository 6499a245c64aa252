"""`ipose ablate`: a table by one command, whose runs are shared, resumed, and never trained over."""

import json
import shlex
import shutil
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from ipose.ablations.ablate import run_ablation
from ipose.ablations.rows import AblationJob, Rows
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError, MissingWeightsError, RunError
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.scene_counts import read_counts
from ipose.partnet.presets import PartNetConfig
from ipose.segmentation.segmenter_config import SegmenterConfig
from ipose.synthesis.presets import preset
from ipose.systems.ablating import rows_of
from ipose.systems.ablation_tables import table_named
from ipose.systems.judging import evaluate_run
from ipose.systems.registry import system_named
from ipose.systems.training import Task, train_system
from ipose.training.run import Run

WORLD = DataConfig(
    categories=("car", "dog"),
    objects=(2, 2),
    scenes=6,
    val_scenes=4,
    scene_size=64,
    object_scale=(0.6, 0.9),
    novel=("dog",),
)

PARTNET = PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=3, k=2, batch_size=2, augment=False)

SYNTHESIS = preset(
    "toy",
    channels=2,
    channel_multipliers=(2, 2, 2, 2, 2),
    spade_hidden=2,
    part_hidden=2,
    part_noise_channels=2,
    z_channels=3,
    discriminator_channels=(3, 4, 4, 4, 4),
    last_decoder_channels=2,
    batch_size=2,
)


def job(out, table="7", *, options=None, **changes) -> Rows:
    """The rows of a table with a tiny job; `options` are those of the table's system."""
    system, grid = table_named(table)
    config = PARTNET if system.kind == "partnet" else SYNTHESIS
    loop = {"checkpoint_every": 1, "log_every": 1, "sample_every": 0, "tensorboard": False}
    fields = {"config": config, "preset": "tiny", "data": WORLD, "steps": 3, "loop": loop, "device": "cpu", **changes}
    given = system.ablate_options(**(options or {}))
    return rows_of(system, AblationJob(table=given.applied(grid), out=out, options=given, **fields))


def read(out, table="7"):
    return json.loads((out / f"table-{table}.json").read_text())


def trained_at(out):
    return {path.parent.name: path.stat().st_mtime_ns for path in out.glob("*/run.json")}


def weights(run):
    return load_file(run / "model" / "partnet.safetensors")


@pytest.fixture(scope="module")
def table_7(tmp_path_factory):
    """Table 7 with two seeds, done."""
    out = tmp_path_factory.mktemp("ablations")
    return out, run_ablation(job(out, seeds=(0, 1)))


class TestTable:
    """One command trains the grid and writes the table."""

    def test_one_run_a_row_and_seed(self, table_7):
        out, result = table_7
        assert result.stopped == "done"
        names = sorted(f"{row}-seed-{seed}" for row in ("base", "single-scale") for seed in (0, 1))
        assert sorted(path.parent.name for path in out.glob("*/run.json")) == names
        assert Run.open(out / "single-scale-seed-1").config["partnet"]["multi_scale"] is False
        assert Run.open(out / "single-scale-seed-1").train_config.seed == 1

    @pytest.mark.slow
    def test_an_own_block_has_a_row_and_a_run_of_its_own(self, tmp_path, tiny):
        options = {"partnet": tiny.partnet, "block": "helpers.film:Film", "features": "random"}
        rows = job(tmp_path, "11", options=options, steps=1, rows=("predicted-parts", "own-block"))
        result = run_ablation(rows)
        assert sorted(trained_at(tmp_path)) == ["global-parts-own-block-seed-0", "global-parts-seed-0"]
        assert Run.open(tmp_path / "global-parts-own-block-seed-0").config["block"] == "helpers.film:Film"
        assert [row[0] for row in result.table.rows] == [
            "predicted parts (predicted-parts)",
            "predicted parts, block helpers.film:Film (own-block)",
        ]

    def test_the_numbers_are_those_of_ipose_evaluate(self, table_7, ipose):
        out, _ = table_7
        done = ipose("evaluate", out / "base-seed-1")
        assert done.code == 0, done.err
        parts = json.loads((out / "base-seed-1" / "evaluation.json").read_text())["parts"]
        row = next(row for row in read(out)["rows"] if row["name"] == "base")
        assert row["seeds"]["1"]["ac_novel"] == pytest.approx(100 * parts["model"]["macro"]["novel"]["ac"])
        copy = next(row for row in read(out)["baselines"] if row["name"] == "copy")
        assert copy["seeds"]["1"]["object_pixels_basis"] == pytest.approx(
            100 * parts["copy"]["macro"]["basis"]["object_pixels"]
        )

    def test_a_person_reads_markdown_and_a_page(self, table_7):
        out, result = table_7
        text = (out / "table-7.md").read_text()
        assert "| without multi-scale features (single-scale) | 2 |" in text
        assert "| 94.05 | 83.21 |" in text
        assert "command: `" in text
        page = (out / "report.html").read_text()
        assert "Table 7: Multi-scale features" in page
        assert page.count("data:image/png") >= 4  # true parts, two rows, curves
        assert [path.name for path in result.files] == ["table-7.json", "table-7.md", "report.html"]

    def test_again_it_trains_nothing_and_says_the_same(self, table_7, capsys):
        out, first = table_7
        before = trained_at(out)
        again = run_ablation(job(out, seeds=(0, 1)))
        assert trained_at(out) == before
        assert capsys.readouterr().out.count("there already") == 4
        assert again.table.rows == first.table.rows

    def test_another_table_takes_the_runs_that_it_shares(self, table_7):
        out, _ = table_7
        before = trained_at(out)
        result = run_ablation(job(out, "8", seeds=(0,), rows=("base", "blocks-1")))
        after = trained_at(out)
        assert set(after) - set(before) == {"blocks-1-seed-0"}
        assert all(after[name] == before[name] for name in before)
        assert "Rows left out on request: blocks-2, blocks-4." in result.table.sentences
        assert read(out, "8")["left_out"] == ["blocks-2", "blocks-4"]
        assert (out / "report.html").read_text().count("<h2") >= 2

    def test_another_configuration_in_the_folder_is_refused_before_anything_is_trained(self, table_7):
        out, _ = table_7
        before = trained_at(out)
        other = job(out, "8", config=replace(PARTNET, learning_rate=1e-3))
        with pytest.raises(RunError, match=r"config\.partnet\.learning_rate 0\.0001 there, 0\.001 here"):
            run_ablation(other)
        assert trained_at(out) == before

    def test_table_4_evaluates_one_training_with_1_to_4_supports(self, tmp_path):
        result = run_ablation(job(tmp_path, "4", steps=1))
        assert list(trained_at(tmp_path)) == ["mixed-k-seed-0"]
        assert Run.open(tmp_path / "mixed-k-seed-0").config["partnet"]["mixed_k"] is True
        names = [row["name"] for row in read(tmp_path, "4")["baselines"]]
        assert names == [f"{name} (k = {k})" for k in (1, 2, 3, 4) for name in ("copy", "majority")]
        assert [row[0] for row in result.table.rows[:2]] == ["1 support (k-1)", "2 supports (k-2)"]


class Crash(BaseException):
    """Ends a training as SIGKILL would."""


class TestStopping:
    """Stopped in any way, the same command goes on."""

    def test_a_killed_grid_goes_on_and_ends_with_the_same_weights(self, table_7, tmp_path, monkeypatch):
        import ipose.training.trainer as trainer

        whole = trainer.append_metrics

        def dying(file, record):
            if file.parent.name == "base-seed-0" and record["step"] == 3:
                raise Crash
            whole(file, record)

        with monkeypatch.context() as patch:
            patch.setattr(trainer, "append_metrics", dying)
            with pytest.raises(Crash):
                run_ablation(job(tmp_path))
        assert not (tmp_path / "table-7.json").exists()
        finished = trained_at(tmp_path)["single-scale-seed-0"]
        assert run_ablation(job(tmp_path)).stopped == "done"
        assert trained_at(tmp_path)["single-scale-seed-0"] == finished
        for name in ("base-seed-0", "single-scale-seed-0"):
            undisturbed = weights(table_7[0] / name)
            assert all(torch.equal(undisturbed[key], tensor) for key, tensor in weights(tmp_path / name).items())

    def test_when_the_time_is_up_finished_rows_are_shown_and_the_rest_is_named(self, tmp_path, monkeypatch):
        import ipose.ablations.ablate as ablate

        clock = iter([0.0, 0.0, 61.0])  # began, before the first run, before the second
        monkeypatch.setattr(ablate.time, "monotonic", lambda: next(clock, 61.0))
        monkeypatch.setattr("ipose.training.trainer.Trainer._time_is_up", lambda self: False)
        result = run_ablation(job(tmp_path, max_minutes=1.0))
        assert result.stopped == "time"
        assert read(tmp_path)["unfinished"] == ["base-seed-0"]
        assert any("Not finished yet: base-seed-0" in said for said in result.table.sentences)

    def test_the_time_bounds_the_run_that_is_being_trained(self, tmp_path):
        result = run_ablation(job(tmp_path, steps=100_000, max_minutes=0.02))
        assert result.stopped == "time"
        assert result.table is None
        assert list(trained_at(tmp_path)) == ["single-scale-seed-0"]
        assert list((tmp_path / "single-scale-seed-0" / "checkpoints").glob("step-*"))

    def test_the_advice_of_a_stopped_run_is_the_same_command(self, tmp_path, monkeypatch):
        monkeypatch.setattr("sys.argv", ["ipose", "ablate", "7"])
        run_ablation(job(tmp_path, rows=("base",), steps=1))
        assert Run.open(tmp_path / "base-seed-0").resume_command == "ipose ablate 7"


@pytest.mark.usefixtures("few_passes")
class TestImages:
    """Synthesis tables: rows by their losses and parts, scored on images and objects."""

    @pytest.fixture(autouse=True)
    def no_clip_in_the_cache(self, monkeypatch, tmp_path):
        monkeypatch.setattr("ipose.losses.clip_weights._cached", lambda: None)
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))

    def test_rows_whose_weights_are_missing_are_named_and_the_rest_runs(self, tmp_path):
        result = run_ablation(job(tmp_path, "3", rows=("oasis", "style"), steps=1, options={"features": "random"}))
        assert list(trained_at(tmp_path)) == ["oasis-seed-0"]
        assert any(said.startswith("style: not run: needs CLIP's weights (") for said in result.table.sentences)
        assert any(title.startswith("Frechet distance (features random@") for title in result.table.header)
        assert not any("FID" in title and "published" not in title for title in result.table.header)
        numbers = read(tmp_path, "3")["rows"][0]["seeds"]["0"]
        assert set(numbers) == {"frechet", "kernel", "object_frechet", "object_kernel", "diversity"}

    @pytest.mark.slow
    def test_stand_ins_run_and_are_named_in_the_table_and_in_the_run(self, tmp_path):
        tiny = {"config": replace(SYNTHESIS, part_injection="none"), "steps": 1}
        result = run_ablation(job(tmp_path, "9", **tiny, options={"tiny_encoders": True}))
        assert sorted(trained_at(tmp_path)) == ["global-style-seed-0", "global-vgg-seed-0"]
        assert any("tiny random stand-ins" in said for said in result.table.sentences)
        assert Run.open(tmp_path / "global-vgg-seed-0").config["vgg_weights"] == "tiny-random-vgg"
        with pytest.raises(RunError, match=r"config\.vgg_weights 'tiny-random-vgg' there, None here"):
            run_ablation(job(tmp_path, "9", **tiny))

    @pytest.mark.slow
    def test_tables_11_and_12_share_predicted_parts_and_differ_in_parts_alone(self, tmp_path, tiny):
        settings = {"options": {"partnet": tiny.partnet}, "steps": 1}
        run_ablation(job(tmp_path, "12", **settings))
        run_ablation(job(tmp_path, "11", **settings))
        names = ["global-parts-seed-0", "global-position-descriptor-seed-0", "global-true-parts-seed-0"]
        assert sorted(trained_at(tmp_path)) == names
        assert "published FID" in read(tmp_path, "12")["written"]["header"]

    def test_the_numbers_are_those_of_ipose_evaluate(self, tmp_path, scene_folder):
        """Photographs larger than the images are resized by the protocol, not by whoever reads them."""
        large = shutil.copytree(scene_folder, tmp_path / "large")
        for file in large.glob("*_img/*.png"):
            with Image.open(file) as photograph:
                photograph.resize((96, 80), Image.Resampling.NEAREST).save(file)
        for file in [*large.glob("*_label/*.png"), *large.glob("*_inst/*.png"), *large.glob("*_part/*.png")]:
            with Image.open(file) as ids:
                ids.resize((96, 80), Image.Resampling.NEAREST).save(file)
        settings = {"data": DataConfig(data=str(large)), "options": {"features": "random"}, "rows": ("oasis",)}
        run_ablation(job(tmp_path / "out", "3", steps=1, **settings))
        scores = read(tmp_path / "out", "3")["rows"][0]["seeds"]["0"]
        judged = evaluate_run(
            tmp_path / "out" / "oasis-seed-0", options=EvaluateOptions(features="random", seeds=(0, 1))
        )
        cards = {card.metric.split(" (")[0]: card.value for card in judged.cards}
        assert scores == {
            "frechet": cards["Frechet distance"],
            "kernel": cards["Kernel distance"],
            "object_frechet": cards["Object Frechet distance"],
            "object_kernel": cards["Object kernel distance"],
            "diversity": cards["Diversity between seeds"],
        }

    def test_a_segmenter_of_parts_judges_classes_and_parts_and_says_how_sure_a_gap_is(self, tmp_path, monkeypatch):
        monkeypatch.setattr("ipose.systems.segmenter.training.RE_ESTIMATION_PASSES", 2)
        system, config = system_named("segmenter"), SegmenterConfig(parts=True, enlarge=1, batch_size=2)
        loop = {"steps": 2, "sample_every": 0, "tensorboard": False}
        train_system(Task(system=system, config=config, data=WORLD), tmp_path / "judge", loop=loop, device="cpu")
        options = {"segmenter": tmp_path / "judge", "features": str(tmp_path / "judge")}
        rows = job(tmp_path / "out", "parts", rows=("oasis", "true-parts"), steps=1, options=options)
        result = run_ablation(rows)
        first, second = read(tmp_path / "out", "parts")["rows"]
        assert {"miou", "accuracy", "part_miou", "diversity", "object_frechet"} <= set(first["seeds"]["0"])
        (said,) = [said for said in result.table.sentences if said.startswith("true-parts against oasis")]
        assert said.count("on other scenes") == 2
        counts = read_counts(tmp_path / "out" / second["runs"][0] / "scores" / "counts.safetensors")
        assert second["seeds"]["0"]["part_miou"] == 100 * counts["part_miou"].miou
        assert len(counts["miou"].true) == WORLD.val_scenes
        assert any(title.startswith("Object Frechet distance (features segmenter@") for title in result.table.header)

    def test_without_any_row_to_run_it_says_why(self, tmp_path):
        with pytest.raises(MissingWeightsError, match=r"no row of table 3 can be run here.*style: needs CLIP's"):
            run_ablation(job(tmp_path, "3", rows=("style",)))

    def test_predicted_parts_need_a_partnet(self, tmp_path):
        with pytest.raises(ConfigError, match=r"\[partnet\].*found none, for predicted-parts"):
            run_ablation(job(tmp_path, "12"))


WRONG = {
    "": "which table: found none, expected 3, 4, 7, 8, 9, 11, 12",
    "5": "no such ablation table: found '5'",
    "10": "Run ipose ablate 3.",
    "7 --rows blocks-1": "[rows] table 7 has no such row: found blocks-1, expected single-scale, base",
    "7 --seeds 0 0": "[seeds] every seed is one run: found 0 0",
    "7 --seeds -1": "[seed] a setting that cannot work: found -1",
    "7 --seeds": "[seeds] every seed is one run: found none",
    "7 --max-minutes 0": "[max_minutes] a setting that cannot work: found 0.0, expected more than 0",
    "7 --steps 0": "[steps] a setting that cannot work: found 0, expected at least 1",
    "7 --preset cityscapes": "no such PartNet preset: found cityscapes, expected toy | half | paper | release",
    "3 --preset half": "no such synthesis preset",
    "7 --partnet somewhere": "[partnet] an option that means nothing for table 7, which trains PartNet",
    "8 --tiny-encoders": "[tiny_encoders] an option that means nothing for table 8, which trains PartNet",
    "12": "expected --partnet RUN",
    "12 --partnet nowhere": "nowhere: no such run or model folder",
    "3 --rows oasis --class-map map.json": "[class_map] a class map of no segmenter",
    "9 --rows clip --partnet {partnet} --clip-weights nowhere.pt": "nowhere.pt: no weights of the style encoder",
    "7 --device cuda:99": "[device] no such device here",
}


class TestCommand:
    """`ipose ablate` in a terminal."""

    @pytest.mark.parametrize("words", WRONG)
    def test_used_wrongly_it_answers_in_a_sentence(self, ipose, tiny, tmp_path, words):
        said = ipose("ablate", *shlex.split(words.format(partnet=tiny.partnet)), "--out", tmp_path / "out")
        assert said.code == 2
        assert WRONG[words] in said.err
        assert "Traceback" not in said.err
        assert not (tmp_path / "out").exists()

    def test_lists_the_tables(self, ipose):
        said = ipose("ablate", "--list")
        assert said.code == 0
        assert "table 8: Attention blocks" in said.out
        assert "  blocks-4" in said.out

    def test_takes_over_what_ipose_train_has_made(self, ipose, tmp_path):
        words = "--steps 1 --scenes 8 --val-scenes 2 --scene-size 64 --categories car --device cpu"
        made = ipose("train", "partnet", *shlex.split(words), "--sample-every", 0, "--out", tmp_path / "base-seed-0")
        assert made.code == 0, made.err
        said = ipose("ablate", 7, *shlex.split(words), "--rows", "base", "--out", tmp_path)
        assert said.code == 0, said.err
        assert "there already" in said.out
        assert "with multi-scale features (base)" in said.out
