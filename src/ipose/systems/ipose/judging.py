"""Eval cards of an iPOSE run: its images compared with photographs, and the parts of its PartNet."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.data.scene_folder import SceneFolder
from ipose.editing.contexts import NoiseContext, PixelNoise
from ipose.editing.edit import Edit
from ipose.errors import ConfigError, DataError, SpecError, SupportError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.class_diversity import ClassSampler
from ipose.evaluation.judges import ROBUSTNESS, EvaluateOptions
from ipose.evaluation.robustness import merged, noises_of, robustness, robustness_cards
from ipose.evaluation.segmenters import load_segmenter
from ipose.model_folder import open_model
from ipose.partnet.pretrained import has_partnet, load_partnet
from ipose.pipeline import IPose
from ipose.reports.blocks import scene_figure
from ipose.reports.page import Section
from ipose.reports.sheets import SceneRow, scene_sheet
from ipose.systems.image_judging import judge_images, nothing_to_judge_by
from ipose.systems.judging import Judged, data_of
from ipose.systems.partnet.judging import judge_parts
from ipose.systems.scene_models import ChangedScenes, spread, with_parts_of
from ipose.tables import percent, text_table
from ipose.training.run import Run
from ipose.types import Scene
from ipose.whole_files import save_whole

LOOKED_AT = 64
"""Scenes, of which the one with most objects to merge is shown under all noises."""


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of images and parts. If one of the two cannot be judged, it is left out."""
    data = data or data_of(run)
    saved = open_model(run.folder)
    supports = load_partnet(saved).supports if has_partnet(saved) else None
    facts = card_facts(run.folder, data.data, model_facts(run, supports))
    loaded = IPose.from_pretrained(saved).to(options.device)
    missing = _without_supports(loaded, data, options)
    if missing and not options.without_parts:
        raise SupportError(
            "the data show objects of categories without supports",
            file=run.folder,
            found=", ".join(missing),
            mend="Put drawings of parts into the model's supports/CATEGORY/NAME_part.png, or convert it again with "
            "--supports DIR. Or paint such objects without parts: --without-parts.",
        )
    if options.protocols is not None and ROBUSTNESS in options.protocols:
        return _judge_robustness(run, loaded, data, options, facts, name)
    images = judge_images(run, loaded, data, options, facts, name)
    if missing:
        note = f"painted without parts: {', '.join(missing)} (no supports)"
        images = replace(images, cards=[replace(card, notes=(*card.notes, note)) for card in images.cards])
    try:
        if supports is None:
            raise DataError("this model has no PartNet", file=run.folder, mend="Judge its images alone.")
        if options.split != "val":
            raise DataError(f"parts are judged on the split val, not on {options.split}")
        evaluation, cards = judge_parts(run, data, facts, name, options.out)
    except (ConfigError, DataError, SpecError, SupportError) as error:
        if not images.cards:
            raise nothing_to_judge_by(run, [*images.left_out, f"No part cards: {error}"]) from error
        return replace(images, left_out=(*images.left_out, f"No part cards: {error}"))
    return replace(images, cards=[*cards, *images.cards], table=evaluation.table())


def _judge_robustness(
    run: Run, model: IPose, data: DataConfig, options: EvaluateOptions, facts: Mapping[str, Any], name: str
) -> Judged:
    """Cards of what noise in the label maps changes, and robustness.png beside them: one scene under each noise."""
    seed, spec = options.seeds[0], model.spec
    opened = open_scenes(data, options.split, model.size, limit=options.limit)
    scenes = ChangedScenes(opened, partial(with_parts_of, spec))
    segmenter = None
    if options.segmenter is not None:
        size = options.segmenter_size
        segmenter = load_segmenter(options.segmenter, spec, options.class_map, options.device, input_size=size)
    noises = noises_of(spec, seed, segmenter)

    def paint(scene: Scene, seed: int) -> tuple[Tensor, Tensor]:
        shown = model(model.without_missing_supports(scene), seed=seed)
        return shown.image, shown.parts

    cards = robustness_cards(robustness(paint, scenes, noises, seed), {**facts, "seeds": (seed,)})
    shown = max(spread(scenes, LOOKED_AT), key=lambda scene: len(scene.objects) - len(merged(scene, spec).objects))
    rows = []
    for heading, noise in {"maps as they are": lambda scene: scene, **noises}.items():
        noisy = noise(shown)
        image, parts = paint(noisy, seed)
        rows.append(SceneRow(replace(noisy, name=heading, image=None, part=None), parts, {"image": image}))
    folder = options.out or run.folder / "cards" / name
    folder.mkdir(parents=True, exist_ok=True)
    sheet = scene_sheet(rows, spec, title=f"Noise in the label map of scene {shown.name}")
    save_whole(sheet, folder / "robustness.png")
    lines = [[name, *(percent(card.breakdown.get(name)) for card in cards)] for name in noises]
    table = text_table(["percent", *(card.metric.removesuffix(" noise of label maps") for card in cards)], lines)
    section = Section("One scene under each noise", "", [scene_figure(row, spec) for row in rows])
    return Judged(cards, table=table, sections=[section])


def _without_supports(model: IPose, data: DataConfig, options: EvaluateOptions) -> list[str]:
    """Part categories of the objects that will be painted, of which the model has no supports."""
    lacking = set(model.categories_without_supports)
    if not lacking:
        return []
    scenes = open_scenes(data, options.split, model.size, limit=options.limit)
    everyone = scenes.objects if isinstance(scenes, SceneFolder) else [scene.objects for scene in scenes]
    shown = {model.spec.classes[item.class_id].part_category for objects in everyone for item in objects}
    return sorted(lacking & {category for category in shown if category is not None})


def class_noise(run: Run, device: str) -> tuple[ClassSampler, tuple[int, int]]:
    """The run's model with its class noise, and the (height, width) it was trained at."""
    model = IPose.from_pretrained(run.folder).to(device)
    return ipose_sampler(model), model.size


def ipose_sampler(model: IPose) -> ClassSampler:
    """Images with new noise z at the pixels of one class."""

    def sample(scene: Scene, class_id: int | None, number: int) -> Float[Tensor, "3 h w"]:
        return model(scene, seed=0, edit=_ResamplePixels(class_id, number + 1)).image

    return sample


@dataclass(frozen=True)
class _ResamplePixels(Edit):
    """New noise z at the pixels of a class, or everywhere."""

    class_id: int | None
    seed: int

    def redraw(self, noise: PixelNoise, context: NoiseContext) -> PixelNoise:
        """The noise with new z where the class is."""
        label = context.draft.scene.label
        region = torch.ones_like(label, dtype=torch.bool) if self.class_id is None else label == self.class_id
        return noise._replace(z=torch.where(region, context.noise(self.seed).z, noise.z))
