"""Where the style encoder comes from: a file, the cache or random numbers; honest answers where there is none."""

import sys
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from ipose.errors import ConfigError, MissingDependencyError, MissingWeightsError
from ipose.losses import clip_weights, load_clip_style, tiny_clip_style, visual_tokens


def images(seed: int, size: tuple[int, int] = (24, 40)) -> Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class NarrowCLIP:
    """open_clip's `transformer`, but whatever encoder is asked for, one of twelve narrow blocks is made."""

    def __init__(self) -> None:
        transformer = pytest.importorskip("open_clip").transformer
        self.QuickGELU, self.make, self.asked = transformer.QuickGELU, transformer.VisionTransformer, {}

    def VisionTransformer(self, **asked: object) -> torch.nn.Module:
        self.asked = asked
        network: torch.nn.Module = self.make(
            image_size=16, patch_size=8, width=4, layers=12, heads=1, mlp_ratio=1.0, output_dim=2
        )
        return network

    def state(self, value: float = 0.5) -> dict[str, Tensor]:
        """The tensors of such an encoder, all of one value."""
        return {
            f"visual.{name}": torch.full_like(t, value) for name, t in self.VisionTransformer().state_dict().items()
        }


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> NarrowCLIP:
    clip = NarrowCLIP()
    monkeypatch.setattr(clip_weights, "_open_clip", lambda: clip)
    return clip


class WithVisual(torch.nn.Module):
    """A model whose `visual` holds another one's tensors, and which TorchScript can save."""

    def __init__(self, visual: torch.nn.Module) -> None:
        super().__init__()
        self.visual = torch.nn.Module()
        for name, tensor in visual.state_dict().items():
            *path, last = name.split(".")
            place = self.visual
            for step in path:
                place = place._modules.setdefault(step, torch.nn.Module())
            place.register_buffer(last, tensor)

    def forward(self, x: Tensor) -> Tensor:
        return x


def write(path: Path, state: dict[str, Tensor]) -> None:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)


def _existing(path: Path) -> str | None:
    return str(path) if path.is_file() else None


class TestTinyCLIPStyle:
    """A random encoder that depends on its seed and disturbs nobody's random numbers."""

    def test_the_seed_decides(self) -> None:
        pytest.importorskip("open_clip")
        torch.manual_seed(5)
        first = tiny_clip_style(3)
        torch.manual_seed(6)
        again, other = tiny_clip_style(3), tiny_clip_style(4)
        assert first(images(0), images(1)) == again(images(0), images(1))
        assert first(images(0), images(1)) != other(images(0), images(1))

    @pytest.mark.parametrize("block", [-1, 2])
    def test_has_two_blocks(self, block: int) -> None:
        assert tiny_clip_style(0, block=0).block == 0
        with pytest.raises(ConfigError, match=rf"found {block}, expected 0\.\.1"):
            tiny_clip_style(0, block=block)

    def test_leaves_the_callers_random_numbers_alone(self) -> None:
        pytest.importorskip("open_clip")
        torch.manual_seed(5)
        before = torch.get_rng_state()
        tiny_clip_style(0)
        assert torch.equal(torch.get_rng_state(), before)


