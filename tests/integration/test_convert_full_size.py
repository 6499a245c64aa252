"""The converter at the size of the authors' largest generator: exact there and back, in less than 3 GB of memory."""

import subprocess
import sys

import pytest
import torch

from ipose.interop.release import to_release
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import preset as partnet_preset
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset

BYTES = 3 * 10**9

CONVERT = """
import resource, sys
from ipose.cli.main import main
main(sys.argv[1:])
print(1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A random state of 183 classes under the release's names, PartNet and unused layer included."""
    with torch.device("meta"):
        shapes = to_release(Generator(preset("coco-stuff-release")))
        carried = to_release(PartNet(partnet_preset("release")))
    shapes |= {f"partnet.model.{name}": tensor for name, tensor in carried.items()}
    draw = torch.Generator().manual_seed(0)
    state = {
        name: torch.rand(tensor.shape, generator=draw) if tensor.is_floating_point() else torch.tensor(7)
        for name, tensor in shapes.items()
    }
    live = sum(tensor.numel() for name, tensor in state.items() if name.endswith(("weight", "bias", "weight_orig")))
    assert live == 106_921_691 + 5_133_825
    path = tmp_path_factory.mktemp("release") / "latest_EMA.pth"
    torch.save(state, path)
    return path


def peak_memory(*words):
    """Bytes that `ipose convert` needed at most, in a process of its own."""
    command = [sys.executable, "-c", CONVERT, "convert", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.slow
def test_there_and_back_is_exact_in_less_than_3_gb(file, tmp_path):
    used = [
        peak_memory(file, tmp_path / "model"),
        peak_memory(tmp_path / "model", tmp_path / "back.pth", "--to-release"),
    ]
    back, state = (torch.load(path, mmap=True, weights_only=True) for path in (tmp_path / "back.pth", file))
    assert set(back) == set(state)
    assert all(torch.equal(back[name], state[name]) for name in state)
    print(f"peak memory: {used[0] / 1e9:.2f} GB there, {used[1] / 1e9:.2f} GB back")
    assert max(used) < BYTES
