"""`ipose train ...`. Flags are the configs' fields; defaults follow `--preset`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, make_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from tyro.conf import FlagCreatePairsOff, subcommand

from ipose.cli.ganseg import TrainGANSeg
from ipose.cli.groupdnet import TrainGroupDNet
from ipose.cli.loop_flags import INTERRUPTED, LoopFlags
from ipose.cli.part_segmenter import TrainPartSegmenter
from ipose.cli.train_segmenter import TrainSegmenter
from ipose.data.data_config import DataConfig
from ipose.ganseg import presets as ganseg_presets
from ipose.groupdnet import presets as groupdnet_presets
from ipose.partnet import presets as partnet_presets
from ipose.synthesis import presets as synthesis_presets

SynthesisPreset = Literal[
    "toy", "cityscapes", "cityscapes-release", "ade20k", "ade20k-release", "coco-stuff", "coco-stuff-release"
]


@dataclass(frozen=True, kw_only=True)
class TrainPartNet:
    """Train PartNet: parts from shapes (iPOSE sec. 3.1). Ends with a table beside two plain baselines, and a report."""

    out: Path
    """Folder of the run."""
    config: partnet_presets.PartNetConfig
    data: DataConfig
    loop: LoopFlags
    preset: partnet_presets.PresetName = "toy"
    """Where the network's defaults come from."""
    supports: Path | None = None
    """Support folder. None = choose k a category by k-means (iPOSE suppl. A.2)."""
    init: Path | None = None
    """Start from this run's weights, as far as they fit."""
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint of --out."""
    device: str | None = None
    """cpu, cuda, ... None = what is there."""

    def run(self) -> int:
        """Train, evaluate, report; a training that was stopped does not wait for the last two."""
        from ipose.data.open_data import checked_part_pairs
        from ipose.systems.checks import check_device, check_run_folder
        from ipose.systems.partnet.training import PartNetJob, run_partnet_job, train_config
        from ipose.systems.reporting import write_partnet_report

        check_run_folder(self.out, resume=self.resume)
        check_device(self.device)
        data = checked_part_pairs(self.data)
        settings = train_config(self.config, len(data.basis_train), **self.loop.settings())
        job = PartNetJob(config=self.config, data=self.data, train=settings, supports=self.supports, init=self.init)
        result = run_partnet_job(job, self.out, data=data, resume=self.resume, device=self.device)
        if result.trained.stopped == "interrupted":
            return INTERRUPTED
        print(result.evaluation.table())
        print(f"Report: {write_partnet_report(result, job)}")
        return 0


@dataclass(frozen=True, kw_only=True)
class TrainSynthesis:
    """Train generator and discriminator on scenes, with a trained PartNet (iPOSE secs. 3.2, 3.3)."""

    out: Path
    """Folder of the run."""
    config: synthesis_presets.SynthesisConfig
    data: DataConfig
    loop: LoopFlags
    partnet: Path | None = None
    """Run or model folder of the trained PartNet, which stays frozen. Needed for --parts predicted, the default; not
    for --parts true, --parts position_descriptor, or --part-injection none (there it shows parts on sheets)."""
    preset: SynthesisPreset = "toy"
    """Where the networks' defaults come from."""
    clip_weights: Path | None = None
    """Local file of CLIP ViT-B/32 weights for the style loss. None = the cache; without any: --style-loss none."""
    vgg_weights: Path | None = None
    """Local file of torchvision's VGG-19 (vgg19-dcbb9e9d.pth) for --style-loss vgg. None = torch.hub's cache."""
    init: Path | None = None
    """Start from this run's generator, as far as it fits (fine-tune on other classes)."""
    resume: FlagCreatePairsOff[bool] = False
    """Go on from the last checkpoint of --out."""
    device: str | None = None
    """cpu, cuda, ... None = what is there."""

    def run(self) -> int:
        """Check the data, train, report; a training that was stopped does not wait for its report."""
        from ipose.data.open_data import checked_scenes
        from ipose.systems.checks import check_run_folder
        from ipose.systems.ipose.training import (
            SynthesisJob,
            check_partnet,
            run_synthesis_job,
            synthesis_train_config,
        )
        from ipose.systems.reporting import write_synthesis_report

        check_run_folder(self.out, resume=self.resume)
        check_partnet(self.config, self.partnet)
        scenes = checked_scenes(self.data, (self.config.height, self.config.width))
        settings = synthesis_train_config(self.config, len(scenes), **self.loop.settings())
        job = SynthesisJob(
            config=self.config,
            data=self.data,
            train=settings,
            partnet=self.partnet,
            clip_weights=self.clip_weights,
            vgg_weights=self.vgg_weights,
            init=self.init,
        )
        result = run_synthesis_job(job, self.out, scenes=scenes, resume=self.resume, device=self.device)
        if result.trained.stopped == "interrupted":
            return INTERRUPTED
        print(f"Report: {write_synthesis_report(result, job)}")
        return 0


def train_command(args: Sequence[str]) -> Any:
    """The `train` command as a type for tyro, its defaults those of the preset that `args` name."""
    name = _preset_of(args, "toy")
    partnet = partnet_presets.preset(name if name in partnet_presets.PRESETS else "toy")
    synthesis = synthesis_presets.preset(name if name in synthesis_presets.PRESETS else "toy")
    ganseg = ganseg_presets.preset(name if name in ganseg_presets.PRESETS else "tiny")
    groupdnet = groupdnet_presets.preset(name if name in groupdnet_presets.PRESETS else "fashion-small")
    which: Any = (
        Annotated[_with_config(TrainPartNet, partnet), subcommand("partnet")]
        | Annotated[_with_config(TrainSynthesis, synthesis), subcommand("synthesis")]
        | Annotated[_with_config(TrainGroupDNet, groupdnet), subcommand("groupdnet")]
        | Annotated[_with_config(TrainGANSeg, ganseg), subcommand("ganseg")]
        | Annotated[_segmenter(args), subcommand("segmenter")]
    )
    train = make_dataclass("Train", [("which", which)], namespace={"run": lambda self: self.which.run()}, frozen=True)
    train.__doc__ = (
        "Train one of iPOSE's two networks, PartNet first; GroupDNet, which has a code a class; GANSeg, which needs "
        "photographs alone; or a segmenter to judge images by."
    )
    return Annotated[train, subcommand("train")]


def _segmenter(args: Sequence[str]) -> type:
    """`train segmenter` learns from label maps; with --pairs, from what a GANSeg run generates."""
    from_pairs = any(word.split("=", 1)[0] == "--pairs" for word in args)
    return TrainPartSegmenter if from_pairs else TrainSegmenter


def _with_config(command: type, config: Any) -> type:
    """The command with `config` as the default of its `config` field."""
    fields = [("config", type(config), field(default=config))]
    made = make_dataclass(command.__name__, fields, bases=(command,), frozen=True, kw_only=True)
    made.__doc__ = command.__doc__
    return made


def _preset_of(args: Sequence[str], default: str) -> str:
    for i, word in enumerate(args):
        if word.startswith("--preset="):
            return word.split("=", 1)[1]
        if word == "--preset" and i + 1 < len(args):
            return args[i + 1]
    return default
