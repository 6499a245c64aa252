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
        from ipose.evaluation.card_folder import described, write_run_cards
        from ipose.segmentation.saved_part_segmenter import load_part_segmenter
        from ipose.systems.checks import check_device
        from ipose.systems.part_segmenter.part_maps import check_truth, judge, judgement_cards
        from ipose.systems.part_segmenter.segment import find_images, segment_files

        check_device(self.device)
        if self.truth is not None:
            check_truth(find_images(self.images), self.truth)
        segmenter = load_part_segmenter(self.model)
        segmenter.network.to(self.device)
        written = list(segment_files(segmenter, self.images, self.out))
        print("\n".join(map(str, written)))
        if self.truth is None:
            return
        found = judge(segmenter, written[:-1], self.truth)
        cards = judgement_cards(found, segmenter, self.model, self.images, self.truth)
        print("\n".join(described(file) for file in write_run_cards(cards, self.out / "cards")))
