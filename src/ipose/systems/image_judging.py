"""Image cards of `ipose evaluate RUN`, for any model that makes images from label maps.

A record may name `judge` from here: `judging="ipose.systems.image_judging:judge"`,
`judged_by={"images": IMAGE_OPTIONS}`. A system that judges more beside the images calls `judge_images`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.parallel import progress_bar
from ipose.data.png import write_photo
from ipose.errors import DataError, SpecError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_cards import image_cards
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.image_sets import ImageFile, ScenePhoto
from ipose.evaluation.judges import EvaluateOptions, judges_of
from ipose.images import image_uint8
from ipose.label_spec import LabelSpec
from ipose.systems.judging import Judged, data_of
from ipose.systems.record import function_named
from ipose.systems.registry import system_of_run
from ipose.systems.scene_models import SceneModel
from ipose.training.run import Run
from ipose.types import Scene
from ipose.whole_files import replace_folder

AT_ONCE = 4
"""Scenes in a batch. A model reads them once for all seeds."""


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of generated images of validation scenes. The system's `load` must give a `SceneModel`.

    Raises:
        DataError: no network to judge with.
    """
    data = data or data_of(run)
    model = function_named(system_of_run(run).loading)(run.folder).to(options.device)
    judged = judge_images(run, model, data, options, card_facts(run.folder, data.data, model_facts(run)), name)
    if not judged.cards:
        raise DataError("nothing to judge by", file=run.folder, found=" ".join(judged.left_out) or "no network")
    return judged


def judge_images(
    run: Run, model: SceneModel, data: DataConfig, options: EvaluateOptions, facts: Mapping[str, Any], name: str
) -> Judged:
    """Generate images of validation scenes in `generated/` of the run, and judge them as `evaluate --images` does.

    Args:
        run: of the model.
        model: on the device of `options`.
        data: of the validation scenes.
        options: of `ipose evaluate`.
        facts: fields that all cards share (`ipose.evaluation.card_folder.card_facts`).
        name: of the data; "" = they are the run's own.
    """
    judges, missing = judges_of(options, model.spec)
    left_out = () if missing is None else (missing,)
    if not judges:
        return Judged((), left_out)
    made = _generated(model, run.folder / "-".join(filter(None, ("generated", name))), data, options)
    cards: list[EvalCard] = []
    for protocol, judge in judges:
        size = options.batch_size
        cards += image_cards(protocol, judge, made.images, made.real, made.maps, facts=facts, batch_size=size)
    return Judged(cards, left_out)


@dataclass(frozen=True, eq=False)
class GeneratedSet:
    """Generated images with their photographs and maps.

    Args:
        images: in order of scene and seed.
        real: the photograph of each scene, at its stored size. (PartWorld is drawn at the images' size.)
        maps: at the images' size.
    """

    images: list[ImageFile]
    real: list[ScenePhoto]
    maps: DataMaps


def generate_set(
    model: SceneModel, data: DataConfig, out: Path, *, seeds: Sequence[int], limit: int | None = None
) -> GeneratedSet:
    """Write `<scene>_seed<n>.png` of each validation scene, as `ipose generate` does.

    Args:
        model: a trained model.
        data: of the validation scenes.
        out: folder to write to.
        seeds: of the noise. Each scene has one image for each seed.
        limit: number of scenes, from the first one; None = all.
    Raises:
        SpecError: data and model have different classes.
        DataError: the data cannot be read.
    """
    _check_classes(model.spec, data)
    scenes = open_scenes(data, "val", model.size)
    photos = open_scenes(data, "val", model.size if data.is_partworld else None)
    count = len(scenes) if limit is None else min(limit, len(scenes))
    out.mkdir(parents=True, exist_ok=True)
    images: list[ImageFile] = []
    places: dict[str, int] = {}
    for first in progress_bar(range(0, count, AT_ONCE), f"generating, {len(seeds)} seeds"):
        batch = [_with_parts_of(model.spec, scenes[i]) for i in range(first, min(first + AT_ONCE, count))]
        places.update({scene.name: first + i for i, scene in enumerate(batch)})
        images += _generate(model, batch, seeds, out)
    images.sort(key=lambda image: (places[image.scene], image.seed))
    real = [ScenePhoto(photos, index, name) for name, index in places.items()]
    return GeneratedSet(images, real, DataMaps(scenes, places, model.spec))


def _generated(model: SceneModel, folder: Path, data: DataConfig, options: EvaluateOptions) -> GeneratedSet:
    """Images of all validation scenes. An older folder is replaced when the new one is complete."""
    made: list[GeneratedSet] = []
    seeds, limit = options.seeds, options.limit
    replace_folder(folder, lambda beside: made.append(generate_set(model, data, beside, seeds=seeds, limit=limit)))
    moved = [replace(image, path=folder / image.path.name) for image in made[0].images]
    return replace(made[0], images=moved)


def _generate(model: SceneModel, scenes: Sequence[Scene], seeds: Sequence[int], out: Path) -> list[ImageFile]:
    files = []
    for seed, images in zip(seeds, model.images(scenes, seeds), strict=True):
        for scene, image in zip(scenes, image_uint8(images.float().cpu()), strict=True):
            path = out / f"{scene.name.replace('/', '__')}_seed{seed}.png"
            write_photo(path, image)
            files.append(ImageFile(scene.name, seed, path))
    return files


def _with_parts_of(spec: LabelSpec, scene: Scene) -> Scene:
    """The scene, whose objects have the part categories that the model's own spec gives to their classes."""
    categories = (spec.classes[item.class_id].part_category for item in scene.objects)
    objects = (replace(item, part_category=name) for item, name in zip(scene.objects, categories, strict=True))
    return replace(scene, objects=tuple(objects))


def _check_classes(spec: LabelSpec, data: DataConfig) -> None:
    theirs = [item.name for item in open_spec(data).labels.classes]
    own = [item.name for item in spec.classes]
    if theirs != own:
        raise SpecError(
            "the data are of other classes than the model",
            file=data.data,
            found=f"{len(theirs)} classes ({', '.join(theirs[:4])}, ...)",
            expected=f"{len(own)} classes ({', '.join(own[:4])}, ...)",
            mend="Name data of the same spec with --data and --spec; ipose labels convert makes them.",
        )
