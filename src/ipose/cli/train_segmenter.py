"""`ipose train segmenter`: a network to judge generated images by."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff

from ipose.cli.loop_flags import INTERRUPTED, LoopFlags
from ipose.data.data_config import DataConfig
from ipose.segmentation.segmenter_config import SegmenterConfig


@dataclass(frozen=True, kw_only=True)
class TrainSegmenter:
    """Train a segmenter: a semantic one on images and label maps, for ipose evaluate --segmenter; or, with --pairs RUN,
    GANSeg's part segmenter on what that run generates (its flags: --pairs RUN --help)."""

    out: Path
    """Folder of the run."""
    config: SegmenterConfig
    data: DataConfig
    loop: LoopFlags
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint of --out."""
    device: str | None = None
    """cpu, cuda, ... None = what is there."""

    def run(self) -> int:
        """Check the data, train, and say how well it does on the validation photographs."""
        from ipose.data.open_data import checked_scenes
        from ipose.systems.checks import check_device, check_run_folder
        from ipose.systems.segmenter.training import (
            SegmenterJob,
            judge_segmenter,
            run_segmenter_job,
            segmenter_train_config,
        )

        check_run_folder(self.out, resume=self.resume)
        check_device(self.device)
        scenes = checked_scenes(self.data, (self.config.height, self.config.width))
        settings = segmenter_train_config(self.config, len(scenes), **self.loop.settings())
        job = SegmenterJob(config=self.config, data=self.data, train=settings)
        result = run_segmenter_job(job, self.out, scenes=scenes, resume=self.resume, device=self.device)
        if result.trained.stopped == "interrupted":
            return INTERRUPTED
        for card, path in zip(*judge_segmenter(self.out, self.data), strict=True):
            print(f"{path}: {card.line()}")
        return 0
