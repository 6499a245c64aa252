"""`ipose train ganseg`: parts without labels, from photographs alone."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff

from ipose.cli.loop_flags import INTERRUPTED, LoopFlags
from ipose.data.data_config import PhotoConfig
from ipose.ganseg import presets


@dataclass(frozen=True, kw_only=True)
class TrainGANSeg:
    """Train GANSeg: find parts in photographs that nobody annotated (GANSeg, CVPR 2022)."""

    out: Path
    """Folder of the run."""
    config: presets.GANSegConfig
    data: PhotoConfig
    loop: LoopFlags
    preset: presets.PresetName = "tiny"
    """Where the networks' defaults come from; "folder" for photographs of your own on a GPU."""
    image_size: int | None = None
    """Side of the images: 32, 64, 128, 256, ...; every block's size follows. None = the preset's."""
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint of --out."""
    device: str | None = None
    """cpu, cuda, ... None = what is there."""

    def run(self) -> int:
        """Train, watch, report; a training that was stopped does not wait for its report."""
        from ipose.systems.ganseg.training import GANSegJob, ganseg_train_config, run_ganseg_job, write_ganseg_report

        config = self.config if self.image_size is None else presets.at_size(self.config, self.image_size)
        settings = ganseg_train_config(config, **self.loop.settings())
        job = GANSegJob(config=config, data=self.data, train=settings)
        result = run_ganseg_job(job, self.out, resume=self.resume, device=self.device)
        if result.trained.stopped == "interrupted":
            return INTERRUPTED
        print(f"Report: {write_ganseg_report(result, job)}")
        return 0
