"""Training GANSeg from start to report: photographs, loop, sheets and the watch over collapse, model folder."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ipose.data.batch_sources import PhotoSource
from ipose.data.data_config import PhotoConfig
from ipose.data.photo_folder import Photographs, open_photographs
from ipose.ganseg.collapse import PartUsage, part_usage
from ipose.ganseg.generator import GANSegGenerator, GANSegNoise, GANSegOutput
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.objective import GANSegObjective
from ipose.ganseg.presets import GANSegConfig
from ipose.ganseg.pretrained import load_ganseg, save_ganseg
from ipose.reports.blocks import config_table, curves_figure, environment_facts
from ipose.reports.contact_sheet import Tile
from ipose.reports.page import Figure, ReportContent, Section, Table, write_report
from ipose.reports.points_sheet import ganseg_row, ganseg_sheet
from ipose.systems.training import TrainingPlace
from ipose.training.config import TrainConfig
from ipose.training.metrics import append_metrics, read_metrics
from ipose.training.run import Run
from ipose.training.snapshot import Snapshot, TrainResult
from ipose.whole_files import replace_folder

SHOWN, WATCHED = 6, 64
"""Images on a sheet, and images that the watch over collapse looks at."""

LEAST_PHOTOGRAPHS = 5000
"""The paper asks for more (GANSeg sec. 5)."""


@dataclass(frozen=True, kw_only=True)
class GANSegJob:
    """What to train, on what, how long. Everything that run.json remembers."""

    config: GANSegConfig
    data: PhotoConfig
    train: TrainConfig

    def described(self) -> dict[str, Any]:
        """The configs, and the places as plain values, for run.json."""
        return {"ganseg": self.config, "data": self.data}


@dataclass(frozen=True, eq=False)
class GANSegResult:
    """A finished (or stopped) training and the generator that it left."""

    run: Run
    trained: TrainResult
    generator: GANSegGenerator


def ganseg_train_config(config: GANSegConfig, **settings: Any) -> TrainConfig:
    """The loop's settings that a GANSeg config implies."""
    if settings.get("steps") is None:
        settings["steps"] = config.updates
    return TrainConfig(batch_size=config.batch_size, ema_decay=0.0, **settings)


def run_ganseg_job(
    job: GANSegJob,
    folder: Path,
    *,
    photographs: Photographs | None = None,
    resume: bool = False,
    device: str | None = None,
    progress: bool | None = None,
) -> GANSegResult:
    """Train, watching the parts on the way; leaves a run with a model folder that `load_ganseg` loads.

    Args:
        job: what to do.
        folder: of the run.
        photographs: the opened training photographs, where the caller has them already.
        resume: go on from the last checkpoint.
        device: None = what is there.
        progress: show bars; None = on a terminal.
    Raises:
        RunError, ConfigError, DataError: before the first step.
    """
    place = TrainingPlace(folder, resume, device, progress)
    config = job.config
    if photographs is None:
        photographs = open_photographs(job.data, "train", config.image_size, least=config.batch_size)
    if len(photographs) < LEAST_PHOTOGRAPHS:
        print(f"{len(photographs)} photographs: the paper asks for more than {LEAST_PHOTOGRAPHS:,}, or parts may fail.")
    torch.manual_seed(job.train.seed)
    objective = GANSegObjective.from_config(config)
    source = PhotoSource(photographs.images, photographs.names, flip=config.flip, random_crop=config.random_crop)
    run, result = place.train(
        "ganseg",
        job,
        objective,
        source,
        data=f"{len(photographs)} photographs of {job.data.data}",
        on_sample=watch_parts,
        on_save=lambda snapshot: replace_folder(snapshot.run.model, lambda new: save_ganseg(new, _generator(snapshot))),
    )
    return GANSegResult(run, result, load_ganseg(run.model))


