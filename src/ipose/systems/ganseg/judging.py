"""Eval cards of a GANSeg: the distance of 50,000 generated images to the training photographs (GANSeg app. C).

With a part segmenter that learned from its pairs, also landmark errors and IoU on photographs (GANSeg sec. 4).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig, PhotoConfig, WorldFlags
from ipose.data.object_photos import ObjectPhotos
from ipose.data.open_data import open_scenes
from ipose.data.photo_files import refuse_label_maps, resized_photo
from ipose.data.photo_folder import find_photographs
from ipose.data.photo_layouts import photo_layout
from ipose.errors import DataError, MissingWeightsError, RunError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.image_sets import Pictured, ScenePhoto
from ipose.evaluation.judges import EvaluateOptions
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.pretrained import load_ganseg
from ipose.systems.ganseg.training import outputs_of
from ipose.systems.judging import Judged, data_of, images_folder, open_judged
from ipose.systems.made_images import hash_of_model
from ipose.systems.noise_judging import judge_numbered
from ipose.systems.part_segmenter.record import SYSTEM as PART_SEGMENTER
from ipose.systems.record import function_named
from ipose.training.run import Run

IMAGES = 50_000
"""Number of generated images (GANSeg app. C)."""


OWN_SEGMENTER = "part-segmenter"
"""Folder of a run in which its part segmenter is looked for."""


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """FID and KID of numbered images beside the training photographs, which are no pairs; and cards of its parts."""
    data = data or data_of(run)
    parts = judge_parts(run, data, options, name)
    try:
        images = judge_images(run, data, options)
    except MissingWeightsError as error:
        if not parts.cards or options.features != "inception":
            raise
        images = Judged([], (f"No distances of images: {error}",))
    cards, left_out = [*images.cards, *parts.cards], (*images.left_out, *parts.left_out)
    return Judged(cards, left_out, sections=images.sections)


def judge_parts(run: Run, data: DataConfig, options: EvaluateOptions, name: str) -> Judged:
    """Cards of the part segmenter of this run: the one of the options, or the one in the run's `part-segmenter/`.

    A sentence says why there are no cards: no part segmenter, or data without a truth.
    """
    folder = options.segmenter or run.folder / OWN_SEGMENTER
    if options.segmenter is None and not folder.is_dir():
        need = f"ipose train part-segmenter --pairs {run.folder} --out {folder}"
        return Judged([], (f"No landmark errors and no IoU: they need a part segmenter ({need}, or --segmenter RUN).",))
    segmenter = open_judged(folder)
    if segmenter.kind != PART_SEGMENTER.kind:
        mend = "Name a run of ipose train part-segmenter."
        message = "no part segmenter"
        raise RunError(message, file=folder, found=segmenter.kind, expected=PART_SEGMENTER.kind, mend=mend)
    try:
        judged: Judged = function_named(str(PART_SEGMENTER.judging))(segmenter, data, options, name)
    except DataError as error:
        return Judged([], (f"No landmark errors and no IoU: {error}",))
    return judged


def judge_images(run: Run, data: DataConfig, options: EvaluateOptions) -> Judged:
    """FID and KID. Raises the errors of `judge`."""
    generator = load_ganseg(run.folder).to(options.device)
    model = NumberedImages(generator)
    size = generator.config.image_size
    real = objects_of(run, data, size, options.limit) or _photographs(data, size, options.limit)
    facts = card_facts(run.folder, data.data, model_facts(run))
    cards, shown = judge_numbered(
        model,
        hash_of_model(run.model),
        real,
        options,
        images_folder(run, options, ""),
        facts,
        count=options.count or IMAGES,
    )
    return Judged(cards, sections=[shown])


@dataclass(frozen=True, eq=False)
class NumberedImages:
    """A GANSeg as an `ipose.systems.noise_judging.NoiseModel`."""

    generator: GANSegGenerator

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of its images."""
        return self.generator.config.image_size, self.generator.config.image_size

    def numbered(self, seed: int, numbers: Sequence[int]) -> Float[Tensor, "b 3 h w"]:
        """The images of these numbers, as `ipose generate` makes them."""
        with torch.no_grad():
            return outputs_of(self.generator, numbered_noise(self.generator.config, seed, numbers)).image


@dataclass(frozen=True)
class Photograph:
    """A photograph at the size that GANSeg is trained at, read when it is needed. `size`: side in pixels. `upright`: as
    in `ipose.data.png.read_photo`; False for published sets.
    """

    path: Path
    size: int
    scene: str
    upright: bool = True
    seed: int | None = None

    def pixels(self) -> UInt8[Tensor, "3 s s"]:
        """Read and resize the photograph as in training. Raises DataError if it cannot be read."""
        return resized_photo(self.path, self.size, upright=self.upright)


@dataclass(frozen=True)
class CutOut:
    """An object as GANSeg is trained on it, without moves."""

    objects: ObjectPhotos
    number: int
    scene: str
    seed: int | None = None

    def pixels(self) -> UInt8[Tensor, "3 s s"]:
        """The object on its ground."""
        return self.objects[self.number]


def objects_of(run: Run, data: DataConfig, size: int, limit: int | None) -> list[Pictured]:
    """The training objects of a run on crops, in the scenes of `data`. Empty for other runs."""
    recorded = run.config.get("data")
    if not isinstance(recorded, dict) or not recorded.get("crops"):
        return []
    still = {"crop_shift": 0.0, "crop_zoom": 1.0, "crop_turn": 0.0}
    config = replace(config_from_plain(PhotoConfig, {**recorded, **still}), data=data.data, spec=data.spec)
    objects = ObjectPhotos(config, "train", size, limit=limit)
    return [CutOut(objects, number, name) for number, name in enumerate(objects.names)]


def _photographs(data: DataConfig, size: int, limit: int | None) -> list[Pictured]:
    """The training photographs, of which none is read yet."""
    own = {item.name: getattr(data, item.name) for item in fields(WorldFlags)}
    config = PhotoConfig(data=data.data, **own)
    if config.is_partworld:
        scenes = open_scenes(config.scenes_config(), "train", (size, size), limit=limit)
        return [ScenePhoto(scenes, i, str(i)) for i in range(len(scenes))]
    root = Path(config.data)
    paths = find_photographs(root)
    refuse_label_maps(root, paths)
    upright = photo_layout(root) is None
    return [Photograph(path, size, path.name, upright) for path in paths[:limit]]
