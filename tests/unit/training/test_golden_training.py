"""Training itself is golden: five steps of each system, from fixed seeds, give the recorded losses (1e-4).

Guards what no single test sees whole: data and its order, augmentation, supports, noise, losses, optimizers, the order
of phases, the freezing in between. A change that means to move these numbers records them anew, and says so in its
commit:

    PYTHONPATH=tests python tests/unit/training/test_golden_training.py

The systems are those of `helpers.small_systems`.
"""

import json
import tempfile
from pathlib import Path

import pytest

from helpers.small_systems import GANSEG, GROUPDNET, PARTNET, SYNTHESIS, SYSTEMS
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.metrics import read_metrics
from ipose.training.run import Run

RECORDED = Path(__file__).parents[2] / "data" / "golden" / "training" / "losses.json"
STEPS = 5
TOLERANCE = 1e-4
BATCH_SIZES = {
    "partnet": PARTNET.batch_size,
    "synthesis": SYNTHESIS.batch_size,
    "groupdnet": GROUPDNET.batch_size,
    "ganseg": GANSEG.batch_size,
}


def losses_of(name, folder):
    """[{phase: {term: loss}}] of five steps of a system, in the one loop."""
    system, source = SYSTEMS[name]()
    size = BATCH_SIZES[name]
    config = TrainConfig(steps=STEPS, batch_size=size, seed=3, log_every=1, sample_every=0, tensorboard=False)
    run = Run.create(folder, kind="golden", config={}, train=config)
    train(system, source, run, config, device="cpu", progress=False, say=lambda _: None)
    return [record["losses"] for record in read_metrics(run.metrics)]


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text())


@pytest.mark.parametrize("system", BATCH_SIZES)
def test_five_steps_give_the_recorded_losses(system, recorded, tmp_path):
    found = losses_of(system, tmp_path / "run")
    assert len(found) == len(recorded[system]) == STEPS
    for number, (step, expected) in enumerate(zip(found, recorded[system], strict=True), start=1):
        assert {phase: list(terms) for phase, terms in step.items()} == {p: list(t) for p, t in expected.items()}
        for phase, terms in expected.items():
            assert step[phase] == pytest.approx(terms, rel=TOLERANCE, abs=TOLERANCE), f"step {number}, phase {phase}"


def record():
    """Write the losses of this version."""
    losses = {}
    for name in BATCH_SIZES:
        with tempfile.TemporaryDirectory() as folder:
            losses[name] = losses_of(name, Path(folder) / "run")
    RECORDED.parent.mkdir(parents=True, exist_ok=True)
    RECORDED.write_text(json.dumps(losses, indent=1) + "\n")


if __name__ == "__main__":
    record()
