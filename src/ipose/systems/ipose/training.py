"""Training generator and discriminator: from data and a trained PartNet to a run with a model folder."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from PIL import Image
from torch import nn

from ipose.data.batch_sources import SceneSource
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.layers.psm_block import BlockFactory
from ipose.losses.clip_weights import load_clip_style
from ipose.losses.vgg_weights import load_vgg_loss
from ipose.part_annotations import SupportSet
from ipose.partnet.parts_without_partnet import no_parts
from ipose.partnet.pretrained import TrainedPartNet
from ipose.partnet.scene_parts import SceneParts
from ipose.pipeline import IPose, generator_weights
from ipose.reports.sheets import scene_sheet
from ipose.synthesis.block_names import block_name, block_named
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.objective import InferParts, SynthesisObjective
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.ipose.page import scene_rows
from ipose.systems.ipose.record import IPoseAblateOptions, IPoseOptions
from ipose.systems.ipose.release import slot_classes
from ipose.systems.ipose.training_parts import (
    categories_in_use,
    check_part_maps,
    check_supports,
    part_source,
    remembered,
    trained_partnet,
    with_parts,
)
from ipose.systems.scene_models import ChangedScenes, frechet_of_scenes, have_photographs, with_parts_of
from ipose.systems.training import Prepared, Task, loop_of_epochs
from ipose.training.averaging import reestimate_batch_norm
from ipose.training.matching import load_matching
from ipose.training.snapshot import Snapshot
from ipose.types import Scene, SceneBatch

SHEET_SCENES = 6
RE_ESTIMATION_PASSES = 50
"""Number of batches for the batch-norm statistics of averaged weights (OASIS: 50)."""


def fit_config(config: SynthesisConfig, spec: LabelSpec, trained: TrainedPartNet | None) -> SynthesisConfig:
    """The config with the fields that data and PartNet decide: classes, the unknown class, features for each part
    channel."""
    features = config.part_feature_channels if trained is None else trained.partnet.config.features
    return replace(config, num_classes=spec.num_classes, unknown=spec.unknown, part_feature_channels=features)


def prepare(
    task: Task,
    *,
    seed: int,
    resume: bool,
    scenes: Sequence[Scene] | None = None,
    val: Sequence[Scene] | None = None,
    block: BlockFactory | None = None,
    style: nn.Module | None = None,
    infer_parts: InferParts | None = None,
) -> Prepared:
    """Prepare generator and discriminator on scenes.

    Args:
        scenes: the open training scenes. None = opened from the task's data.
        val: validation scenes, for sheets. None = opened from the task's data.
        block: makes the generator's blocks (`ipose.layers.psm_block.BlockFactory`). None = that of --block, else the
            PSM block. run.json and config.json remember its name.
        style: the style loss. None = the config's.
        infer_parts: gives the parts of a batch. None = from `part_source`.
    """
    block = block or own_block(task)
    spec, trained = open_spec(task.data).labels, trained_partnet(task)
    parted = spec if trained is None else with_parts(spec, task, trained.supports)
    if trained is not None and task.data.is_partworld:
        asked = task.data.categories or spec.part_categories
        check_supports(asked, trained.supports, task.options.partnet, drawn=True)
    config = fit_config(task.config, spec, trained)
    size = (config.height, config.width)
    scenes = checked_scenes(task.data, size) if scenes is None else scenes
    val = open_scenes(task.data, "val", size) if val is None else val
    if trained is not None and not task.data.is_partworld:
        check_supports(categories_in_use(spec, scenes, val), trained.supports, task.options.partnet)
    if parted != spec:
        spec, given = parted, partial(with_parts_of, parted)
        scenes, val = ChangedScenes(scenes, given), ChangedScenes(val, given)
    check_part_maps(config, scenes, val)
    style = style_loss(config, task.options) if style is None else style
    torch.manual_seed(seed)
    generator, discriminator = Generator(config, block), Discriminator.from_config(config)
    for network in (generator, discriminator):
        network.to(memory_format=torch.channels_last)  # the results are the same; CPUs are a fifth faster
    if task.options.init is not None and not resume:
        print(f"From {task.options.init}: {load_matching(generator, generator_weights(task.options.init))}.")
    infer_parts = infer_parts or remembered(part_source(config, trained), config, len(scenes))
    shown = [val[i] for i in range(min(SHEET_SCENES, len(val)))]
    return Prepared(
        config=config,
        objective=SynthesisObjective(
            generator, discriminator, config, infer_parts=infer_parts, style=style, also_compared=slot_classes(spec)
        ),
        source=SceneSource(scenes, flip=config.flip),
        about=f"{len(scenes)} scenes of {task.data.data}",
        loop=loop_of_epochs(config, len(scenes)),
        model=partial(_model, trained=trained, spec=spec, scenes=scenes),
        show=partial(_sheet, scenes=shown),
        measure=partial(_measured, scenes=val) if have_photographs(val) else None,
        load=partial(IPose.from_pretrained, block=block),
        remembered={} if block is None else {"block": block_name(block)},
    )


def own_block(task: Task) -> BlockFactory | None:
    """The block of --block. Raises ConfigError, before data are read, where it cannot be used."""
    name = task.options.block
    if name is None:
        return None
    if task.config.part_injection != "psm":
        message, found = "an own block takes the place of the PSM block", task.config.part_injection
        raise ConfigError(message, field="part_injection", found=found, expected="psm", mend="Leave out --block.")
    return block_named(name)


def style_loss(config: SynthesisConfig, options: IPoseOptions | IPoseAblateOptions) -> nn.Module | None:
    """The style loss of the config, with its weights."""
    if config.style_loss == "clip":
        return load_clip_style(options.clip_weights, block=config.style_block, resize=config.style_resize)
    return load_vgg_loss(options.vgg_weights) if config.style_loss == "vgg" else None


def _model(snapshot: Snapshot, *, trained: TrainedPartNet | None, spec: LabelSpec, scenes: Sequence[Scene]) -> IPose:
    """The model of a step: averaged weights, with batch-norm statistics for them."""
    generator = snapshot.network_as(Generator, "generator")
    partnet = None if trained is None else trained.partnet
    model = IPose(generator, partnet, SupportSet({}, {}) if trained is None else trained.supports, spec)
    re_estimate(model.to(model.device), scenes)
    return model


def _measured(model: IPose, _: str, *, scenes: Sequence[Scene]) -> float:
    """Frechet distance on the validation scenes."""
    return frechet_of_scenes(lambda batch: next(model.images(batch, (0,))), scenes)


def _sheet(model: IPose, title: str, *, scenes: Sequence[Scene]) -> Image.Image:
    """A sheet: label map, instances, inferred parts, two seeds, photograph."""
    return scene_sheet(scene_rows(model, scenes), model.spec, model.supports.part_names, title=title)


def _parts_read(model: IPose, batch: SceneBatch) -> SceneParts:
    """The parts that the generator reads. PartNet is not called for a generator that reads none."""
    if model.synthesis.part_injection == "none":
        return no_parts(batch, model.synthesis.part_input_channels)
    return model.infer_parts(batch)


def re_estimate(model: IPose, scenes: Sequence[Scene]) -> None:
    """Compute batch-norm statistics of the model's weights on fixed scenes. Each batch has its own noise."""
    count, passes = model.synthesis.batch_size, iter(range(RE_ESTIMATION_PASSES))
    known: dict[int, tuple[SceneBatch, SceneParts]] = {}  # the last batch, by its first scene: few scenes give one

    def forward() -> None:
        number = next(passes)
        first = (number * count) % max(len(scenes) - count + 1, 1)
        if first not in known:
            batch = SceneBatch.from_scenes([scenes[(first + i) % len(scenes)] for i in range(count)]).to(model.device)
            known.clear()
            known[first] = batch, _parts_read(model, batch)
        model.paint(*known[first], seed=number)

    reestimate_batch_norm(model.generator, forward, passes=RE_ESTIMATION_PASSES)
