"""`ipose ablate TABLE`: the paper's ablation tables, each by one command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from ipose.cli.loop_flags import INTERRUPTED
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError


@dataclass(frozen=True)
class Ablate:
    """Train the rows of one of the paper's ablation tables, and write the table beside the published one.

    One run folder a row and seed, shared between tables. Stop it as you like: the same command goes on.
    """

    data: DataConfig
    table: Positional[str | None] = None
    """3 (losses, part injection), 4 (supports), 7 (multi-scale), 8 (attention blocks), 9 (CLIP or VGG), 11 (position
    descriptor) or 12 (true parts)."""
    show: Annotated[FlagCreatePairsOff[bool], tyro.conf.arg(name="list")] = False
    """Print the tables with their rows, and train nothing."""
    out: Path = Path("ablations")
    """Folder of the runs, table-N.json, table-N.md and report.html."""
    preset: str = "toy"
    """What the rows change: toy, half, paper, release for 4, 7, 8; toy, cityscapes, ade20k, ... for the others."""
    steps: int | None = None
    """Optimizer steps of each run. None = as many as the preset's epochs make."""
    seeds: tuple[int, ...] = (0,)
    """Each row is trained once with each; an ordering is claimed from two on."""
    rows: tuple[str, ...] = ()
    """Names of some rows (--list). None = all."""
    max_minutes: float | None = None
    """Stop cleanly after this long, in all."""
    partnet: Path | None = None
    """Tables of images: run or model folder of the frozen PartNet, for rows with predicted parts."""
    clip_weights: Path | None = None
    """Local file of CLIP ViT-B/32 weights. None = the cache; without any, rows with the style loss are not run."""
    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19. None = torch.hub's cache; without any, table 9's row is not run."""
    tiny_encoders: FlagCreatePairsOff[bool] = False
    """Tiny random networks in place of CLIP and VGG: for trials, and the table says so."""
    features: str | None = None
    """Of Frechet and kernel distance: inception, random, or a file. None = inception where its weights are, else
    random."""
    segmenter: Path | None = None
    """TorchScript or torch.export file of a segmenter: adds mIoU and pixel accuracy."""
    class_map: Path | None = None
    """JSON list of class names: what each channel of the segmenter stands for."""
    workers: int = 0
    """Processes that prepare batches; any number gives the same batches."""
    checkpoint_every: int = 1000
    """Steps between checkpoints."""
    sample_every: int = 1000
    """Steps between sample sheets of each run."""
    precision: Literal["no", "bf16"] = "no"
    """bf16: compute under bfloat16 autocast."""
    device: str | None = None
    """cpu, cuda, ... None = what is there."""

    def run(self) -> int:
        """Train, score, write; or list the tables."""
        from ipose.ablations.grids import TABLES, listing

        if self.show:
            print(listing())
            return 0
        if self.table is None:
            raise ConfigError("which table", found="none", expected=", ".join(TABLES), mend="See ipose ablate --list.")
        return self._run_table(self.table)

    def _run_table(self, name: str) -> int:
        from ipose.ablations.grids import table_named
        from ipose.ablations.job import AblationJob, preset_config

        table = table_named(name)
        loop = ("workers", "checkpoint_every", "sample_every", "precision")
        same = (
            *(
                "preset",
                "data",
                "out",
                "steps",
                "seeds",
                "rows",
                "max_minutes",
                "partnet",
                "clip_weights",
                "vgg_weights",
            ),
            *("tiny_encoders", "features", "segmenter", "class_map", "device"),
        )
        settings: dict[str, Any] = {field: getattr(self, field) for field in same}
        config = preset_config(table, self.preset)
        job = AblationJob(table=table, config=config, loop={field: getattr(self, field) for field in loop}, **settings)

        from ipose.ablations.ablate import run_ablation
        from ipose.tables import text_table

        result = run_ablation(job)
        if result.table is not None:
            print(f"{result.table.title}\n{text_table(result.table.header, result.table.rows)}")
            print("\n".join(f"- {sentence}" for sentence in result.table.sentences))
        for path in result.files:
            print(path)
        if result.stopped != "done":
            print(f"{'The time is up' if result.stopped == 'time' else 'Stopped'}; the same command goes on.")
        return INTERRUPTED if result.stopped == "interrupted" else 0
