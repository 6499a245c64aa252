"""A tiny model with random weights, and what its generator was given."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from ipose.layers.spade import SPADE
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.pipeline import IPose, SceneOutput
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset
from ipose.testing.tiny_scenes import SPEC

WIDTHS = {
    "num_classes": SPEC.num_classes,
    "unknown": SPEC.unknown,
    "height": 32,
    "width": 48,
    "channels": 2,
    "channel_multipliers": (2, 2, 2, 2, 2),
    "spade_hidden": 3,
    "part_hidden": 2,
    "part_noise_channels": 2,
    "part_feature_channels": 2,
    "z_channels": 3,
    "init_gain": 1.0,  # so that every input shows in the image
}


def tiny_supports() -> SupportSet:
    """A car with a roof, a floor and, in the first support, a wheel at the floor's edge; a dog in two halves."""
    maps = torch.zeros(2, 64, 64, dtype=torch.uint8)
    maps[:, 8:32, 8:56], maps[:, 32:56, 12:50] = 1, 2
    dog = maps.transpose(1, 2).contiguous()
    maps[0, 50:56, 16:22] = 3
    return SupportSet({"car": ("top", "bottom", "wheel"), "dog": ("front", "back")}, {"car": maps, "dog": dog})


def tiny_model(**changes: Any) -> IPose:
    torch.manual_seed(0)
    partnet = PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1, k=2))
    return IPose(Generator(preset("toy", **{**WIDTHS, **changes})), partnet, tiny_supports(), SPEC)


@dataclass(frozen=True)
class Given:
    """What the generator got, and what it made of it.

    Args:
        features: composed part features.
        mask: part mask.
        part_noise: structure noise.
        maps: [z, label] of the first layer and of every SPADE, at each one's size.
        out: the answer.
    """

    features: Tensor
    mask: Tensor
    part_noise: Tensor
    maps: list[Tensor]
    out: SceneOutput


def watched(model: IPose, run: Callable[[], SceneOutput]) -> Given:
    """Run the model once and keep what its generator was given."""
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    maps: list[Tensor] = []

    def whole(_: object, args: tuple[Tensor, ...], named: dict[str, Tensor]) -> None:
        parts.append((args[1].clone(), args[2].clone(), named["part_noise"].clone()))

    def first(_: object, args: tuple[Tensor, ...]) -> None:
        maps.append(args[0].clone())

    def spade(_: object, args: tuple[Tensor, ...]) -> None:
        maps.append(args[1].clone())

    network = model.generator
    network.map_form = "dense"  # every SPADE reads a tensor, which can be kept
    hooks = [network.register_forward_pre_hook(whole, with_kwargs=True), network.first.register_forward_pre_hook(first)]
    hooks += [layer.register_forward_pre_hook(spade) for layer in network.modules() if isinstance(layer, SPADE)]
    try:
        out = run()
    finally:
        for hook in hooks:
            hook.remove()
    return Given(*parts[0], maps, out)


@pytest.fixture(scope="session")
def model() -> IPose:
    return tiny_model()


@pytest.fixture(scope="session")
def make_model() -> Callable[..., IPose]:
    """`make_model(part_input="logits")`: another tiny model."""
    return tiny_model


@pytest.fixture(scope="session")
def watch() -> Callable[[IPose, Callable[[], SceneOutput]], Given]:
    """`watch(model, lambda: model(scene))`: what its generator was given."""
    return watched
