"""GANSeg's record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipose.data.data_config import PhotoConfig
from ipose.ganseg.presets import PRESETS, WIDEST_DIVISOR, GANSegConfig, Heatmap, at_size, preset
from ipose.ganseg.published import published
from ipose.systems.record import AblateOptions, MakeOptions, Released, ReleaseOptions, System, TrainOptions

ROOM = "ipose.systems.ganseg"


@dataclass(frozen=True, kw_only=True)
class GANSegOptions(TrainOptions):
    """Options that only `ipose train ganseg` has."""

    image_size: int | None = None
    """Side of the images: 32, 64, 128, 256, ... The sizes of all blocks follow. None = the preset's."""
    init: Path | None = None
    """Run whose generator is the start, as far as it fits: one of smaller images with the same widths does. None =
    random weights."""

    def applied(self, config: Any) -> Any:
        """The config at this size. Below a first size of 32 the points start wide enough apart for it, with --sizes,
        too."""
        sized = config if self.image_size is None else at_size(config, self.image_size)
        widest = WIDEST_DIVISOR * sized.sizes[0] if sized.sizes[0] < 32 else sized.point_divisor
        return replace(sized, point_divisor=min(sized.point_divisor, widest))

    def described(self) -> dict[str, Any]:
        """The options without the size, which the config has."""
        return {name: value for name, value in super().described().items() if name != "image_size"}


@dataclass(frozen=True, kw_only=True)
class GANSegMakeOptions(MakeOptions):
    """Options that `ipose generate` has for a GANSeg."""

    move: tuple[str, ...] = ()
    """GANSeg: move a part, given as part=NUMBER:DOWN,RIGHT, for example part=2:0.1,0.0. The unit is half the image's
    side."""


@dataclass(frozen=True, kw_only=True)
class GANSegAblateOptions(AblateOptions):
    """Options that `ipose ablate` has for GANSeg's tables: of the part segmenter that each row trains on its pairs."""

    part_network: str | None = None
    """GANSeg: segmentation network of torchvision. None = deeplabv3_resnet50."""
    part_steps: int | None = None
    """GANSeg: optimizer steps of each part segmenter. None = 10 epochs of 64,000 pairs."""
    part_batch_size: int | None = None
    """GANSeg: pairs in a batch of the part segmenter. None = 64."""
    part_enlarge: int | None = None
    """GANSeg: factor by which images are enlarged for the part segmenter. None = 1."""
    backbone: Path | None = None
    """GANSeg: local file of ImageNet weights for the part segmenter's backbone. None = random weights."""


@dataclass(frozen=True, kw_only=True)
class GANSegReleaseOptions(ReleaseOptions):
    """Options that `ipose convert` has for GANSeg's files."""

    heatmap: Heatmap | None = None
    """GANSeg: form of the parts, which no weight shows: cone in the published runs, gauss-var as default of the
    authors' command line. None = the preset's, cone."""


def describe(config: Mapping[str, Any], folder: Path) -> list[str]:
    """The facts about a model folder, in words."""
    settings = config["ganseg_config"]
    return [f"{settings['parts']} parts, images of {settings['sizes'][-1]}"]


SYSTEM = System(
    name="ganseg",
    formats=("ipose-ganseg",),
    title="GANSeg",
    summary="Train GANSeg: find parts in photographs that nobody annotated (GANSeg, CVPR 2022).",
    config=GANSegConfig,
    preset=preset,
    presets=("tiny", *(name for name in PRESETS if name != "tiny")),
    published=published,
    differences="docs/paper-vs-release-ganseg.md",
    data=PhotoConfig,
    train_options=GANSegOptions,
    training=f"{ROOM}.training:prepare",
    metrics={"frechet": "lower"},
    loading="ipose.ganseg.pretrained:load_ganseg",
    describing=f"{ROOM}.record:describe",
    making=f"{ROOM}.generating:make",
    reads_maps=False,
    make_options=GANSegMakeOptions,
    judging=f"{ROOM}.judging:judge",
    judged_by={"images": ("data", "protocol", "features", "segmenter", "count", "limit", "precision")},
    tables=f"{ROOM}.tables:TABLES",
    rows=f"{ROOM}.ablations:GANSegRows",
    ablate_options=GANSegAblateOptions,
    page=f"{ROOM}.generating:page",
    released={"GANSeg generator": Released(making=f"{ROOM}.release:generator_from_release")},
    to_release=f"{ROOM}.release:generator_to_release",
    release_options=GANSegReleaseOptions,
    next_step="Make images: ipose generate --model {run}",
    instead="Its parts are judged through a segmenter: ipose train part-segmenter --pairs RUN; then evaluate that run.",
)
