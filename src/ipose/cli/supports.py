"""`ipose supports`: support part maps: chosen from part pairs, found by a segmenter, compared, checked and shown."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import Annotated

from tyro.conf import FlagCreatePairsOff, Positional, subcommand

from ipose.data.data_config import DataConfig
from ipose.found_supports.jobs import SegmenterSupportsJob, SupportComparisonJob


@dataclass(frozen=True, kw_only=True)
class SupportsFromSegmenter(SegmenterSupportsJob):
    """Make supports of a category without annotation: a part segmenter finds the parts in photographs."""

    run_folder: Positional[Path]
    data: Positional[str]
    fill: FlagCreatePairsOff[bool] = False
    out: Path
    """Folder to write: <category>/<n>_part.png, supports.json and sheet.png."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Make the supports and print what was found."""
        from ipose.found_supports.choosing import supports_from_segmenter
        from ipose.systems.checks import check_device

        check_device(self.device)
        found = supports_from_segmenter(self, self.out, device=self.device)
        print(f"{found.supports.k} supports of {found.category}, of {found.objects} objects")
        for reason, count in found.passed_over.items():
            print(f"  {count} more passed over: {reason}")
        for name, share in found.share.items():
            print(f"  {name}: {100 * share:.1f} % of the part pixels")
        for number, parts in found.lacking.items():
            print(f"  support {number} has no {', no '.join(parts)}")
        print(f"{self.out}; look at {self.out}/sheet.png")


@dataclass(frozen=True, kw_only=True)
class SupportsCompare(SupportComparisonJob):
    """Compare sets of supports, drawn or found: one PartNet reads each set, and true part maps judge it."""

    run_folder: Positional[Path]
    folders: Positional[tuple[Path, ...]]
    out: Path = Path("compared-supports")
    """Folder for comparison.json, sheet.png and report.html. Files of an earlier comparison are replaced."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Compare, print the scores and write the report."""
        from ipose.evaluation.support_comparison import NOTE, comparison_table
        from ipose.found_supports.comparing import compare_support_folders
        from ipose.systems.checks import check_device

        check_device(self.device)
        scores, page = compare_support_folders(self, self.out, device=self.device)
        print(comparison_table(scores))
        print(fill(NOTE, 100))
        print(page)


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
