"""`--compile` trains what a training without it trains, for every system, and says nothing of its own."""

import os
import shlex
import subprocess
import sys
from functools import cache

import pytest
import torch

from ipose.errors import ConfigError
from ipose.systems.checks import check_compiler
from ipose.systems.registry import systems
from ipose.training.metrics import read_metrics

pytestmark = pytest.mark.slow

WORLD = "--categories car --objects 1 1 --scenes 4 --val-scenes 2 --scene-size 32 --batch-size 2 "
NETWORKS = {  # the smallest ones: to compile a layer takes seconds
    "partnet": WORLD + "--encoder-channels 2 2 2 2 --attention-blocks 1 --k 2",
    "synthesis": WORLD + "--parts true --height 32 --width 32 --channels 2 --channel-multipliers 2 2 2 --spade-hidden 2"
    " --part-hidden 2 --part-noise-channels 2 --z-channels 2 --discriminator-channels 3 2 2 --last-decoder-channels 2",
    "groupdnet": WORLD + "--num-classes 23 --height 32 --width 32 --encoder-channels 1 --decoder-channels 23 23 23 "
    "--decoder-groups 23 1 --modulation-hidden 23 --discriminator-width 2 --code-channels 1",
    "ganseg": "--data partworld --categories car --scenes 8 --val-scenes 2 --batch-size 4 --preset tiny --parts 2 "
    "--noise-channels 6 --embedding 4 --channels 8 6 6 4 --final-channels 4 --mask-channels 4 --hidden 8 --margin 2 "
    "--discriminator-channels 4 6 8 --discriminator-hidden 8",
    "segmenter": WORLD + "--height 32 --width 32 --enlarge 1",
    "part-segmenter": "--batch-size 2 --network lraspp_mobilenet_v3_large --pairs-per-epoch 4",
}
LOOP = "--steps 2 --checkpoint-every 2 --sample-every 0 --log-every 1 --device cpu"


@pytest.fixture(scope="module")
def words(ipose, tmp_path_factory):
    """`words(name)`: of a training of that system, without --out."""
    for_parts = tmp_path_factory.mktemp("runs") / "ganseg"

    def of(name):
        if name == "segmenter":  # it is judged after its training
            pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")
        command = ["train", name, *shlex.split(f"{NETWORKS[name]} {LOOP}")]
        if name != "part-segmenter":
            return command
        if not for_parts.exists():
            assert ipose(*of("ganseg"), "--out", for_parts).code == 0
        return [*command, "--pairs", str(for_parts)]

    return of


@pytest.fixture(scope="module", autouse=True)
def few_statistics():
    """Batch-norm statistics from one batch."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("ipose", "groupdnet", "segmenter", "part_segmenter"):
            patch.setattr(f"ipose.systems.{module}.training.RE_ESTIMATION_PASSES", 1)
        yield


@pytest.fixture(scope="module")
def plain(ipose, words, tmp_path_factory):
    """`plain(name)`: the losses of that training without --compile."""

    @cache
    def of(name):
        out = tmp_path_factory.mktemp("plain") / name
        assert (done := ipose(*words(name), "--out", out)).code == 0, done.err
        return losses(out)

    return of


@pytest.fixture(scope="module")
def compiler():
    """Skips where none is."""
    try:
        check_compiler("cpu")
    except ConfigError as error:
        pytest.skip(str(error))


def losses(run):
    """All losses of both steps."""
    steps = [record["losses"] for record in read_metrics(run / "metrics.jsonl") if "losses" in record]
    assert len(steps) == 2
    return [value for phases in steps for terms in phases.values() for value in terms.values()]


def test_names_every_system():
    assert list(NETWORKS) == [system.name for system in systems()]


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch asks for it, and hides the warning by itself
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_one_graph_and_learns_the_same(ipose, words, plain, name, tmp_path, monkeypatch):
    """Without a compiler: torch's own kernels compute the graph."""
    expected, compiled = plain(name), torch.nn.Module.compile
    whole = {"backend": "aot_eager", "fullgraph": True}
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled(module, **whole))
    monkeypatch.setattr("ipose.systems.training.check_compiler", lambda device: None)
    assert (done := ipose(*words(name), "--compile", "--out", tmp_path / "run")).code == 0, done.err
    assert losses(tmp_path / "run") == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_command_says_nothing_of_its_own_and_learns_the_same(compiler, words, plain, name, tmp_path):
    """As a user types it. It takes minutes."""
    command = [sys.executable, "-m", "ipose", *words(name), "--compile", "--out", str(tmp_path / "run")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert losses(tmp_path / "run") == pytest.approx(plain(name), rel=1e-4)
