"""iPOSE's record: generator and discriminator with a frozen PartNet."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import FlagCreatePairsOff

from ipose.ablations.table import AblationTable
from ipose.synthesis.presets import PRESETS, SynthesisConfig, preset
from ipose.synthesis.published import published
from ipose.systems.partnet.record import describe_parts
from ipose.systems.record import (
    CLASS_OPTIONS,
    IMAGE_OPTIONS,
    ROBUSTNESS_OPTIONS,
    ImageAblateOptions,
    MakeOptions,
    Released,
    ReleaseOptions,
    System,
    TrainOptions,
)

ROOM = "ipose.systems.ipose"


@dataclass(frozen=True, kw_only=True)
class IPoseOptions(TrainOptions):
    """Options that only `ipose train synthesis` has."""

    partnet: Path | None = None
    """Run or model folder of the trained PartNet, which stays frozen. --parts predicted, the default, needs it. --parts
    true, --parts position_descriptor and --part-injection none do not need it."""
    supports: Path | None = None
    """Drawings of more part categories, with part names, beside PartNet's own supports: three of a category are enough,
    and PartNet needs no training (ipose supports check DIR)."""
    clip_weights: Path | None = None
    """Local file of CLIP ViT-B/32 weights for the style loss. None = the cache. --style-loss none needs no file."""
    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19 (vgg19-dcbb9e9d.pth) for --style-loss vgg. None = torch.hub's cache."""
    block: str | None = None
    """Your own generator block in place of the PSM block: module:Class, of an installed package or a folder on
    PYTHONPATH. The run remembers it."""
    init: Path | None = None
    """Run whose generator is the start, as far as it fits (to fine-tune on other classes). None = random weights."""


@dataclass(frozen=True, kw_only=True)
class IPoseMakeOptions(MakeOptions):
    """Options that `ipose generate` has for iPOSE."""

    parts: Path | None = None
    """True part map, or a folder of them. Only for a model that was trained on true parts."""
    supports: Path | None = None
    """Drawings of part categories, with part names: read beside the model's supports, or in place of those of the same
    category. The model stays as it is (ipose supports add MODEL DIR keeps them)."""
    without_parts: FlagCreatePairsOff[bool] = False
    """iPOSE: paint objects whose category has no supports as objects without parts. Otherwise they are an error."""


@dataclass(frozen=True, kw_only=True)
class IPoseAblateOptions(ImageAblateOptions):
    """Options that `ipose ablate` has for iPOSE's tables of images."""

    partnet: Path | None = None
    """Tables of images: run or model folder of the frozen PartNet, for rows with predicted parts."""
    clip_weights: Path | None = None
    """Local file of CLIP ViT-B/32 weights. None = the cache. Without a file, rows with the style loss are left out."""
    block: str | None = None
    """Your own generator block (module:Class) for one more row, own-block: the row of the paper's whole model with your
    block in place of the PSM block."""

    def applied(self, table: AblationTable) -> AblationTable:
        """The table, with the row of `block` behind that of the paper's whole model."""
        from ipose.systems.ipose.tables import with_own_row

        return table if self.block is None else with_own_row(table, self.block)


@dataclass(frozen=True, kw_only=True)
class IPoseReleaseOptions(ReleaseOptions):
    """Options that `ipose convert` has for iPOSE's files."""

    supports: Path | None = None
    """iPOSE: support folder, or the authors' part data with its support_shape/. The authors' weights have no supports,
    and without supports no parts can be inferred."""
    z_channels: int | None = None
    """iPOSE: channels of the texture noise. None = the preset's, or else 64."""


def describe(config: Mapping[str, Any], folder: Path) -> list[str]:
    """The facts about a model folder, in words."""
    block = str(config.get("block", "ipose."))
    own = [] if block.startswith("ipose.") else [f"blocks of {block}"]
    if "partnet_config" in config:
        return [*describe_parts(config, folder), *own]
    kinds = {"true": "the true part map", "position_descriptor": "position descriptors"}
    settings = config["synthesis_config"]
    reads = "no parts" if settings["part_injection"] == "none" else kinds[settings["parts"]]
    return [f"no PartNet: it reads {reads}", *own]


SYSTEM = System(
    name="synthesis",
    formats=("ipose",),
    title="iPOSE",
    summary="Train generator and discriminator on scenes, with a trained PartNet (iPOSE secs. 3.2, 3.3).",
    config=SynthesisConfig,
    preset=preset,
    presets=tuple(PRESETS),
    published=published,
    differences="docs/paper-vs-release.md",
    train_options=IPoseOptions,
    training=f"{ROOM}.training:prepare",
    metrics={"frechet": "lower"},
    loading="ipose.pipeline:IPose.from_pretrained",
    describing=f"{ROOM}.record:describe",
    making=f"{ROOM}.generating:make",
    make_options=IPoseMakeOptions,
    exporting=f"{ROOM}.exporting:exports",
    judging=f"{ROOM}.judging:judge",
    judged_by={"images": (*IMAGE_OPTIONS, "without_parts"), "classes": CLASS_OPTIONS, "robustness": ROBUSTNESS_OPTIONS},
    class_noise=f"{ROOM}.judging:class_noise",
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
