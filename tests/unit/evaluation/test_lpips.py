"""Claims about LPIPS, held on a random AlexNet of the same form."""

import hashlib
from pathlib import Path

import pytest
import torch
import torchvision

from ipose.errors import MissingWeightsError
from ipose.evaluation import lpips
from ipose.evaluation.lpips import load_lpips

library = pytest.importorskip("torchmetrics.functional.image.lpips", reason="torchmetrics is not installed")

A, B = torch.randint(0, 256, (2, 2, 3, 64, 64), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.fixture(scope="module")
def alexnet() -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return torchvision.models.alexnet(weights=None).eval()


@pytest.fixture(scope="module")
def weights(alexnet, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("alexnet") / "alexnet.pth"
    torch.save(alexnet.state_dict(), path)
    return path


@pytest.fixture
def distance(weights, monkeypatch) -> lpips.PerceptualDistance:
    """LPIPS under the random AlexNet, its hash taken for the known one."""
    monkeypatch.setattr(lpips, "ALEXNET_HASH", hashlib.sha256(weights.read_bytes()).hexdigest()[:8])
    return load_lpips(weights)


def by_the_formula(alexnet: torch.nn.Module, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Weighted squared differences of unit feature vectors, averaged over positions, summed over five layers."""
    folder = Path(library.__file__).parent / "lpips_models"
    linear = torch.load(folder / "alex.pth", map_location="cpu", weights_only=True)
    shift = torch.tensor([-0.030, -0.088, -0.188])[:, None, None]
    scale = torch.tensor([0.458, 0.448, 0.450])[:, None, None]
    x, y = ((image.float() / 127.5 - 1 - shift) / scale for image in (a, b))
    total = torch.zeros(len(a))
    with torch.no_grad():
        for i, layer in enumerate(alexnet.features[:12]):
            x, y = layer(x), layer(y)
            if i in (1, 4, 7, 9, 11):
                weight = linear[f"lin{(1, 4, 7, 9, 11).index(i)}.model.1.weight"]
                unit_x, unit_y = (z / (z.square().sum(1, keepdim=True).sqrt() + 1e-10) for z in (x, y))
                total += ((unit_x - unit_y).square() * weight).sum(1).mean((1, 2))
    return total


class TestLPIPS:
    """load_lpips gives the published distance for the published backbone, and nothing else under its name."""

    def test_equals_the_formula(self, distance, alexnet):
        torch.testing.assert_close(distance(A, B), by_the_formula(alexnet, A, B).double(), rtol=1e-4, atol=1e-7)

    def test_is_zero_for_equal_images_and_symmetric(self, distance):
        assert distance(A, A).abs().max() == 0
        torch.testing.assert_close(distance(A, B), distance(B, A))

    def test_another_alexnet_is_not_lpips(self, weights):
        with pytest.raises(MissingWeightsError, match="not the AlexNet of LPIPS"):
            load_lpips(weights)

    def test_a_missing_file_says_where_to_get_it(self, tmp_path):
        with pytest.raises(MissingWeightsError, match=r"download\.pytorch\.org"):
            load_lpips(tmp_path / "nowhere.pth")

    def test_a_damaged_file_is_refused_in_a_sentence(self, tmp_path, monkeypatch):
        path = tmp_path / "damaged.pth"
        path.write_bytes(b"PK no weights")
        monkeypatch.setattr(lpips, "ALEXNET_HASH", hashlib.sha256(path.read_bytes()).hexdigest()[:8])
        with pytest.raises(MissingWeightsError, match="cannot be read"):
            load_lpips(path)

    def test_loading_leaves_the_callers_random_numbers_alone(self, weights, monkeypatch):
        monkeypatch.setattr(lpips, "ALEXNET_HASH", hashlib.sha256(weights.read_bytes()).hexdigest()[:8])
        before = torch.random.get_rng_state()
        load_lpips(weights)
        assert torch.equal(before, torch.random.get_rng_state())
