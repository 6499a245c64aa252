"""`ipose segment`: parts of photographs without annotation."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import Positional

from ipose.cli.printing import print_files


@dataclass(frozen=True)
class Segment:
    """Find parts in photographs without annotation. Write part maps (0 = background, 1, 2, ... = parts) and a sheet."""

    images: Positional[Path]
    """A photograph, or a folder of them; folders within it are read, too: that of p/a/1.jpg is called a_1."""
    model: Path = field(kw_only=True)
    """Run of ipose train part-segmenter, or its model folder."""
    truth: Path | None = None
    """Folder of true maps with the photographs' names (0 = background), to write eval cards. None = no cards."""
    out: Path = Path("segmented")
    """Folder to write to."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Segment the photographs and, with --truth, judge the part maps."""
        from ipose.systems.checks import check_device
        from ipose.systems.part_segmenter.segment import segment_and_judge

        check_device(self.device)
        print_files(segment_and_judge(self.model, self.images, self.out, truth=self.truth, device=self.device))
