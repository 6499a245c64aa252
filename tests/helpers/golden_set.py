"""Another set of golden files, of the form of the authors', made from our own networks with random weights.

It shows that golden tests take everything from the files: with another aspect, other widths, k, classes, categories and
another original size, they must pass as they are. (That the numbers are the authors', only the authors' can show.)
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from helpers import golden_inputs as inputs
from helpers import golden_outputs as outputs
from helpers.golden_files import Golden, write_golden
from helpers.golden_scenes import golden_scene_parts, golden_supports
from ipose.interop.release import partnet as partnet_from_release
from ipose.interop.release import to_release
from ipose.interop.release.recognise import PARTNET_IN_GENERATOR
from ipose.part_annotations import CROP_SIZE, PART_CHANNELS
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig


@dataclass(frozen=True, kw_only=True)
class GoldenConfig:
    """The config of every file of a set, under the names that the authors' files use."""

    seed: int = 1
    categories: tuple[int, ...] = (7, 24, 26)
    encoder_channels: tuple[int, ...] = (3, 3, 4, 5, 6)
    part_feature_channels: int = 3
    attention_blocks: int = 2
    supports: int = 2
    semantic_classes: int = 4
    unknown: int | None = None
    channels_G: int = 2
    z_dim: int = 3
    channels_D: tuple[int, ...] = (3, 4, 4, 6, 6, 8, 8)
    last_decoder_channels: int = 5
    part_channels: int = PART_CHANNELS
    object_size: int = CROP_SIZE
    image_height: int = 64
    image_width: int = 128


def write_golden_set(
    folder: Path, config: GoldenConfig | None = None, *, images: int = 2, original: tuple[int, int] = (4, 3)
) -> None:
    """Write all files but `spd` into `folder`/ipose.

    Args:
        folder: what IPOSE_GOLDEN may then name.
        config: the numbers of the set.
        images: in each file that has a batch of them.
        original: Ho and Wo in `scene_parts_borders`; in `scene_parts` nothing was stretched.
    """
    config = config or GoldenConfig()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        files = _files(config, images, original)
    for name, golden in files.items():
        write_golden(folder / "ipose" / f"{name}.safetensors", golden)


def _files(config: GoldenConfig, images: int, original: tuple[int, int]) -> dict[str, Golden]:
    plain = asdict(config)
    partnet = _file(config, _partnet(config), outputs.partnet_outputs)
    scenes = {
        "scene_parts": inputs.scene_inputs(plain, images, (1, 1), whole=True),
        "scene_parts_borders": inputs.scene_inputs(plain, images, original, whole=False),
    }
    network, supports = partnet_from_release(partnet.state), golden_supports(partnet)

    def composed(golden: Golden) -> dict[str, Tensor]:
        return outputs.scene_parts_outputs(golden, network, supports)

    return {
        "partnet": partnet,
        "partnet_loss": _file(config, inputs.part_loss_inputs(), outputs.partnet_loss_outputs),
        "generator": _file(config, _generator(config, scenes["scene_parts"], partnet), outputs.generator_outputs),
        "discriminator": _file(config, _discriminator(config, images), outputs.discriminator_outputs),
        "losses": _file(config, inputs.loss_inputs(plain, images), outputs.losses_outputs),
        **{name: _file(config, tensors, composed) for name, tensors in scenes.items()},
    }


def _file(config: GoldenConfig, tensors: dict[str, Tensor], compute: Callable[[Golden], dict[str, Tensor]]) -> Golden:
    tensors = {name: value.detach().contiguous() for name, value in tensors.items()}  # as they will be read
    found = compute(Golden(asdict(config), tensors))
    return Golden(asdict(config), {**tensors, **{f"out.{name}": found[name] for name in found if not _is_noise(name)}})


def _is_noise(name: str) -> bool:
    """The gradient of a bias in front of an instance norm is 0 but for rounding; no bias's is recorded."""
    return name.startswith("grad.") and name.endswith(".bias")


def _partnet(config: GoldenConfig) -> dict[str, Tensor]:
    c1, _, c2, c3, c4, *_ = config.encoder_channels
    network = PartNet(PartNetConfig(encoder_channels=(c1, c2, c3, c4), attention_blocks=config.attention_blocks))
    return {
        **_state(network),
        "in.support_part_maps": inputs.part_maps((len(config.categories), config.supports), PART_CHANNELS // 2),
        "in.category_index": torch.tensor([1, 0]),
        "in.shape": inputs.part_maps((2, 1), 1).float(),
    }


def _generator(config: GoldenConfig, scene: dict[str, Tensor], partnet: Golden) -> dict[str, Tensor]:
    network = Generator(
        SynthesisConfig(
            num_classes=config.semantic_classes,
            z_channels=config.z_dim,
            channels=config.channels_G,
            spade_hidden=7,
            part_hidden=6,
            part_noise_channels=5,
            part_feature_channels=config.part_feature_channels,
            init_gain=1.0,
        )
    )
    inputs.random_statistics(network)
    images, _, h, w = scene["in.instance"].shape
    tensors = {**scene, "in.support_part_maps": partnet["in.support_part_maps"]}
    parts = golden_scene_parts(
        Golden(partnet.config, tensors), partnet_from_release(partnet.state), golden_supports(partnet)
    )
    return {
        **tensors,
        **_state(network),
        **{f"state.{PARTNET_IN_GENERATOR}{name}": value for name, value in partnet.state.items()},
        "in.part_features": parts.features,
        "in.part_mask": parts.mask.to(torch.uint8),
        "in.label": torch.randint(0, config.semantic_classes, (images, 1, h, w), dtype=torch.uint8),
        "in.z": torch.randn(images, config.z_dim),
        "in.z_part": torch.randn(images, 5, h // 32, w // 32),
        "in.grad_weight": 0.1 * torch.randn(images, 3, h, w),
    }


def _discriminator(config: GoldenConfig, images: int) -> dict[str, Tensor]:
    network = Discriminator(config.semantic_classes, config.channels_D, config.last_decoder_channels)
    return {**_state(network), "in.image": torch.randn(images, 3, config.image_height, config.image_width)}


def _state(network: nn.Module) -> dict[str, Tensor]:
    return {f"state.{name}": value for name, value in to_release(network).items()}
