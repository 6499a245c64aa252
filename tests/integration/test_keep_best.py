"""`--keep-best METRIC` by command, for each built-in system: the report and best.json name the best step."""

import math
import shlex

import pytest

from ipose.testing.tiny_scenes import write_scenes
from ipose.training.checkpoint_files import read_best
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

LOOP = shlex.split("--steps 2 --checkpoint-every 1 --sample-every 0 --log-every 1 --device cpu --keep 1")

GROUPDNET = shlex.split(
    "--num-classes 5 --height 32 --width 48 --encoder-channels 2 2 2 --decoder-channels 10 10 10 5 5 "
    "--decoder-groups 5 5 1 1 --modulation-hidden 5 --discriminator-width 4 --batch-size 2 --code-channels 2"
)

GANSEG = shlex.split(
    "--preset tiny --parts 2 --noise-channels 6 --embedding 4 --channels 8 6 6 4 --final-channels 4 --mask-channels 4 "
    "--hidden 8 --margin 2 --discriminator-channels 4 6 8 --discriminator-hidden 8 --batch-size 4 --scenes 8 "
    "--val-scenes 2 --categories car"
)

SEGMENTER = shlex.split(
    "--categories car dog --objects 2 2 --scenes 6 --val-scenes 2 --enlarge 1 --height 32 --width 32 --batch-size 2"
)


@pytest.fixture(scope="module", autouse=True)
def without_inception(tmp_path_factory):
    """Features of the random network, batch-norm statistics from 2 batches, 16 images of GANSeg."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(tmp_path_factory.mktemp("hub")))
        patch.setattr("ipose.systems.segmenter.training.RE_ESTIMATION_PASSES", 2)
        patch.setattr("ipose.systems.ganseg.training.MEASURED", 16)
        yield


def check(run, metric):
    """Both checkpoints were measured, and best.json, the report and the checkpoints agree on the best one."""
    values = {r["step"]: r["keep_best"][metric] for r in read_metrics(run / "metrics.jsonl") if "keep_best" in r}
    assert set(values) == {1, 2}
    assert all(math.isfinite(value) for value in values.values())
    best = read_best(run / "checkpoints")
    assert (best.metric, best.value, best.measured) == (metric, values[best.step], 2)
    assert {path.name for path in (run / "checkpoints").glob("step-*")} == {"step-2", f"step-{best.step}"}
    assert f"The model is that of the best step: {best.text()}." in (run / "report.html").read_text()
    assert Run.open(run).train_config.keep_best == metric


def test_of_partnet(ipose, tiny, tmp_path):
    words = tiny.train_partnet
    words[words.index("--val-scenes") + 1] = "6"  # among them a car, whose parts are trained on
    done = ipose(*words, *LOOP, "--keep-best", "object_pixels", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    check(tmp_path / "run", "object_pixels")


def test_of_the_generator(ipose, tiny, tmp_path):
    done = ipose(*tiny.train_synthesis, *LOOP, "--keep-best", "frechet", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    check(tmp_path / "run", "frechet")


def test_of_groupdnet(ipose, tmp_path):
    for split in ("train", "val"):
        write_scenes(tmp_path / "data", split, count=2)
    words = ["train", "groupdnet", *GROUPDNET, *LOOP, "--data", tmp_path / "data", "--keep-best", "frechet"]
    done = ipose(*words, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    check(tmp_path / "run", "frechet")


def test_of_ganseg(ipose, tmp_path):
    done = ipose("train", "ganseg", *GANSEG, *LOOP, "--keep-best", "frechet", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    check(tmp_path / "run", "frechet")


def test_of_the_segmenter(ipose, tmp_path):
    pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")
    done = ipose("train", "segmenter", *SEGMENTER, *LOOP, "--keep-best", "miou", "--out", tmp_path / "run")
    assert done.code == 0, done.err
    best = read_best(tmp_path / "run" / "checkpoints")
    assert (best.metric, best.measured) == ("miou", 2)


def test_a_wrong_name_is_told_which_there_are(ipose, tiny, tmp_path):
    done = ipose(*tiny.train_partnet, "--keep-best", "fid", "--out", tmp_path / "run")
    assert done.code == 2
    assert "found fid, expected ac_pooled or ac or object_pixels or miou or no" in done.err
    assert not (tmp_path / "run").exists()
