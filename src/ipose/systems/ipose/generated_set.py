"""The images that a trained model makes of a data set's scenes, and the photographs that they are judged beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.png import write_photo
from ipose.data.progress_bar import progress_bar
from ipose.errors import SpecError
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.image_sets import ImageFile, ScenePhoto
from ipose.pipeline import IPose, SceneOutput
from ipose.types import Scene, SceneBatch

AT_ONCE = 4
"""Scenes a batch: PartNet reads them once for all seeds."""


@dataclass(frozen=True, eq=False)
class GeneratedSet:
    """Generated images with their photographs and maps.

    Args:
        images: in order of scene and seed.
        real: a photograph a scene, as large as it is stored (PartWorld is drawn at the images' size).
        maps: at the images' size.
    """

    images: list[ImageFile]
    real: list[ScenePhoto]
    maps: DataMaps


def generate_set(
    model: IPose, data: DataConfig, out: Path, *, seeds: Sequence[int], limit: int | None = None
) -> GeneratedSet:
    """Write `<scene>_seed<n>.png` of every validation scene, as `ipose generate` would.

    Args:
        model: trained.
        data: whose validation scenes.
        out: folder to write to.
        seeds: of the noise, an image each.
        limit: at most so many scenes, the first ones; None = all.
    Raises:
        SpecError: the data are of other classes than the model.
        DataError: the data cannot be read.
    """
    _check_classes(model, data)
    size = (model.synthesis.height, model.synthesis.width)
    scenes = open_scenes(data, "val", size)
    photos = open_scenes(data, "val", size if data.is_partworld else None)
    count = len(scenes) if limit is None else min(limit, len(scenes))
    out.mkdir(parents=True, exist_ok=True)
    images: list[ImageFile] = []
    places: dict[str, int] = {}
    for first in progress_bar(range(0, count, AT_ONCE), f"generating, {len(seeds)} seeds"):
        batch = [scenes[i] for i in range(first, min(first + AT_ONCE, count))]
        places.update({scene.name: first + i for i, scene in enumerate(batch)})
        images += _generate(model, batch, seeds, out)
    images.sort(key=lambda image: (places[image.scene], image.seed))
    real = [ScenePhoto(photos, index, name) for name, index in places.items()]
    return GeneratedSet(images, real, DataMaps(scenes, places, model.spec))


def _generate(model: IPose, scenes: Sequence[Scene], seeds: Sequence[int], out: Path) -> list[ImageFile]:
    batch = SceneBatch.from_scenes(scenes).to(model.device)
    parts, files = model.infer_parts(batch), []
    for seed in seeds:
        painted = model.paint(batch, parts, seed=seed).cpu()
        for scene, image, part_map, logits in zip(scenes, painted, parts.part_map.cpu(), parts.logits, strict=True):
            path = out / f"{scene.name.replace('/', '__')}_seed{seed}.png"
            write_photo(path, SceneOutput(image, part_map, logits).image_uint8())
            files.append(ImageFile(scene.name, seed, path))
    return files


def _check_classes(model: IPose, data: DataConfig) -> None:
    theirs = [item.name for item in open_spec(data).labels.classes]
    own = [item.name for item in model.spec.classes]
    if theirs != own:
        raise SpecError(
            "the data are of other classes than the model",
            file=data.data,
            found=f"{len(theirs)} classes ({', '.join(theirs[:4])}, ...)",
            expected=f"{len(own)} classes ({', '.join(own[:4])}, ...)",
            mend="Name data of the same spec with --data and --spec; ipose labels convert makes them.",
        )