class TestLoadCLIPStyle:
    """A local file first, then the cache, never the network; a sentence names what is missing."""

    def test_an_empty_cache_says_how_to_fill_it(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        pytest.importorskip("open_clip")
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
        monkeypatch.setattr(clip_weights, "CLIP_URL_CACHE", tmp_path / "none.pt")
        monkeypatch.setattr("socket.socket", lambda *args, **kwargs: pytest.fail("reached for the network"))
        with pytest.raises(MissingWeightsError, match=r"ViT-B-32-quickgelu.*hf download"):
            load_clip_style()

    def test_a_path_that_is_not_there_is_named(self, tmp_path: Path) -> None:
        pytest.importorskip("open_clip")
        with pytest.raises(MissingWeightsError, match=r"nowhere\.pt: .*hf download"):
            load_clip_style(tmp_path / "nowhere.pt")

    def test_a_file_that_is_no_weights_is_named(self, tmp_path: Path) -> None:
        pytest.importorskip("open_clip")
        (tmp_path / "weights.pt").write_text("these are words")
        with pytest.raises(MissingWeightsError, match=r"weights\.pt: .*cannot be read"):
            load_clip_style(tmp_path / "weights.pt")

    def test_weights_of_another_model_are_refused(self, tmp_path: Path) -> None:
        pytest.importorskip("open_clip")
        torch.save({"visual.conv1.weight": torch.zeros(1)}, tmp_path / "other.pt")
        with pytest.raises(MissingWeightsError, match=r"other\.pt: these are no weights of ViT-B-32-quickgelu"):
            load_clip_style(tmp_path / "other.pt")

    def test_without_open_clip_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "open_clip", None)
        for load in (load_clip_style, lambda: tiny_clip_style(0)):
            with pytest.raises(MissingDependencyError, match=r'pip install "ipose\[style\]"'):
                load()

    def test_of_two_cached_files_the_safetensors_comes_first_and_openais_own_last(self, monkeypatch, narrow, tmp_path):
        """Given all three files that a cache may hold, each is taken when the ones before it are gone."""
        cached = {name: tmp_path / name for name in clip_weights.CLIP_FILES}
        monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda _, name: _existing(cached[name]))
        monkeypatch.setattr(clip_weights, "CLIP_URL_CACHE", tmp_path / "ViT-B-32.pt")
        files = [*cached.values(), tmp_path / "ViT-B-32.pt"]
        for number, file in enumerate(files):
            write(file, narrow.state(float(number)))
        for number, file in enumerate(files):
            assert load_clip_style().visual.proj.unique().item() == number
            file.unlink()

    @pytest.mark.parametrize("suffix", [".safetensors", ".bin", ".pt"])
    def test_a_file_of_the_whole_model_loads_and_the_rest_of_it_is_left(self, narrow, tmp_path, suffix):
        state = narrow.state()
        write(tmp_path / f"clip{suffix}", {**state, "logit_scale": torch.zeros(()), "text.positions": torch.ones(3)})
        loaded = load_clip_style(tmp_path / f"clip{suffix}").visual.state_dict()
        assert loaded.keys() == {name.removeprefix("visual.") for name in state}
        assert all(torch.equal(tensor, state[f"visual.{name}"]) for name, tensor in loaded.items())

    def test_openais_archive_loads_and_its_halves_become_float32(self, narrow, tmp_path):
        holder = torch.nn.Module()
        holder.visual = narrow.VisionTransformer().half()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch is leaving TorchScript, OpenAI's file stays in it
            torch.jit.save(torch.jit.script(WithVisual(holder.visual)), tmp_path / "ViT-B-32.pt")
        loaded = load_clip_style(tmp_path / "ViT-B-32.pt").visual
        assert {tensor.dtype for tensor in loaded.state_dict().values()} == {torch.float32}
        assert torch.equal(loaded.proj, holder.visual.proj.float())

    def test_a_checkpoint_with_its_tensors_under_state_dict_loads(self, narrow, tmp_path):
        torch.save({"epoch": 3, "state_dict": narrow.state()}, tmp_path / "clip.pt")
        assert torch.equal(load_clip_style(tmp_path / "clip.pt").visual.proj, narrow.state()["visual.proj"])

    def test_the_encoder_is_the_one_of_vit_b_32(self, narrow, tmp_path):
        write(tmp_path / "clip.pt", narrow.state())
        load_clip_style(tmp_path / "clip.pt")
        sizes = {"image_size": 224, "patch_size": 32, "width": 768, "layers": 12, "heads": 12}
        assert narrow.asked == {**sizes, "mlp_ratio": 4.0, "output_dim": 512, "act_layer": narrow.QuickGELU}

    def test_the_block_is_the_ninth_unless_told_otherwise(self, narrow, tmp_path):
        write(tmp_path / "clip.pt", narrow.state())
        assert load_clip_style(tmp_path / "clip.pt").block == 8
        assert load_clip_style(tmp_path / "clip.pt", block=0).block == 0
        with pytest.raises(ConfigError, match=r"found 12, expected 0\.\.11"):
            load_clip_style(tmp_path / "clip.pt", block=12)

    @pytest.mark.slow
    @pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
    def test_a_local_file_in_open_clips_names_loads(self, tmp_path: Path, suffix: str) -> None:
        """Given the visual part of a full-size random CLIP in a file, its tokens come out of block 8."""
        transformer = pytest.importorskip("open_clip").transformer
        original = transformer.VisionTransformer(
            image_size=224,
            patch_size=32,
            width=768,
            layers=12,
            heads=12,
            mlp_ratio=4.0,
            output_dim=512,
            act_layer=transformer.QuickGELU,
        )
        state = {f"visual.{name}": tensor for name, tensor in original.state_dict().items()}
        state["logit_scale"] = torch.zeros(())
        path = tmp_path / f"clip{suffix}"
        write(path, state)
        loaded = load_clip_style(path)
        tokens = visual_tokens(loaded.visual, images(0))
        assert tokens.shape == (2, 49, 768)
        torch.testing.assert_close(tokens, visual_tokens(original.eval(), images(0)), atol=1e-3, rtol=1e-3)
