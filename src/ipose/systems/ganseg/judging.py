"""Eval cards of a GANSeg: the distance of 50,000 generated images to the training photographs (GANSeg app. C)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ipose.data.data_config import DataConfig, PhotoConfig, WorldFlags
from ipose.data.open_data import open_scenes
from ipose.data.photo_files import refuse_label_maps, resized_photo
from ipose.data.photo_folder import find_photographs
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.image_sets import Pictured, ScenePhoto
from ipose.evaluation.judges import EvaluateOptions
from ipose.ganseg.generator import GANSegGenerator
from ipose.ganseg.noise import numbered_noise
from ipose.ganseg.pretrained import load_ganseg
from ipose.systems.ganseg.training import outputs_of
from ipose.systems.judging import Judged, data_of, images_folder
from ipose.systems.made_images import hash_of_model
from ipose.systems.noise_judging import judge_numbered
from ipose.training.run import Run

IMAGES = 50_000
"""Number of generated images (GANSeg app. C)."""


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """FID and KID of numbered images beside the training photographs, which are no pairs.

    Raises:
        RunError: a model folder alone, and no data.
        DataError: no photographs.
        ConfigError: a protocol of objects.
        MissingWeightsError: no feature network.
    """
    data = data or data_of(run)
    generator = load_ganseg(run.folder).to(options.device)
    model = NumberedImages(generator)
    real = _photographs(data, generator.config.image_size, options.limit)
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
    """A photograph at the size that GANSeg is trained at, read when it is needed.

    Args:
        path: of the file.
        size: side in pixels.
        scene: name of the file.
        seed: None, as for all photographs.
    """

    path: Path
    size: int
    scene: str
    seed: int | None = None

    def pixels(self) -> UInt8[Tensor, "3 s s"]:
        """Read and resize the photograph as in training. Raises DataError if it cannot be read."""
        return resized_photo(self.path, self.size)


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
    return [Photograph(path, size, path.name) for path in paths[:limit]]
