"""`ipose train segmenter --pairs RUN` and `ipose segment`: parts of photographs that nobody annotated."""

from dataclasses import dataclass, field
from pathlib import Path

from tyro.conf import FlagCreatePairsOff, Positional

from ipose.cli.loop_flags import INTERRUPTED, LoopFlags
from ipose.segmentation.part_segmenter_config import PartSegmenterConfig


@dataclass(frozen=True, kw_only=True)
class TrainPartSegmenter:
    """Train GANSeg's second stage: a segmenter on pairs that a GANSeg run generates, to be used on photographs."""

    out: Path
    """Folder of the run."""
    pairs: Path
    """GANSeg run (or its model folder) whose generator draws the pairs."""
    loop: LoopFlags
    config: PartSegmenterConfig = field(default_factory=PartSegmenterConfig)
    backbone: Path | None = None
    """Local file of ImageNet weights for the backbone: https://download.pytorch.org/models/resnet50-0676ba61.pth for
    deeplabv3_resnet50. None = random weights."""
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint of --out."""
    device: str | None = None
    """cpu, cuda, ... None = what is there."""

    def run(self) -> int:
        """Train, and report how well it knows the generator's parts; not where it was stopped."""
        from ipose.systems.part_segmenter.training import (
            PartSegmenterJob,
            part_segmenter_train_config,
            run_part_segmenter_job,
        )
        from ipose.systems.reporting import remake_report

        settings = part_segmenter_train_config(self.config, **self.loop.settings())
        job = PartSegmenterJob(config=self.config, pairs=self.pairs, train=settings, backbone=self.backbone)
        result = run_part_segmenter_job(job, self.out, resume=self.resume, device=self.device)
        if result.trained.stopped == "interrupted":
            return INTERRUPTED
        print(f"Report: {remake_report(result.run.folder)}")
        return 0


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
        from ipose.ganseg.saved_segmenter import load_part_segmenter
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
