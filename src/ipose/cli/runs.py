"""`ipose report` and `ipose info`: the report and the contents of a run."""

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
