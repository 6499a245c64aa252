"""Eval cards of an iPOSE run: its images compared with photographs, and the parts of its PartNet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jaxtyping import Float
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.data.scene_folder import SceneFolder
from ipose.errors import ConfigError, DataError, SpecError, SupportError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.judges import EvaluateOptions
from ipose.label_spec import LabelSpec
from ipose.model_folder import open_model
from ipose.partnet.pretrained import has_partnet, load_partnet
from ipose.pipeline import IPose
from ipose.systems.image_judging import judge_images, nothing_to_judge_by
from ipose.systems.ipose.generating import without_parts
from ipose.systems.judging import Judged, data_of
from ipose.systems.partnet.judging import judge_parts
from ipose.training.run import Run
from ipose.types import Scene, SceneBatch


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of images and parts. If one of the two cannot be judged, it is left out.

    Raises:
        DataError: neither can be judged: no part maps, and no network to judge images with.
    """
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
    images = judge_images(run, ScenesOfIPose(loaded), data, options, facts, name)
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


def _without_supports(model: IPose, data: DataConfig, options: EvaluateOptions) -> list[str]:
    """Part categories of the objects that will be painted, of which the model has no supports."""
    lacking = set(model.categories_without_supports)
    if not lacking:
        return []
    scenes = open_scenes(data, options.split, ScenesOfIPose(model).size, limit=options.limit)
    everyone = scenes.objects if isinstance(scenes, SceneFolder) else [scene.objects for scene in scenes]
    shown = {model.spec.classes[item.class_id].part_category for objects in everyone for item in objects}
    return sorted(lacking & {category for category in shown if category is not None})


@dataclass(frozen=True, eq=False)
class ScenesOfIPose:
    """An iPOSE as a `ipose.systems.scene_models.SceneModel`: PartNet reads a scene once for all seeds."""

    model: IPose

    @property
    def spec(self) -> LabelSpec:
        """What the class ids mean."""
        return self.model.spec

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that it was trained at."""
        return self.model.synthesis.height, self.model.synthesis.width

    def images(self, scenes: Sequence[Scene], seeds: Sequence[int]) -> Iterator[Float[Tensor, "b 3 h w"]]:
        """For each seed the images of all scenes. Objects without supports are painted without parts."""
        shown = [without_parts(scene, self.model.objects_without_supports(scene)) for scene in scenes]
        batch = SceneBatch.from_scenes(shown).to(self.model.device)
        parts = self.model.infer_parts(batch)
        for seed in seeds:
            yield self.model.paint(batch, parts, seed=seed)
