"""`ipose supports`: support part maps, chosen from part pairs, checked and shown."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, subcommand

from ipose.cli.unsupervised_supports import SupportsCompare, SupportsFromSegmenter
from ipose.data.data_config import DataConfig


@dataclass(frozen=True, kw_only=True)
class SupportsBuild:
    """Choose k support objects a category by k-means under the geometric score (iPOSE suppl. A.2)."""

    out: Path
    """Folder to write: <category>/<n>_part.png and supports.json."""
    data: DataConfig
    k: int = 3
    """Supports a category (P: 3; 1..4 in table 4)."""
    seed: int = 0
    """Of the k-means starts."""

    def run(self) -> None:
        """Choose, write, draw a sheet."""
        from ipose.data.open_data import open_part_pairs
        from ipose.data.support_folder import refuse_supports, save_supports
        from ipose.reports.sheets import supports_sheet
        from ipose.whole_files import save_whole

        refuse_supports(self.out)
        supports = open_part_pairs(self.data).choose_supports(self.k, self.seed)
        save_supports(supports, self.out)
        save_whole(supports_sheet(supports), self.out / "sheet.png")
        print(f"{self.k} supports of {len(supports.categories)} categories in {self.out}; look at {self.out}/sheet.png")


@dataclass(frozen=True)
class SupportsCheck:
    """Check a (hand-drawn) support folder. Exit code 1 for faults."""

    folder: Positional[Path]
    """Folder of supports."""

    def run(self) -> int:
        """Check and print."""
        from ipose.data.faults import SHOWN_BY_COMMANDS, fault_lines
        from ipose.data.support_folder import read_supports

        supports, faults = read_supports(self.folder)
        if supports is None:
            print("\n".join(fault_lines(faults, SHOWN_BY_COMMANDS, before="FAULT ")))
            return 1
        for category in supports.categories:
            print(f"{category}: {supports.k} supports, parts {', '.join(supports.part_names[category])}")
        print("No faults found.")
        return 0


@dataclass(frozen=True)
class SupportsShow:
    """Draw a support folder as one sheet."""

    folder: Positional[Path]
    """Folder of supports."""
    out: Path = Path("supports.png")
    """The sheet."""

    def run(self) -> None:
        """Draw."""
        from ipose.data.support_folder import load_supports
        from ipose.reports.sheets import supports_sheet
        from ipose.whole_files import save_whole

        sheet = supports_sheet(load_supports(self.folder))
        save_whole(sheet, self.out)
        print(self.out)


@dataclass(frozen=True)
class SupportsAdd:
    """Add drawings with their part names to a model: its PartNet reads more part categories, without training."""

    model: Positional[Path]
    """Run or model folder with a PartNet."""
    folder: Positional[Path]
    """Folder of drawings: <category>/<name>_part.png, and supports.json with the names of the parts."""

    def run(self) -> None:
        """Add and print."""
        from contextlib import nullcontext

        from ipose.partnet.added_supports import add_supports
        from ipose.training.run import Run

        with Run.open(self.model).locked() if (self.model / "run.json").is_file() else nullcontext():
            supports = add_supports(self.model, self.folder)
        print(f"{self.model} has {supports.k} supports of each of {len(supports.categories)} categories now:")
        for category in supports.categories:
            print(f"  {category}: {', '.join(supports.part_names[category])}")


@dataclass(frozen=True)
class Supports:
    """Support part maps: all that PartNet is told of a category."""

    which: (
        Annotated[SupportsBuild, subcommand("build")]
        | Annotated[SupportsAdd, subcommand("add")]
        | Annotated[SupportsFromSegmenter, subcommand("from-segmenter")]
        | Annotated[SupportsCompare, subcommand("compare")]
        | Annotated[SupportsCheck, subcommand("check")]
        | Annotated[SupportsShow, subcommand("show")]
    )

    def run(self) -> int | None:
        """Run the chosen one."""
        return self.which.run()
