"""Training GANSeg: photographs, objective, sheets, and a check of the parts for collapse."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from PIL import Image

from ipose.data.batch_sources import PhotoSource
from ipose.data.object_photos import ObjectPhotos
from ipose.data.photo_files import ADVISED
from ipose.data.photo_folder import Photographs, open_photographs
from ipose.errors import ConfigError
from ipose.ganseg.autoencoder import AutoencoderObjective
from ipose.ganseg.collapse import PartUsage, part_usage
from ipose.ganseg.generator import GANSegGenerator, GANSegNoise, GANSegOutput
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.objective import GANSegObjective
from ipose.ganseg.presets import GANSegConfig, Training
from ipose.ganseg.pretrained import load_ganseg, save_ganseg
from ipose.images import image_uint8
from ipose.reports.points_sheet import points_row, points_sheet
from ipose.systems.scene_models import frechet_of_images
from ipose.systems.training import Prepared, Task
from ipose.training.matching import load_matching

_OBJECTIVES: Mapping[Training, type[GANSegObjective] | type[AutoencoderObjective]] = {
    "gan": GANSegObjective,
    "auto-encoder": AutoencoderObjective,
}

SHOWN, WATCHED = 6, 64
"""Number of images on a sheet, and of images in the check for collapse."""

MEASURED = 512
"""Number of images that the best checkpoint is chosen by, if --keep-best is given."""


def prepare(task: Task, *, seed: int, resume: bool, photographs: Photographs | None = None) -> Prepared:
    """Prepare generator and discriminator on photographs. `photographs`: open already; None = opened from the task's
    data.
    """
    config: GANSegConfig = task.config
    if photographs is None:
        photographs = open_photographs(task.data, "train", config.image_size, least=config.batch_size)
    if config.silhouettes and not task.data.crops:
        mend = "Say --crops, on data with instance maps, or leave --silhouettes out."
        raise ConfigError("whole photographs have no silhouettes", field="silhouettes", mend=mend)
    if isinstance(photographs.images, ObjectPhotos):
        print(photographs.images.described())
    if len(photographs) < ADVISED:
        print(f"{len(photographs)} photographs: the paper asks for more than {ADVISED:,}, or parts may fail.")
    print(config.derived())
    torch.manual_seed(seed)
    objective = _OBJECTIVES[config.training].from_config(config)
    if task.options.init is not None and not resume:
        weights = load_ganseg(task.options.init).state_dict()
        print(f"From {task.options.init}: {load_matching(objective.networks['generator'], weights)}.")
    return Prepared(
        config=config,
        objective=objective,
        source=PhotoSource(photographs.images, photographs.names, flip=config.flip, random_crop=config.random_crop),
        about=f"{len(photographs)} {'objects' if task.data.crops else 'photographs'} of {task.data.data}",
        loop=loop_of(config),
        model=lambda snapshot: snapshot.network_as(GANSegGenerator, "generator"),
        save=lambda generator, folder: save_ganseg(folder, generator, task.data.crop_rule),
        show=lambda generator, title: sample_sheet(generator, range(SHOWN), title=title),
        watch=_watch_parts,
        measure=partial(_measured, photographs=photographs),
    )


def loop_of(config: GANSegConfig) -> dict[str, Any]:
    """What the config says of the training loop. Weights are not averaged (R)."""
    return {"steps": config.updates, "batch_size": config.batch_size, "ema_decay": 0.0}


def _measured(generator: GANSegGenerator, _: str, *, photographs: Photographs) -> float:
    """Frechet distance of generated images from as many photographs, spread over those of the training."""
    count = min(len(photographs), MEASURED)
    batches = (range(i, min(i + 16, count)) for i in range(0, count, 16))
    made = (
        image_uint8(outputs_of(generator, numbered_noise(generator.config, 4000, batch)).image) for batch in batches
    )
    real = (photographs.images[i * len(photographs) // count][None] for i in range(count))
    return frechet_of_images(made, real)


def _watch_parts(generator: GANSegGenerator, step: int) -> dict[str, Any]:
    """The parts' usage. Prints a warning if they have collapsed."""
    usage = usage_of(generator)
    for warning in usage.warnings():
        print(f"step {step}: {warning}.")
    return {"parts": usage.record()}


@torch.no_grad()
def outputs_of(generator: GANSegGenerator, noise: GANSegNoise) -> GANSegOutput:
    """The generator's output for noise, moved to the CPU."""
    device = next(generator.parameters()).device
    output: GANSegOutput = generator(*noise.to(device))
    return GANSegOutput(*(tensor.cpu() for tensor in output))


def usage_of(generator: GANSegGenerator) -> PartUsage:
    """The parts' usage over some fixed images."""
    pieces = [
        outputs_of(generator, numbered_noise(generator.config, 1000, range(i, i + 16))) for i in range(0, WATCHED, 16)
    ]
    return part_usage(GANSegOutput(*(torch.cat(tensors) for tensors in zip(*pieces, strict=True))))


def sample_sheet(generator: GANSegGenerator, numbers: range, *, title: str = "") -> Image.Image:
    """A sheet of numbered images: points, masks, foreground, background and image."""
    output = outputs_of(generator, numbered_noise(generator.config, 0, numbers))
    return output_sheet(generator, output, [f"image {number}" for number in numbers], title)


@torch.no_grad()
def output_sheet(generator: GANSegGenerator, output: GANSegOutput, headings: list[str], title: str = "") -> Image.Image:
    """A sheet of given outputs."""
    device, parts = next(generator.parameters()).device, generator.config.parts
    front, behind = (generator.colours(tensor.to(device)).cpu() for tensor in (output.foreground, output.background))
    rows = [
        points_row(
            output.points[i],
            output.part_map()[i],
            {"foreground": front[i], "background": behind[i], "image": output.image[i]},
            parts,
            heading,
        )
        for i, heading in enumerate(headings)
    ]
    return points_sheet(rows, parts, title)
