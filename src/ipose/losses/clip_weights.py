"""Loading the style encoder from a local file or the cache, or with random weights. Nothing is downloaded."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ipose.errors import MissingDependencyError, MissingWeightsError
from ipose.losses.clip_style import STYLE_BLOCK, CLIPStyle, StyleResize

CLIP_MODEL = "ViT-B-32-quickgelu"
"""open_clip's name of the architecture of OpenAI's ViT-B/32 weights, which has QuickGELU."""

CLIP_REPOSITORY = "timm/vit_base_patch32_clip_224.openai"
CLIP_FILES = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
CLIP_URL_CACHE = Path("~/.cache/clip/ViT-B-32.pt")
"""Where OpenAI's own package and older versions of open_clip keep the file."""

_MEND = (
    f"Once, with a network: `hf download {CLIP_REPOSITORY} {CLIP_FILES[0]}`; or give a local file of OpenAI's ViT-B/32 "
    "weights (.safetensors, .bin or ViT-B-32.pt); or train without it: --style-loss none."
)


def load_clip_style(
    weights: Path | None = None, *, block: int = STYLE_BLOCK, resize: StyleResize = "clip"
) -> CLIPStyle:
    """The style loss with CLIP's ViT-B/32 visual encoder (OpenAI's weights), from a file or the cache.

    Args:
        weights: a file of the whole CLIP model in open_clip's or OpenAI's names; None looks into the Hugging Face
            cache and ~/.cache/clip.
        block: whose tokens are compared, counted from 0.
        resize: how images reach the encoder's size (`visual_tokens`).
    Raises:
        MissingDependencyError: open_clip is not installed.
        MissingWeightsError: no file, or weights of another model. Says how to get them.
        ConfigError: the encoder has no such block.
    """
    transformer = _open_clip()
    path = _cached() if weights is None else Path(weights)
    if path is None or not path.is_file():
        raise MissingWeightsError(f"no weights of the style encoder {CLIP_MODEL}", file=path, mend=_MEND)
    sizes = {"image_size": 224, "patch_size": 32, "width": 768, "layers": 12, "heads": 12, "output_dim": 512}
    visual = transformer.VisionTransformer(**sizes, mlp_ratio=4.0, act_layer=transformer.QuickGELU)
    state = {
        name.removeprefix("visual."): tensor for name, tensor in _read_clip(path).items() if name.startswith("visual.")
    }
    try:
        visual.load_state_dict(state)
    except RuntimeError as error:
        raise MissingWeightsError(f"these are no weights of {CLIP_MODEL}", file=path, mend=_MEND) from error
    return CLIPStyle(visual, block, resize)


def tiny_clip_style(seed: int, *, block: int = 1) -> CLIPStyle:
    """The style loss with a RANDOM, tiny encoder, for tests and for trying the code offline.

    An open_clip VisionTransformer of two blocks on 32x32 images, with 16 tokens of width 16.

    Raises:
        MissingDependencyError: open_clip is not installed.
        ConfigError: `block` is neither 0 nor 1.
    """
    transformer = _open_clip()
    with torch.random.fork_rng(devices=[]):  # the caller's random numbers are none of our business
        torch.default_generator.manual_seed(seed)
        visual: nn.Module = transformer.VisionTransformer(
            image_size=32, patch_size=8, width=16, layers=2, heads=2, mlp_ratio=2.0, output_dim=8
        )
    return CLIPStyle(visual, block)


def _open_clip() -> Any:
    try:
        from open_clip import transformer
    except ImportError as error:
        raise MissingDependencyError(
            "the CLIP style loss needs open_clip, which is not installed", mend='Run pip install "ipose[style]".'
        ) from error
    return transformer


def _cached() -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    for name in CLIP_FILES:
        found = try_to_load_from_cache(CLIP_REPOSITORY, name)
        if isinstance(found, str):
            return Path(found)
    path = CLIP_URL_CACHE.expanduser()
    return path if path.is_file() else None


def _read_clip(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a safetensors file, a plain state dict, or OpenAI's TorchScript archive. No pickle is run."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch remarks on the archive's kind, which is no news here
            try:
                state = torch.load(path, map_location="cpu", weights_only=True)
            except Exception:
                state = torch.jit.load(path, map_location="cpu").state_dict()
        return {name: tensor for name, tensor in state.get("state_dict", state).items() if isinstance(tensor, Tensor)}
    except Exception as error:
        raise MissingWeightsError("the style encoder's weight file cannot be read", file=path, mend=_MEND) from error
