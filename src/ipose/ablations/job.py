"""What `ipose ablate` is asked for. No torch in here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipose.ablations.grids import AblationTable, Row
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.partnet import presets as partnet_presets
from ipose.partnet.presets import PartNetConfig
from ipose.synthesis import presets as synthesis_presets
from ipose.synthesis.presets import SynthesisConfig

FOR_IMAGES = ("partnet", "clip_weights", "vgg_weights", "features", "segmenter", "class_map")


@dataclass(frozen=True, kw_only=True)
class AblationJob:
    """A table to fill.

    Args:
        table: the grid.
        config: what its rows change; `preset_config` has the named ones.
        preset: its name, for the tables.
        data: to train and evaluate on, the same for all rows.
        out: folder of the runs and tables.
        steps: of each run; None = the config's epochs.
        loop: other settings of `TrainConfig` that all runs share.
        seeds: each row is trained once with each.
        rows: names of some rows; none = all.
        max_minutes: for the whole command; None = until it is done.
        partnet: run or model folder of the frozen PartNet (synthesis tables).
        clip_weights: local file of the style encoder; None = the cache.
        vgg_weights: local file of VGG-19; None = the cache.
        tiny_encoders: tiny random networks in place of CLIP and VGG: for trials of the code.
        features: of Frechet and kernel distance; None = Inception where its weights are, else "random".
        segmenter: network file; adds mIoU and pixel accuracy.
        class_map: of the segmenter's channels.
        device: None = what is there.
    Raises:
        ConfigError: what cannot work.
    """

    table: AblationTable
    config: PartNetConfig | SynthesisConfig
    preset: str
    data: DataConfig
    out: Path
    steps: int | None = None
    loop: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] = (0,)
    rows: tuple[str, ...] = ()
    max_minutes: float | None = None
    partnet: Path | None = None
    clip_weights: Path | None = None
    vgg_weights: Path | None = None
    tiny_encoders: bool = False
    features: str | None = None
    segmenter: Path | None = None
    class_map: Path | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        self.table.subset(self.rows)
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            found = " ".join(map(str, self.seeds)) or "none"
            raise ConfigError("every seed is one run", field="seeds", found=found, expected="different numbers >= 0")
        if self.max_minutes is not None and self.max_minutes <= 0:
            raise ConfigError(
                "no time to train in", field="max_minutes", found=self.max_minutes, expected="more than 0"
            )
        if self.steps is not None and self.steps < 1:
            raise ConfigError("no steps", field="steps", found=self.steps, expected="1 or more")
        if self.table.kind == "partnet":
            self._check_no_images()
        if self.class_map is not None and self.segmenter is None:
            raise ConfigError("a class map of no segmenter", field="class_map", expected="--segmenter FILE with it")

    @property
    def chosen(self) -> tuple[Row, ...]:
        """The rows that were asked for, in the table's order."""
        return self.table.subset(self.rows)

    def loop_of_run(self, seed: int, max_minutes: float | None = None) -> dict[str, Any]:
        """Settings of `TrainConfig` for a run; `steps` is left out where the config's epochs decide."""
        settings = {**self.loop, "max_minutes": max_minutes, "seed": seed, "decay_by": "steps"}
        return settings if self.steps is None else {**settings, "steps": self.steps}

    def _check_no_images(self) -> None:
        stray = [name for name in FOR_IMAGES if getattr(self, name) is not None]
        stray += ["tiny_encoders"] if self.tiny_encoders else []
        if stray:
            raise ConfigError(
                f"table {self.table.name} trains PartNet alone and makes no images",
                field=stray[0],
                mend="Leave this option out; it is of the synthesis tables.",
            )


def preset_config(table: AblationTable, name: str) -> PartNetConfig | SynthesisConfig:
    """The preset of a table's kind. Raises ConfigError for an unknown one."""
    if table.kind == "partnet":
        return partnet_presets.preset(name)
    return synthesis_presets.preset(name)
