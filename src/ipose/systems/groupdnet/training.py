"""Training GroupDNet: scenes, objective, model and sheets."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from ipose.data.batch_sources import SceneSource
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.errors import ConfigError
from ipose.groupdnet.decoder import Decoder
from ipose.groupdnet.encoder import Encoder
from ipose.groupdnet.model import GroupDNet
from ipose.groupdnet.objective import GroupDNetObjective
from ipose.groupdnet.presets import PRESETS, GroupDNetConfig, for_classes
from ipose.label_spec import LabelSpec
from ipose.losses.vgg_weights import load_vgg_loss
from ipose.seeds import generator_of
from ipose.systems.groupdnet.images import sample_sheet
from ipose.systems.scene_models import frechet_of_scenes, have_photographs
from ipose.systems.training import Prepared, Task, loop_of_epochs
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.snapshot import Snapshot
from ipose.types import Scene, SceneBatch

SHEET_SCENES = 6
RE_ESTIMATION_PASSES = 20
"""Number of batches for the batch-norm statistics of averaged weights."""


def prepare(
    task: Task,
    *,
    seed: int,
    resume: bool,
    scenes: Sequence[Scene] | None = None,
    val: Sequence[Scene] | None = None,
    perceptual: nn.Module | None = None,
) -> Prepared:
    """Prepare encoder, decoder and discriminator on scenes with photographs.

    Args:
        scenes: the open training scenes, of the config's `loaded` size. None = opened from the task's data.
        val: validation scenes, for sheets. None = opened from the task's data.
        perceptual: the perceptual loss. None = VGG-19's feature loss, if the config has it.
    """
    spec = open_spec(task.data).labels
    config = fit_config(task.config, spec)
    fitted = {name: getattr(config, name) for name in ("decoder_groups", "decoder_channels", "modulation_hidden")}
    if changed := [f"{name} {value}" for name, value in fitted.items() if value != getattr(task.config, name)]:
        print(f"The data have {spec.num_classes} classes, so {', '.join(changed)}.")
    size = (config.height, config.width)
    if config.perceptual == "vgg" and config.perceptual_weight > 0 and perceptual is None:
        perceptual = load_vgg_loss(task.options.vgg_weights, imagenet=False)
    scenes = checked_scenes(task.data, config.loaded) if scenes is None else scenes
    val = open_scenes(task.data, "val", size) if val is None else val
    shown = [val[i] for i in range(min(SHEET_SCENES, len(val)))]
    torch.manual_seed(seed)
    return Prepared(
        config=config,
        objective=GroupDNetObjective.from_config(config, perceptual=perceptual),
        source=SceneSource(scenes, flip=config.flip, crop=config.crop),
        about=f"{len(scenes)} scenes of {task.data.data}",
        loop=loop_of(config, len(scenes)),
        model=partial(_model, spec=spec, scenes=scenes),
        show=lambda model, title: sample_sheet(model, shown, title),
        measure=partial(_measured, scenes=val) if have_photographs(val) else None,
    )


def _measured(model: GroupDNet, _: str, *, scenes: Sequence[Scene]) -> float:
    """Frechet distance on the validation scenes."""
    return frechet_of_scenes(lambda batch: model.paint(batch, model.draw(batch)), scenes)


def loop_of(config: GroupDNetConfig, scenes: int) -> dict[str, Any]:
    """Settings of the loop that follow from the config and the number of scenes."""
    if not config.decay_epochs:
        return loop_of_epochs(config, scenes)
    epochs = {"constant_epochs": config.epochs - config.decay_epochs, "decay_epochs": config.decay_epochs}
    return loop_of_epochs(config, scenes, schedule="constant_then_linear", **epochs)


def fit_config(config: GroupDNetConfig, spec: LabelSpec) -> GroupDNetConfig:
    """The config with the fields that data decide: classes, and groups that divide their number.

    Raises:
        ConfigError: the config has another number of classes, which is not that of a preset.
    """
    presets = {changes.get("num_classes", GroupDNetConfig.num_classes) for changes in PRESETS.values()}
    if config.num_classes not in (*presets, spec.num_classes):
        message, mend = "the data have another number of classes", "Leave it out, or name the data's own --spec."
        raise ConfigError(message, field="num_classes", found=config.num_classes, expected=spec.num_classes, mend=mend)
    return for_classes(config, spec.num_classes)


def _model(snapshot: Snapshot, *, spec: LabelSpec, scenes: Sequence[Scene]) -> GroupDNet:
    """The model of a step. Averaged weights get their own batch-norm statistics."""
    encoder, decoder = snapshot.network_as(Encoder, "encoder"), snapshot.network_as(Decoder, "generator")
    model = GroupDNet(encoder, decoder, spec)
    if snapshot.averages:
        re_estimate(model, scenes)
    return model


def re_estimate(model: GroupDNet, scenes: Sequence[Scene]) -> None:
    """Compute batch-norm statistics on fixed scenes, or fixed crops of them, each with codes of its own photograph."""
    count, passes = model.config.batch_size, iter(range(RE_ESTIMATION_PASSES))
    source = SceneSource(scenes, flip=False, crop=model.config.crop)

    def forward() -> None:
        first = next(passes) * count
        places = [generator_of(first + i, "crop") for i in range(count)]
        items = [source.item((first + i) % len(scenes), place) for i, place in enumerate(places)]
        batch = SceneBatch.from_scenes(items).to(model.device)
        assert batch.image is not None
        codes = model.encoder(batch.image, batch.label)
        noise = torch.randn(codes.mean.shape, generator=generator_of(first, "codes"))  # the same in a resumed training
        model.decoder(batch.label, codes.sample(noise.to(codes.mean)), batch.instance)

    reestimate_batch_norm(model.decoder, forward, passes=RE_ESTIMATION_PASSES)
