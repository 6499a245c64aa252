"""PartNet's record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipose.configs import Published
from ipose.data.file_lists import folders_in
from ipose.partnet.presets import PRESETS, PUBLISHED, PartNetConfig, preset
from ipose.systems.record import Released, System, TrainOptions

ROOM = "ipose.systems.partnet"


@dataclass(frozen=True, kw_only=True)
class PartNetOptions(TrainOptions):
    """Options that only `ipose train partnet` has."""

    supports: Path | None = None
    """Support folder; `ipose data build-parts` writes those of the authors' part data to such folders. None = choose k
    supports for each category by k-means (iPOSE suppl. A.2), with the preset `release`, too."""
    init: Path | None = None
    """Run whose weights are the start, as far as they fit. None = random weights."""

    def fitted(self, data: Any, config: Any) -> Any:
        """The data's config, without the part maps of the categories that the preset holds out."""
        if data is None or data.novel is not None or not config.held_out:
            return data
        return replace(data, novel=tuple(dict.fromkeys((*data.novel_categories, *config.held_out))))


def published(_: str) -> Mapping[str, Published]:
    """The published values, which are the same for all presets."""
    return PUBLISHED


def describe_parts(config: Mapping[str, Any], folder: Path) -> list[str]:
    """PartNet's hash, and the categories with supports."""
    supports = [place.name for place in folders_in(folder / "supports")]
    none = "none: it came without support maps; put <category>/<name>_part.png files into its supports/"
    return [f"PartNet {config['partnet_sha256'][:12]}", f"categories  {', '.join(supports) or none}"]


SYSTEM = System(
    name="partnet",
    formats=("ipose-partnet",),
    title="PartNet",
    summary="Train PartNet: parts from shapes (iPOSE sec. 3.1). Ends with a table beside two plain baselines.",
    config=PartNetConfig,
    preset=preset,
    presets=tuple(PRESETS),
    published=published,
    differences="docs/paper-vs-release.md",
    train_options=PartNetOptions,
    training=f"{ROOM}.training:prepare",
    metrics={"ac_pooled": "higher", "ac": "higher", "object_pixels": "higher", "miou": "higher"},
    loading="ipose.partnet.pretrained:load_partnet",
    describing=f"{ROOM}.record:describe_parts",
    exporting="ipose.systems.ipose.exporting:partnet_exports",
    judging=f"{ROOM}.judging:judge",
    judged_by={"parts": ("data", "spec")},
    tables=f"{ROOM}.tables:TABLES",
    rows=f"{ROOM}.ablations:PartNetRows",
    page=f"{ROOM}.page:page",
    finishing=f"{ROOM}.judging:finish",
    released={"PartNet": Released(making="ipose.systems.ipose.release:partnet_from_release")},
    to_release="ipose.systems.ipose.release:partnet_to_release",
    next_step="Look at parts: ipose parts MAP.png --model {run}",
    instead="A PartNet alone makes no images: train a generator with it (ipose train synthesis), or use ipose parts.",
)
