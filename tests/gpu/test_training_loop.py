"""The loop's claims once more, on a GPU."""

from pathlib import Path

import pytest
import torch

from ipose.testing.tiny_system import TinySource, TinySystem, everything
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.config import TrainConfig
from ipose.training.loop import train
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="module")
def gpu() -> torch.device:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return torch.device("cuda")


def fit(folder: Path, device: torch.device, *, steps: int, resume: bool = False, **more) -> TinySystem:
    hooks = {key: more.pop(key) for key in ("on_save",) if key in more}
    config = TrainConfig(steps=steps, batch_size=4, checkpoint_every=4, log_every=2, tensorboard=False, **more)
    run = Run.begin(folder, resume=resume, kind="tiny", config={}, train=config)
    system = TinySystem()
    train(system, TinySource(), run, config, resume=resume, device=device, progress=False, **hooks)
    return system


class TestTrainOnGpu:
    """Training, checkpoints and averages work where the weights are not on the CPU."""

    def test_a_resumed_run_ends_where_an_undisturbed_one_does(self, tmp_path, gpu):
        whole = everything(fit(tmp_path / "whole", gpu, steps=11))
        fit(tmp_path / "parts", gpu, steps=6)
        parts = everything(fit(tmp_path / "parts", gpu, steps=11, resume=True))
        assert next(iter(whole.values())).device.type == "cuda"
        assert whole.keys() == parts.keys()
        for key, value in whole.items():
            torch.testing.assert_close(parts[key], value, atol=1e-5, rtol=1e-4)

    def test_a_run_can_move_to_the_cpu(self, tmp_path, gpu):
        fit(tmp_path, gpu, steps=6)
        moved = fit(tmp_path, torch.device("cpu"), steps=8, resume=True)
        assert next(moved.generator.parameters()).device.type == "cpu"

    @pytest.mark.parametrize("precision", ["no", "bf16"])
    def test_averages_are_kept_and_re_estimated_there(self, tmp_path, gpu, precision):
        def look(snapshot: Snapshot) -> None:
            copy = snapshot.network("generator")
            reestimate_batch_norm(copy, lambda: copy(torch.randn(8, 4).to(gpu)), passes=2)
            assert all(parameter.device.type == "cuda" for parameter in copy.parameters())
            assert all(torch.isfinite(value).all() for value in copy.state_dict().values())

        fit(tmp_path, gpu, steps=5, precision=precision, on_save=look)
