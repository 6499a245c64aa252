"""GroupDNet's record."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipose.groupdnet.presets import PRESETS, GroupDNetConfig, preset
from ipose.groupdnet.published import published
from ipose.systems.record import (
    CLASS_OPTIONS,
    IMAGE_OPTIONS,
    RECONSTRUCTION_OPTIONS,
    ImageAblateOptions,
    MakeOptions,
    Released,
    ReleaseOptions,
    System,
    TrainOptions,
)

ROOM = "ipose.systems.groupdnet"


@dataclass(frozen=True, kw_only=True)
class GroupDNetOptions(TrainOptions):
    """Options that only `ipose train groupdnet` has."""

    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19 (vgg19-dcbb9e9d.pth). None = torch.hub's cache. --perceptual none needs no
    file."""


@dataclass(frozen=True, kw_only=True)
class GroupDNetMakeOptions(MakeOptions):
    """Options that `ipose generate` has for a GroupDNet."""

    resample: tuple[str, ...] = ()
    """GroupDNet: names of classes whose look changes from seed to seed. All else keeps the look of the first image."""


@dataclass(frozen=True, kw_only=True)
class GroupDNetAblateOptions(ImageAblateOptions):
    """Options that `ipose ablate` has for GroupDNet's tables."""

    lpips: Path | None = None
    """GroupDNet: file of torchvision's AlexNet (alexnet-owt-7be5be79.pth), for LPIPS. None = the mean absolute
    difference."""
    maps: int | None = None
    """GroupDNet: number of validation label maps for mCSD and mOCD. None = 20."""
    pairs: int | None = None
    """GroupDNet: number of image pairs for each class of a map. None = 19."""


@dataclass(frozen=True, kw_only=True)
class GroupDNetReleaseOptions(ReleaseOptions):
    """Options that `ipose convert` has for GroupDNet's files."""

    encoder: Path | None = None
    """GroupDNet: file of the encoder. None = beside the generator's, with _E in place of _G (latest_net_E.pth)."""


def describe(config: Mapping[str, Any], folder: Path) -> list[str]:
    """The facts about a model folder, in words."""
    settings = config["groupdnet_config"]
    return [f"{settings['num_classes']} classes, groups {', '.join(map(str, settings['decoder_groups']))}"]


SYSTEM = System(
    name="groupdnet",
    formats=("ipose-groupdnet",),
    title="GroupDNet",
    summary="Train GroupDNet: images whose classes can be resampled one by one (CVPR 2020). Needs no PartNet.",
    config=GroupDNetConfig,
    preset=preset,
    presets=("fashion-small", *(name for name in PRESETS if name != "fashion-small")),
    published=published,
    differences="docs/groupdnet.md",
    train_options=GroupDNetOptions,
    training=f"{ROOM}.training:prepare",
    metrics={"frechet": "lower"},
    loading="ipose.groupdnet.model:GroupDNet.from_pretrained",
    describing=f"{ROOM}.record:describe",
    making=f"{ROOM}.images:make",
    make_options=GroupDNetMakeOptions,
    judging=f"{ROOM}.judging:judge",
    judged_by={
        "images": (*IMAGE_OPTIONS, "maps", "pairs", "masking"),
        "classes": CLASS_OPTIONS,
        "reconstruction": RECONSTRUCTION_OPTIONS,
    },
    class_noise=f"{ROOM}.judging:class_noise",
    reconstruction=f"{ROOM}.judging:coder",
    tables=f"{ROOM}.tables:TABLES",
    rows=f"{ROOM}.ablations:GroupDNetRows",
    ablate_options=GroupDNetAblateOptions,
    page=f"{ROOM}.images:page",
    figures=f"{ROOM}.images:draw",
    released={
        "GroupDNet generator": Released(making=f"{ROOM}.release:from_release"),
        "GroupDNet encoder": Released(
            instead="Convert the generator's file (latest_net_G.pth), and name this one with --encoder."
        ),
    },
    to_release=f"{ROOM}.release:to_files",
    release_options=GroupDNetReleaseOptions,
    next_step="Make images: ipose generate MAP.png --model {run}",
)
