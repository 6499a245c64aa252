"""`ipose supports from-segmenter|compare`: supports that nobody drew, and how good they are beside drawn ones."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from textwrap import fill

from tyro.conf import FlagCreatePairsOff, Positional


@dataclass(frozen=True)
class SupportsFromSegmenter:
    """Make supports of a category nobody annotated: GANSeg's part segmenter finds the parts in its photographs."""

    run_folder: Positional[Path]
    """Run of ipose train segmenter --pairs, or its model folder."""
    data: Positional[str]
    """A data set with label maps (its objects are cut out), or a folder of photographs of one object each (what the
    segmenter takes for foreground is cut out)."""
    out: Path = field(kw_only=True)
    """Folder to write: <category>/<n>_part.png, supports.json and sheet.png."""
    category: str | None = None
    """What the objects are; of a data set its part category or thing class. None = the only one in its scenes."""
    names: tuple[str, ...] | None = None
    """A name for each of the segmenter's parts, in order. The same name twice makes them one part; - makes a part
    background. None = part 1, part 2, ..."""
    spec: str | None = None
    """What the label ids mean: a built-in spec's name or a dataset.toml. None = the folder's own."""
    k: int = 3
    """Supports (P: 3)."""
    seed: int = 0
    """Of the k-means starts."""
    limit: int | None = None
    """At most so many scenes or photographs. None = all of the training split."""
    fill: FlagCreatePairsOff[bool] = False
    """Give object pixels that the segmenter takes for background the nearest part."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Segment, choose, write."""
        from ipose.found_supports.choosing import SegmenterSupportsJob, supports_from_segmenter
        from ipose.systems.checks import check_device

        check_device(self.device)
        shared = {item.name: getattr(self, item.name) for item in fields(SegmenterSupportsJob) if item.name != "run"}
        found = supports_from_segmenter(
            SegmenterSupportsJob(run=self.run_folder, **shared), self.out, device=self.device
        )
        print(f"{found.supports.k} supports of {found.category}, of {found.objects} objects")
        for reason, count in found.passed_over.items():
            print(f"  {count} more passed over: {reason}")
        for name, share in found.share.items():
            print(f"  {name}: {100 * share:.1f} % of the part pixels")
        for number, parts in found.lacking.items():
            print(f"  support {number} has no {', no '.join(parts)}")
        print(f"{self.out}; look at {self.out}/sheet.png")


@dataclass(frozen=True)
class SupportsCompare:
    """One PartNet with several sets of supports, drawn or not, judged by true part maps; parts are matched to them."""

    run_folder: Positional[Path]
    """Run with a PartNet; its own supports are compared too."""
    folders: Positional[tuple[Path, ...]]
    """Support folders."""
    data: str = field(kw_only=True)
    """Data with true part maps: a scene folder with {train,val}_part/, a part tree, or "partworld"."""
    spec: str | None = None
    """What the label ids mean: a built-in spec's name or a dataset.toml. None = the folder's own."""
    category: str | None = None
    """Which objects. None = the only category that the data and all the folders have."""
    segmenter: Path | None = None
    """A part segmenter's run, to be judged too, on the photographs (a scene folder's): how good its parts are."""
    positions: int | None = None
    """Baseline: supports whose parts are so many clusters (k-means) of places in the object's box. None = without."""
    fit: int = 200
    """Training objects to match the parts on."""
    limit: int | None = None
    """At most so many validation objects. None = all."""
    out: Path = Path("compared-supports")
    """Folder for comparison.json, sheet.png and report.html; those of an earlier comparison are replaced."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Compare, print, write."""
        from ipose.evaluation.support_comparison import NOTE, comparison_table
        from ipose.found_supports.comparing import SupportComparisonJob, compare_support_folders
        from ipose.systems.checks import check_device

        check_device(self.device)
        shared = {item.name: getattr(self, item.name) for item in fields(SupportComparisonJob) if item.name != "run"}
        scores, page = compare_support_folders(
            SupportComparisonJob(run=self.run_folder, **shared), self.out, device=self.device
        )
        print(comparison_table(scores))
        print(fill(NOTE, 100))
        print(page)
