"""`ipose report`, `ipose info`, `ipose demo`: what a run holds, and a first look at the bundled model."""

import sys
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from ipose.errors import ConfigError


@dataclass(frozen=True)
class Report:
    """Write report.html of a run again, with the eval cards and tables that are there now."""

    folder: Positional[Path]
    """A run of any system. Eval cards are read from its cards/, tables from table-*.md beside the run."""

    def run(self) -> None:
        """Write the report."""
        from ipose.systems.reporting import write_run_report
        from ipose.training.run import Run

        print(f"Looking at {self.folder} and its data ...", file=sys.stderr)
        print(write_run_report(Run.open(self.folder)))


@dataclass(frozen=True)
class Info:
    """Print what a run or model folder holds, or what a preset sets beside the paper and the authors' release."""

    folder: Positional[Path | None] = None
    """A run, or a model folder."""
    preset: str | None = None
    """Name of a preset, in place of a folder. Prints each setting as paper | release | value."""

    def run(self) -> None:
        """Print."""
        from ipose.systems.describing import describe, describe_preset

        if self.folder is not None and self.preset is None:
            print(describe(self.folder))
        elif self.preset is not None and self.folder is None:
            print(describe_preset(self.preset))
        else:
            raise ConfigError(
                "ipose info describes one thing",
                found="a folder and a preset" if self.folder else "neither a folder nor --preset",
                expected="a run or model folder, or --preset NAME",
            )


@dataclass(frozen=True, kw_only=True)
class Demo:
    """Show what the bundled model makes of label maps, as a page. With --train: train one in minutes, and show it."""

    out: Path | None = None
    """New folder for report.html, and with --train for the two runs. None = ipose-demo, with --train ipose-trained."""
    train: bool = False
    """Train PartNet and the generator from random weights on PartWorld, on a CPU."""
    partnet_minutes: float = 2.5
    """With --train: training time of PartNet in minutes."""
    synthesis_minutes: float = 4.0
    """With --train: training time of generator and discriminator in minutes."""
    seed: int = 0
    """Random seed of the scenes, and of the training."""

    def run(self) -> None:
        """Run the demo."""
        from ipose.demo.tour import run_tour
        from ipose.demo.training import run_demo

        if self.train:
            run_demo(self.out or Path("ipose-trained"), self.partnet_minutes, self.synthesis_minutes, self.seed)
        else:
            run_tour(self.out or Path("ipose-demo"), self.seed)
