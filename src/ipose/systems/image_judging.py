"""Image cards of `ipose evaluate MODEL`, for any model that makes images from label maps.

A record may name `judge` from here: `judging="ipose.systems.image_judging:judge"`,
`judged_by={"images": IMAGE_OPTIONS}`. A system that judges more beside the images calls `judge_images`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ipose.data.data_config import DataConfig
from ipose.data.index_cache import fingerprint, state_of_files
from ipose.data.input_maps import check_classes
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.parallel import progress_bar
from ipose.data.png import write_photo
from ipose.data.scene_folder import SceneFolder
from ipose.errors import DataError, TooFewObjectsError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_cards import ONE_SCENE, image_cards
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.image_sets import ImageFile, Pictured, ScenePhoto
from ipose.evaluation.judges import EvaluateOptions, judges_of
from ipose.images import image_float, image_uint8
from ipose.reports.blocks import scene_figure
from ipose.reports.page import Section
from ipose.reports.sheets import SceneRow
from ipose.systems.judging import Judged, data_of, images_folder
from ipose.systems.made_images import MadeImages, facts_of, file_stem, hash_of_model, in_precision
from ipose.systems.record import function_named
from ipose.systems.registry import system_of_run
from ipose.systems.scene_models import SHOWN_SCENES, SceneModel, spread, with_parts_of
from ipose.training.run import Run
from ipose.types import Scene

AT_ONCE = 4
"""Scenes in a batch. A model reads them once for all seeds."""

NO_SEGMENTER = "No mIoU and no pixel accuracy: no segmenter was named (--segmenter; ipose train segmenter makes one)."


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of generated images of a split. The system's `load` must give a `SceneModel`."""
    data = data or data_of(run)
    model = function_named(system_of_run(run).loading)(run.folder).to(options.device)
    judged = judge_images(run, model, data, options, card_facts(run.folder, data.data, model_facts(run)), name)
    if not judged.cards:
        raise nothing_to_judge_by(run, judged.left_out)
    return judged


def nothing_to_judge_by(run: Run, left_out: Sequence[str]) -> DataError:
    """The error of an evaluation without a card. `left_out`: why there is none."""
    why = " ".join(left_out) or "No network was named."
    return DataError(
        "nothing to judge by",
        file=run.folder,
        mend=f"{why} To make the images alone: ipose generate DATA --model MODEL.",
    )


def judge_images(
    run: Run, model: SceneModel, data: DataConfig, options: EvaluateOptions, facts: Mapping[str, Any], name: str
) -> Judged:
    """Generate images of a split, and judge them as `evaluate --images` does. Images that stand are kept. `facts`:
    fields that all cards share. `name`: of the data; "" = they are the run's own.
    """
    judges, missing = judges_of(options, model.spec)
    left_out = [] if missing is None else [missing]
    left_out += [] if options.segmenter is not None or options.features is None else [NO_SEGMENTER]
    if not judges:
        return Judged((), tuple(left_out))
    made = generate_set(model, data, images_folder(run, options, name), options, made_by=hash_of_model(run.model))
    left_out += [ONE_SCENE] if len(made.real) < 2 and options.features is not None else []
    cards: list[EvalCard] = []
    for protocol, judge in judges:
        size = options.batch_size
        try:
            cards += image_cards(protocol, judge, made.images, made.real, made.maps, facts=facts, batch_size=size)
        except TooFewObjectsError as error:
            left_out.append(f"No cards of {protocol.name}: {error}")
    cards = [replace(card, left_out=tuple(left_out)) for card in in_precision(cards, options.precision)]
    return Judged(cards, tuple(left_out), sections=[_gallery(made)])


@dataclass(frozen=True, eq=False)
class GeneratedSet:
    """Generated images with their photographs and maps.

    Args:
        images: in order of scene and seed.
        real: the photograph of each scene, at its stored size. (PartWorld is drawn at the images' size.)
        maps: at the images' size.
    """

    images: list[ImageFile]
    real: list[Pictured]
    maps: DataMaps


