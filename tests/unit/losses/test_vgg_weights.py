"""Where VGG-19 comes from: a file, torch.hub's cache or random numbers; honest answers where there is none."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ipose.errors import MissingWeightsError
from ipose.losses import load_vgg_loss, tiny_vgg_loss
from ipose.losses.vgg_feature import VGG19_LAYERS, VGG19_WEIGHTS
from ipose.losses.vgg_weights import VGG_FILE


def images(seed: int, size: tuple[int, int] = (32, 48)) -> Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class TestTinyVGG:
    """tiny_vgg is random, depends on its seed and disturbs nobody's random numbers."""

    def test_the_seed_decides(self) -> None:
        torch.manual_seed(5)
        before = torch.get_rng_state()
        first, again, other = (tiny_vgg_loss(seed)(images(0), images(1)) for seed in (3, 3, 4))
        assert first == again != other
        assert torch.equal(torch.get_rng_state(), before)


def vgg19_state() -> dict[str, Tensor]:
    """torchvision's names and shapes, filled with one number each, which takes no memory."""
    widths = (3, 64, 64, 128, 128, 256, 256, 256, 256, *[512] * 8)
    numbers = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34)
    state = {"classifier.0.bias": torch.zeros(4)}
    for number, fin, fout in zip(numbers, widths[:-1], widths[1:], strict=True):
        state[f"features.{number}.weight"] = torch.full((fout, fin, 3, 3), 1e-4 * (number + 1))
        state[f"features.{number}.bias"] = torch.full((fout,), 0.01)
    return state


class TestLoadVGGLoss:
    """A local file first, then torch.hub's cache, never the network; a sentence names what is missing."""

    def test_an_empty_cache_says_how_to_fill_it(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
        monkeypatch.setattr("socket.socket", lambda *args, **kwargs: pytest.fail("reached for the network"))
        with pytest.raises(MissingWeightsError, match=r"checkpoints/vgg19-dcbb9e9d\.pth.*download\.pytorch\.org"):
            load_vgg_loss()

    def test_a_path_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(MissingWeightsError, match=r"nowhere\.pth: no weights of VGG-19.*--style-loss none"):
            load_vgg_loss(tmp_path / "nowhere.pth")

    def test_a_file_that_is_no_weights_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "weights.pth").write_text("these are words")
        with pytest.raises(MissingWeightsError, match=r"weights\.pth: .*cannot be read"):
            load_vgg_loss(tmp_path / "weights.pth")

    @pytest.mark.parametrize("other", [{"features.0.weight": torch.zeros(64, 3, 11, 11)}, {}], ids=["alexnet", "empty"])
    def test_weights_of_another_model_are_refused(self, tmp_path: Path, other: dict[str, Tensor]) -> None:
        torch.save(other, tmp_path / "other.pth")
        with pytest.raises(MissingWeightsError, match=r"other\.pth: these are no weights of VGG-19"):
            load_vgg_loss(tmp_path / "other.pth")

    def test_torchvisions_file_loads_from_a_path_and_from_the_cache(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        path = tmp_path / "checkpoints" / VGG_FILE
        path.parent.mkdir()
        state = vgg19_state()
        torch.save(state, path)
        monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path))
        before = torch.get_rng_state()
        for loaded in (load_vgg_loss(), load_vgg_loss(path)):
            assert (loaded.taps, loaded.weights) == (VGG19_LAYERS, VGG19_WEIGHTS)
            for number, layer in enumerate(loaded.layers):
                if isinstance(layer, nn.Conv2d):
                    assert torch.equal(layer.weight, state[f"features.{number}.weight"])
                    assert not layer.weight.requires_grad
        assert torch.equal(torch.get_rng_state(), before)
