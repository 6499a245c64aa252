"""Where the generator's parts come from in a training: PartNet, its supports and drawings; checked before a step."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ipose.data.open_data import open_spec
from ipose.data.scene_folder import SceneFolder
from ipose.data.support_folder import load_supports, unused_drawings
from ipose.errors import ConfigError, DataError, SupportError
from ipose.label_spec import LabelSpec
from ipose.model_folder import open_model
from ipose.part_annotations import SupportSet
from ipose.partnet.added_supports import with_drawings
from ipose.partnet.parts_without_partnet import parts_function
from ipose.partnet.pretrained import TrainedPartNet, load_partnet
from ipose.partnet.scene_parts import CachedParts, SceneParts, infer_scene_parts
from ipose.synthesis.objective import InferParts
from ipose.synthesis.presets import SynthesisConfig
from ipose.systems.ipose.release import with_slots
from ipose.systems.training import Task
from ipose.types import Scene, SceneBatch

MOST_REMEMBERED = 2**31
"""Bytes of the parts that a training keeps."""


class FrozenParts:
    """A frozen PartNet with its supports, as `infer_parts` of the objective."""

    def __init__(self, trained: TrainedPartNet, config: SynthesisConfig) -> None:
        self.partnet = trained.partnet.requires_grad_(False).eval()
        self.supports, self.config = trained.supports, config

    def to(self, device: torch.device | str) -> None:
        """Move PartNet."""
        self.partnet.to(device)

    def __call__(self, batch: SceneBatch) -> SceneParts:
        """The parts of the batch's scenes."""
        return infer_scene_parts(
            self.partnet, batch, self.supports, paste=self.config.paste, object_shape=self.config.object_shape
        )


def part_source(config: SynthesisConfig, trained: TrainedPartNet | None) -> InferParts | None:
    """The function that gives the generator its parts in training, by `config.parts`. None = it reads no parts."""
    if config.part_injection == "none":
        return None
    if trained is not None and config.parts == "predicted":
        return FrozenParts(trained, config)
    return parts_function(config.parts, config.object_shape)


def remembered(infer_parts: InferParts | None, config: SynthesisConfig, scenes: int) -> InferParts | None:
    """Parts of a frozen PartNet that are inferred once a scene, and once mirrored, where all fit into
    `MOST_REMEMBERED` bytes."""
    channels = config.part_input_channels + 2  # the mask, and one for the tensor that is not read
    looks = 2 * scenes if config.flip else scenes
    fits = looks * config.height * config.width * channels * 4 <= MOST_REMEMBERED
    if isinstance(infer_parts, FrozenParts) and fits:
        return CachedParts(infer_parts, config.part_tensor)
    return infer_parts


def with_parts(spec: LabelSpec, task: Task, supports: SupportSet) -> LabelSpec:
    """The spec, with parts for classes that drawings are named after. Prints what is done, and what may be missed."""
    drawings, names = task.options.supports, open_spec(task.data).part_names
    drawn = () if drawings is None else load_supports(drawings, names).categories
    parted = with_slots(spec.with_parts(drawn), supports.categories)
    if sentence := unused_drawings(parted, drawn):
        print(sentence)
    missed = sorted(set(parted.with_parts(supports.categories).part_categories) - set(parted.part_categories))
    if missed:
        line = f'part_category = "{missed[0]}"'
        print(f"PartNet has supports of {', '.join(missed)}. For parts, write {line} into the class in dataset.toml.")
    return parted


def check_partnet(config: SynthesisConfig, partnet: Path | None) -> None:
    """Raises ConfigError or RunError if the config needs a PartNet and there is none."""
    if partnet is not None:
        open_model(partnet)
    elif config.needs_partnet:
        raise ConfigError(
            "predicted parts need a trained PartNet, and none is named",
            field="partnet",
            mend="Name its run (--partnet; partworld is one that comes with ipose), or train without predicted parts: "
            "--parts true, --parts position_descriptor, or --part-injection none.",
        )


def check_part_maps(config: SynthesisConfig, *data: Sequence[Scene]) -> None:
    """Raises DataError if the config needs part maps and a scene has none."""
    if config.parts != "true" or config.part_injection == "none":
        return
    for scenes in data:
        if len(scenes) and scenes[0].part is None:
            message = "training on true parts needs part maps"
            mend = "Give the data part maps, or train on predicted parts."
            found, expected = f"scene {scenes[0].name!r} without one", "{train,val}_part/ beside the label maps"
            raise DataError(message, field="parts", found=found, expected=expected, mend=mend)


def trained_partnet(task: Task) -> TrainedPartNet | None:
    """The PartNet that the model will own. If the generator would not use it: None, with a printed message."""
    config, partnet, drawings = task.config, task.options.partnet, task.options.supports
    check_partnet(config, partnet)
    if drawings is not None and (partnet is None or not config.needs_partnet):
        mend = "Name a PartNet (--partnet), or leave out --supports."
        raise ConfigError("drawings are read by a PartNet, and this training uses none", field="supports", mend=mend)
    if partnet is None:
        return None
    if config.parts != "predicted":
        print(f"PartNet {partnet} is not used: the generator reads {config.parts} parts.")
        return None
    trained = load_partnet(partnet)
    if drawings is None:
        return trained
    together = with_drawings(trained.supports, drawings, open_spec(task.data).part_names)
    return replace(trained, supports=together)


def categories_in_use(spec: LabelSpec, *splits: Sequence[Scene]) -> list[str]:
    """Part categories that the objects of some scenes have; those of the spec where that is not known unread."""
    found: set[str | None] = set()
    for scenes in splits:
        if not isinstance(scenes, SceneFolder):
            return list(spec.part_categories)
        found |= {item.part_category for objects in scenes.objects for item in objects}
    return [name for name in spec.part_categories if name in found]


def check_supports(categories: Sequence[str], supports: SupportSet, partnet: Path, *, drawn: bool = False) -> None:
    """Raises SupportError, with their names, if part categories of the data have no supports. `drawn`: by PartWorld."""
    others = f"draw scenes of those that it has: --categories {shlex.join(supports.categories)}"
    if missing := [name for name in categories if name not in supports.categories]:
        raise SupportError(
            "part categories of the data without supports",
            file=partnet,
            field=", ".join(missing),
            found=", ".join(supports.categories),
            expected=", ".join(categories),
            mend="Draw three objects of each in a paint program: --supports DIR, or once for all ipose supports add "
            f"{partnet} DIR (no training needed). Or {others if drawn else 'take part_category out of the spec'}.",
        )