def generate_set(
    model: SceneModel, data: DataConfig, out: Path, options: EvaluateOptions, *, made_by: str = ""
) -> GeneratedSet:
    """Write `<scene>_seed<n>.png` of each scene of a split, as `ipose generate` does. Images that stand are kept.

    Args:
        options: give split, limit, precision and seeds: each scene has one image for each seed.
        made_by: hash of the model. Images of another one are removed.
    Raises:
        SpecError: data and model have different classes.
        DataError: the data cannot be read, or `out` holds other files.
    """
    check_classes(model.spec, open_spec(data).labels, data.data)
    scenes = open_scenes(data, options.split, model.size, limit=options.limit)
    names = scenes.names if isinstance(scenes, SceneFolder) else [scene.name for scene in scenes]
    folder, seeds = _folder(out, model, scenes, made_by, options), options.seeds
    files = [ImageFile(name, n, folder.place(_file_name(name, n))) for name in names for n in sorted(seeds)]
    folder.say_what_stands(sum(file.path.is_file() for file in files), len(files))
    for batch, missing in _unmade(scenes, names, seeds, folder):
        parted = [with_parts_of(model.spec, scene) for scene in batch]
        with options.making:
            made = list(model.images(parted, missing))
        for seed, images in zip(missing, made, strict=True):
            for scene, image in zip(batch, image_uint8(images.float().cpu()), strict=True):
                folder.write(_file_name(scene.name, seed), partial(write_photo, image=image))
    maps = DataMaps(scenes, {name: i for i, name in enumerate(names)}, model.spec)
    return GeneratedSet(files, _photographs(scenes, names), maps)


def _gallery(made: GeneratedSet) -> Section:
    """Some scenes from all over, for a page."""
    images: dict[str, list[ImageFile]] = {}
    for image in made.images:
        images.setdefault(image.scene, []).append(image)
    rows = [
        SceneRow(
            made.maps.scenes[made.maps.places[name]],
            images={f"seed {image.seed}": image_float(image.pixels()) for image in images[name]},
        )
        for name in spread(list(images), SHOWN_SCENES)
    ]
    figures = [scene_figure(row, made.maps.spec) for row in rows]
    return Section("Scenes", "Label map in, image out; the photograph beside.", figures)


def _folder(
    out: Path, model: SceneModel, scenes: Sequence[Scene], made_by: str, options: EvaluateOptions
) -> MadeImages:
    facts = facts_of(model.size, made_by, options) | {"split": options.split, "spec": fingerprint((), model.spec)}
    if not isinstance(scenes, SceneFolder):  # a world that is drawn: the number of scenes changes none of them
        world = {name: value for name, value in vars(getattr(scenes, "config", scenes)).items() if name != "count"}
        return MadeImages(out, {**facts, "spec": fingerprint((), model.spec, world)})
    states = {files.name: state_of_files(replace(files, image=None)) for files in scenes.files}
    return MadeImages(out, {**facts, "spec": fingerprint((), scenes.spec)}, states)


def _unmade(
    scenes: Sequence[Scene], names: Sequence[str], seeds: Sequence[int], folder: MadeImages
) -> Iterator[tuple[list[Scene], tuple[int, ...]]]:
    """Scenes in batches, with the seeds that they have no image of."""
    waiting: list[Scene] = []
    asked: tuple[int, ...] = ()
    for i, name in enumerate(progress_bar(names, f"generating, {len(seeds)} seeds")):
        missing = tuple(seed for seed in seeds if not folder.place(_file_name(name, seed)).is_file())
        if waiting and (missing != asked or len(waiting) == AT_ONCE):
            yield waiting, asked
            waiting = []
        if missing:
            waiting, asked = [*waiting, scenes[i]], missing
    if waiting:
        yield waiting, asked


def _file_name(scene: str, seed: int) -> str:
    return f"{file_stem(scene)}_seed{seed}.png"


def _photographs(scenes: Sequence[Scene], names: Sequence[str]) -> list[Pictured]:
    """The photograph of each scene: its file as stored, without reading the scene's maps."""
    if not isinstance(scenes, SceneFolder):
        return [ScenePhoto(scenes, i, name) for i, name in enumerate(names)]
    return [
        ImageFile(files.name, None, files.image) if files.image else ScenePhoto(scenes, i, files.name)
        for i, files in enumerate(scenes.files)
    ]
