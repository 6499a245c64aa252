"""`ipose supports from-segmenter` and `ipose supports compare`: supports that a segmenter made, and their quality."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

from tyro.conf import FlagCreatePairsOff, Positional

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
