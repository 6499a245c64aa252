"""`ipose train groupdnet`: one code a class, from photographs with label maps."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import FlagCreatePairsOff

from ipose.cli.loop_flags import INTERRUPTED, LoopFlags
from ipose.data.data_config import DataConfig
from ipose.groupdnet import presets


@dataclass(frozen=True, kw_only=True)
class TrainGroupDNet:
    """Train GroupDNet: images whose classes can be resampled one by one (CVPR 2020). Needs no PartNet."""

    out: Path
    """Folder of the run."""
    config: presets.GroupDNetConfig
    data: DataConfig
    loop: LoopFlags
    preset: presets.PresetName = "fashion-small"
    """Where the networks' defaults come from."""
    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19 (vgg19-dcbb9e9d.pth). None = torch.hub's cache; without: --perceptual none."""
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint of --out."""
    device: str | None = None
    """cpu, cuda, ... None = what is there."""

    def run(self) -> int:
        """Check the data, train, report; a training that was stopped does not wait for its report."""
        from ipose.data.open_data import checked_scenes
        from ipose.systems.checks import check_run_folder
        from ipose.systems.groupdnet.training import (
            GroupDNetJob,
            groupdnet_train_config,
            run_groupdnet_job,
            write_groupdnet_report,
        )

        check_run_folder(self.out, resume=self.resume)
        scenes = checked_scenes(self.data, (self.config.height, self.config.width))
        settings = groupdnet_train_config(self.config, len(scenes), **self.loop.settings())
        job = GroupDNetJob(config=self.config, data=self.data, train=settings, vgg_weights=self.vgg_weights)
        result = run_groupdnet_job(job, self.out, scenes=scenes, resume=self.resume, device=self.device)
        if result.trained.stopped == "interrupted":
            return INTERRUPTED
        print(f"Report: {write_groupdnet_report(result)}")
        return 0
