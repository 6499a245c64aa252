"""iPOSE's record: generator and discriminator beside a frozen PartNet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import FlagCreatePairsOff

from ipose.synthesis.presets import PRESETS, SynthesisConfig, preset
from ipose.synthesis.published import published
from ipose.systems.partnet.record import describe_parts
from ipose.systems.record import (
    CLASS_OPTIONS,
    IMAGE_OPTIONS,
    AblateOptions,
    MakeOptions,
    Released,
    ReleaseOptions,
    System,
    TrainOptions,
)

ROOM = "ipose.systems.ipose"


@dataclass(frozen=True, kw_only=True)
class IPoseOptions(TrainOptions):
    """What `ipose train synthesis` takes more."""

    partnet: Path | None = None
    """Run or model folder of the trained PartNet, which stays frozen. Needed for --parts predicted, the default; not
    for --parts true, --parts position_descriptor, or --part-injection none (there it shows parts on sheets)."""
    clip_weights: Path | None = None
    """Local file of CLIP ViT-B/32 weights for the style loss. None = the cache; without any: --style-loss none."""
    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19 (vgg19-dcbb9e9d.pth) for --style-loss vgg. None = torch.hub's cache."""
    init: Path | None = None
    """Start from this run's generator, as far as it fits (fine-tune on other classes)."""


@dataclass(frozen=True, kw_only=True)
class IPoseMakeOptions(MakeOptions):
    """What `ipose generate` takes more for iPOSE."""

    parts: Path | None = None
    """True part map, or folder of them, for a model that was trained on true parts. Others predict theirs."""
    without_parts: FlagCreatePairsOff[bool] = False
    """iPOSE: paint objects whose category has no supports as objects without parts. Without it, they are refused."""


@dataclass(frozen=True, kw_only=True)
class IPoseAblateOptions(AblateOptions):
    """What `ipose ablate` takes more for iPOSE's tables, which are of images."""

    partnet: Path | None = None
    """Tables of images: run or model folder of the frozen PartNet, for rows with predicted parts."""
    clip_weights: Path | None = None
    """Local file of CLIP ViT-B/32 weights. None = the cache; without any, rows with the style loss are not run."""
    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19. None = torch.hub's cache; without any, table 9's row is not run."""
    tiny_encoders: bool = False
    """Tiny random networks in place of CLIP and VGG: for trials, and the table says so."""
    features: str | None = None
    """Of Frechet and kernel distance: inception, random, or a file. None = inception where its weights are, else
    random."""
    segmenter: Path | None = None
    """A run of ipose train segmenter, or a TorchScript or torch.export file: adds mIoU and pixel accuracy."""
    class_map: Path | None = None
    """JSON list of class names: what each channel of the segmenter stands for. None = the spec's classes in order."""


@dataclass(frozen=True, kw_only=True)
class IPoseReleaseOptions(ReleaseOptions):
    """What `ipose convert` takes more for iPOSE's files."""

    supports: Path | None = None
    """iPOSE: support folder, or the authors' part data with its support_shape/. Their weights bring no support maps;
    without any, no parts can be inferred yet."""
    z_channels: int | None = None
    """iPOSE: channels of the texture noise. None = the preset's, else 64."""


def describe(config: Mapping[str, Any], folder: Path) -> list[str]:
    """What a model folder holds, in words."""
    if "partnet_config" in config:
        return describe_parts(config, folder)
    kinds = {"true": "the true part map", "position_descriptor": "position descriptors"}
    settings = config["synthesis_config"]
    reads = "no parts" if settings["part_injection"] == "none" else kinds[settings["parts"]]
    return [f"no PartNet: it reads {reads}"]


SYSTEM = System(
    name="synthesis",
    formats=("ipose",),
    title="Synthesis",
    summary="Train generator and discriminator on scenes, with a trained PartNet (iPOSE secs. 3.2, 3.3).",
    config=SynthesisConfig,
    preset=preset,
    presets=tuple(PRESETS),
    published=published,
    differences="docs/paper-vs-release.md",
    train_options=IPoseOptions,
    training=f"{ROOM}.training:prepare",
    loading="ipose.pipeline:IPose.from_pretrained",
    describing=f"{ROOM}.record:describe",
    making=f"{ROOM}.generating:make",
    make_options=IPoseMakeOptions,
    judging=f"{ROOM}.judging:judge",
    judged_by={"images": IMAGE_OPTIONS, "classes": CLASS_OPTIONS},
    class_noise=f"{ROOM}.class_noise:class_noise",
    tables=f"{ROOM}.tables:TABLES",
    rows=f"{ROOM}.ablations:SynthesisRows",
    ablate_options=IPoseAblateOptions,
    page=f"{ROOM}.page:page",
    figures=f"{ROOM}.figures:draw",
    released={"generator": Released(making=f"{ROOM}.release:generator_from_release")},
    to_release=f"{ROOM}.release:generator_to_release",
    release_options=IPoseReleaseOptions,
    next_step="Make images: ipose generate MAP.png --model {run}",
)
