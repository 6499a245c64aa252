"""The training of every system, small in every width but whole in kind. It computes in float64.

So rounding, which differs from machine to machine and between one thread and two, stays far below a tolerance.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.tiny_ganseg import TINY_GANSEG
from ipose.data.batch_sources import PhotoSource, SceneSource
from ipose.data.data_config import DataConfig, PhotoConfig
from ipose.data.open_data import open_part_pairs, open_scenes, open_spec
from ipose.data.photo_folder import open_photographs
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.objective import GANSegObjective
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.losses.relaxed_emd import relaxed_emd
from ipose.objective import Objective
from ipose.partnet.objective import PartNetObjective, PartPairSource
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.scene_parts import infer_scene_parts
from ipose.segmentation.objective import SegmenterObjective
from ipose.segmentation.pairs import NoiseSource, PartSegmenterObjective
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig
from ipose.segmentation.segmenter_config import SegmenterConfig
from ipose.synthesis.objective import SynthesisObjective
from ipose.synthesis.presets import preset
from ipose.training.batches import BatchSource

DATA = DataConfig(scenes=8, val_scenes=1, categories=("car", "dog"), scene_size=64, objects=(1, 2))
PARTNET = PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=2, k=2, batch_size=4, learning_rate=1e-3)
SYNTHESIS = preset(
    "toy",
    height=32,
    width=32,
    part_input="features",
    paste="release",
    part_feature_channels=2,
    channels=2,
    channel_multipliers=(3, 2, 2),
    spade_hidden=4,
    part_hidden=4,
    discriminator_channels=(3, 4, 6, 8),
    last_decoder_channels=4,
    style_loss="clip",
    batch_size=3,
)


GANSEG = replace(TINY_GANSEG, point_divisor=2.0, penalty_interval=3, batch_size=3, random_crop=True)


GROUPDNET = GroupDNetConfig(
    num_classes=16,
    height=32,
    width=32,
    load_size=36,
    encoder_channels=(2, 3),
    code_channels=2,
    decoder_channels=(32, 16, 16, 8),
    decoder_groups=(16, 4, 1),
    modulation_hidden=16,
    edges=True,
    discriminator_width=3,
    batch_size=3,
)

Training = tuple[Objective, BatchSource]


class Patches(nn.Module):
    """Stands in for CLIP and for VGG: the earth mover's distance between patches of 8x8 pixels. No weights to fetch."""

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        return relaxed_emd(*(F.unfold(images.double(), 8, stride=8).transpose(1, 2) for images in (fake, real)))


def to_float64(_: nn.Module, inputs: tuple[Any, ...], keywords: Mapping[str, Any]) -> tuple[Any, Any]:
    """A forward pre-hook: what the system prepares in float32 enters the network in float64."""

    def wide(value: Any) -> Any:
        return value.double() if isinstance(value, Tensor) and value.is_floating_point() else value

    return tuple(wide(value) for value in inputs), {name: wide(value) for name, value in keywords.items()}


def in_float64(network: nn.Module, seed: int) -> Any:
    """The network in float64, with weights that every machine draws alike: whole numbers, scaled by powers of two."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.double().parameters():
            whole = torch.randint(-256, 257, parameter.shape, generator=generator)
            scale = 2.0 ** (1 - round(math.log2(parameter[0].numel()) / 2)) if parameter.ndim > 1 else 1.0
            parameter.copy_(whole / 256 * scale)
        for name, vector in network.named_buffers():
            if name.endswith(("._u", "._v")):  # of spectral norm
                vector.fill_(len(vector) ** -0.5)
    for module in (network, getattr(network, "shape_encoder", None)):
        if module is not None:
            module.register_forward_pre_hook(to_float64, with_kwargs=True)
    return network


def attentive_partnet() -> PartNet:
    """With attention that looks somewhere and logits that differ; else no loss would tell one support from another."""
    network: PartNet = in_float64(PartNet(PARTNET), 1)
    with torch.no_grad():
        for parameter in network.blocks.parameters():
            parameter.mul_(2)
        network.decoder.head.weight.mul_(4)
    return network


def partnet(random_supports: float = 3 / 8, learning_rate: float = PARTNET.learning_rate) -> Training:
    """PartNet on the cars and dogs of PartWorld, with all its terms."""
    data = open_part_pairs(DATA)
    source = PartPairSource(data.basis_train, data.choose_supports(PARTNET.k), random_supports=random_supports)
    return PartNetObjective(attentive_partnet(), replace(PARTNET, learning_rate=learning_rate)), source


def synthesis(style: Literal["clip", "none"] = "clip") -> Training:
    """Generator and discriminator on the same scenes, with the parts that a random PartNet infers."""
    data, spec = open_part_pairs(DATA), open_spec(DATA).labels
    scenes = open_scenes(DATA, "train", (SYNTHESIS.height, SYNTHESIS.width))
    config = replace(SYNTHESIS, num_classes=spec.num_classes, unknown=spec.unknown, style_loss=style)
    partnet, supports = attentive_partnet().eval(), data.choose_supports(PARTNET.k)
    system = SynthesisObjective.from_config(
        config, infer_parts=lambda batch: infer_scene_parts(partnet, batch, supports), style=Patches()
    )
    return _in_float64(system), SceneSource(scenes)


def ganseg() -> Training:
    """A GANSeg on photographs of cars: the penalty at every third step, the part losses at every second."""
    photographs = open_photographs(PhotoConfig(scenes=8, val_scenes=1, categories=("car",)), "train", 32)
    source = PhotoSource(photographs.images, flip=GANSEG.flip, random_crop=GANSEG.random_crop)
    return _in_float64(GANSegObjective.from_config(GANSEG)), source


def groupdnet() -> Training:
    """Encoder, decoder and discriminator of a GroupDNet on random crops of the same scenes, with all its terms."""
    scenes = open_scenes(DATA, "train", GROUPDNET.loaded)
    system = GroupDNetObjective.from_config(GROUPDNET, perceptual=Patches())
    return _in_float64(system), SceneSource(scenes, crop=GROUPDNET.crop)


def segmenter() -> Training:
    """A segmenter with batch norm and dropout on the same scenes."""
    objective = SegmenterObjective(_segmenter(open_spec(DATA).labels.num_classes), SegmenterConfig())
    return _in_float64(objective), SceneSource(open_scenes(DATA, "train", (32, 32)))


def part_segmenter() -> Training:
    """A segmenter on the pairs of a random GANSeg."""
    generator: GANSegGenerator = in_float64(GANSegGenerator(GANSEG), 3)
    objective = PartSegmenterObjective(_segmenter(GANSEG.parts + 1), generator, PartSegmenterConfig())
    return _in_float64(objective), NoiseSource(GANSEG, 8)


SYSTEMS: dict[str, Callable[[], Training]] = {
    "partnet": partnet,
    "synthesis": synthesis,
    "groupdnet": groupdnet,
    "ganseg": ganseg,
    "segmenter": segmenter,
    "part_segmenter": part_segmenter,
}


def _segmenter(classes: int) -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.2), nn.Conv2d(6, classes, 1)
    )


def _in_float64(system: Any) -> Any:
    for seed, network in enumerate(system.networks.values(), start=2):
        in_float64(network, seed)
    return system
