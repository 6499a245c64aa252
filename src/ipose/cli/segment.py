"""`ipose segment`: parts of photographs that nobody annotated."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import Positional


@dataclass(frozen=True)
class Segment:
    """Parts of photographs that nobody annotated, as part maps (0 = background, 1, 2, ... = parts) and a sheet."""

    images: Positional[Path]
    """A photograph, or a folder of them."""
    model: Path = field(kw_only=True)
    """Run of ipose train segmenter --pairs, or its model folder."""
    truth: Path | None = None
    """Folder of true maps of the same names (0 = background), to judge by: eval cards of foreground IoU and of parts
    matched to labels, in cards/."""
    out: Path = Path("segmented")
    """Folder to write to."""
    device: str = "cpu"
    """cpu, cuda, ..."""

    def run(self) -> None:
        """Segment, write, judge."""
        from ipose.systems.checks import check_device
        from ipose.systems.part_segmenter.segment import segment_and_judge

        check_device(self.device)
        for line in segment_and_judge(self.model, self.images, self.out, truth=self.truth, device=self.device):
            print(line)