def watch_parts(snapshot: Snapshot) -> None:
    """A sheet, the parts' usage beside the losses, and a warning where they have collapsed."""
    generator = _generator(snapshot)
    usage = usage_of(generator)
    append_metrics(
        snapshot.run.metrics,
        {"step": snapshot.step, "seconds": round(snapshot.seconds, 1), "parts": usage.record()},
    )
    for warning in usage.warnings():
        print(f"step {snapshot.step}: {warning}.")
    snapshot.run.samples.mkdir(exist_ok=True)
    sheet = sample_sheet(generator, range(SHOWN), title=f"step {snapshot.step}")
    sheet.save(snapshot.run.samples / f"step-{snapshot.step:07d}.png")


@torch.no_grad()
def outputs_of(generator: GANSegGenerator, noise: GANSegNoise) -> GANSegOutput:
    """What a generator makes of noise, on its device, then on the CPU."""
    device = next(generator.parameters()).device
    output: GANSegOutput = generator(*noise.to(device))
    return GANSegOutput(*(tensor.cpu() for tensor in output))


def usage_of(generator: GANSegGenerator, count: int = WATCHED, seed: int = 1000) -> PartUsage:
    """The parts' usage over some fixed images."""
    pieces = [
        outputs_of(generator, numbered_noise(generator.config, seed, range(i, min(i + 16, count))))
        for i in range(0, count, 16)
    ]
    return part_usage(GANSegOutput(*(torch.cat(tensors) for tensors in zip(*pieces, strict=True))))


def sample_sheet(generator: GANSegGenerator, numbers: range, *, seed: int = 0, title: str = "") -> Image.Image:
    """Points, masks, foreground, background and image of some numbered images."""
    output = outputs_of(generator, numbered_noise(generator.config, seed, numbers))
    return output_sheet(generator, output, [f"image {number}" for number in numbers], title)


@torch.no_grad()
def output_sheet(generator: GANSegGenerator, output: GANSegOutput, headings: list[str], title: str = "") -> Image.Image:
    """The sheet of what has been generated."""
    device, parts = next(generator.parameters()).device, generator.config.parts
    front, behind = (generator.colours(tensor.to(device)).cpu() for tensor in (output.foreground, output.background))
    rows = [
        ganseg_row(
            output.points[i],
            output.part_map()[i],
            {"foreground": front[i], "background": behind[i], "image": output.image[i]},
            parts,
            heading,
        )
        for i, heading in enumerate(headings)
    ]
    return ganseg_sheet(rows, parts, title)


def write_ganseg_report(result: GANSegResult, job: GANSegJob) -> Path:
    """report.html of a GANSeg run."""
    usage, records = usage_of(result.generator), read_metrics(result.run.metrics)
    sheet = sample_sheet(result.generator, range(8))
    rows = [(k + 1, f"{100 * share:.2f}") for k, share in enumerate(usage.coverage.tolist())]
    facts = f"Entropy {usage.entropy:.2f} (1 = all parts alike), motion of the centres {usage.motion:.3f}."
    settings = config_table(asdict(job.config), asdict(GANSegConfig()), title="")
    content = ReportContent(
        title="GANSeg",
        lead=f"Trained {result.trained.step} steps in {result.trained.seconds / 60:.1f} minutes on "
        f"{result.run.info['data']}, without any annotation.",
        sections=[
            Section(
                "What it generates",
                "Points say where parts are; masks follow the points; foreground and background are painted apart.",
                [Figure([Tile(sheet)], wide=True)],
            ),
            Section(
                "The parts",
                " ".join([facts, *(f"Warning: {warning}." for warning in usage.warnings())]),
                [Table(("part", "% of all pixels"), rows)],
            ),
            Section("Training", "", [curves_figure(records)] if records else []),
            Section("Settings", "Beside the paper's run on CelebA in the wild.", [settings]),
        ],
        facts=environment_facts(str(result.run.info["command"])),
    )
    return write_report(result.run.report, content)


def _generator(snapshot: Snapshot) -> GANSegGenerator:
    network = snapshot.network("generator")
    assert isinstance(network, GANSegGenerator)
    return network
