"""What every model that makes images of label maps can share: files that it writes, sheets, a gallery, and a metric.

A record may name `make` from here (`making="ipose.systems.scene_models:make"`), and `judge` of
`ipose.systems.image_judging`; all that they ask of the model is to be a `SceneModel`. The metric is for `--keep-best`:
how far generated images are from photographs, as a Frechet distance. Its features are Inception's (FID) where the
weights are here, else those of a small random network. The latter compare steps of one training, and nothing else.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from ipose.data.input_maps import find_inputs, read_inputs
from ipose.data.png import write_photo
from ipose.errors import ConfigError, MissingDependencyError, MissingWeightsError
from ipose.evaluation.feature_distances import FewSamplesWarning, frechet_distance
from ipose.evaluation.feature_networks import FeatureNetwork, load_features
from ipose.images import image_uint8
from ipose.label_spec import LabelSpec
from ipose.reports.blocks import scene_figure
from ipose.reports.page import Section
from ipose.reports.sheets import SceneRow, scene_sheet
from ipose.systems.generating import Request
from ipose.types import Scene, SceneObject
from ipose.whole_files import save_whole

Item = TypeVar("Item")

SEEDS = (1, 2)
"""Of the images on sheets and in galleries."""

SHOWN_SCENES = 8


@runtime_checkable
class SceneModel(Protocol):
    """A trained model that makes images of label maps."""

    @property
    def spec(self) -> LabelSpec:
        """What the class ids mean."""
        ...

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) that it was trained at."""
        ...

    def images(self, scenes: Sequence[Scene], seeds: Sequence[int]) -> Iterator[Float[Tensor, "b 3 h w"]]:
        """For each seed the images of all scenes, in [-1, 1]; the scenes are of one size.

        An image depends on (seed, scene's name) and its maps alone, not on the batch (`ipose.seeds.named_generator`).
        """
        ...


def with_parts_of(spec: LabelSpec, scene: Scene) -> Scene:
    """The scene, whose objects have the part categories that a model's own spec gives to their classes."""

    def given(objects: Sequence[SceneObject]) -> tuple[SceneObject, ...]:
        return tuple(replace(item, part_category=spec.classes[item.class_id].part_category) for item in objects)

    return replace(scene, objects=given(scene.objects), unlabelled=given(scene.unlabelled))


class ChangedScenes(Sequence[Scene]):
    """Scenes, each changed when it is read."""

    def __init__(self, scenes: Sequence[Scene], change: Callable[[Scene], Scene]) -> None:
        self.scenes, self.change = scenes, change

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: Any) -> Any:
        """One scene, by its number."""
        return self.change(self.scenes[index])


def make(model: SceneModel, request: Request) -> Iterator[Path]:
    """Images of every map: `<name>_seed<seed>.png`, and one `<name>_sheet.png` each.

    Raises:
        DataError: a map that cannot be read, or is of another spec.
    """

    def sheet_of(scene: Scene, images: Mapping[str, Tensor]) -> Image.Image:
        return scene_sheet([SceneRow(scene, images=images)], model.spec)

    def painted(scene: Scene) -> Iterator[Tensor]:
        return (batch[0].float().cpu() for batch in model.images([scene], request.seeds))

    yield from images_of_maps(request, model.spec, model.size, painted, sheet_of)


def images_of_maps(
    request: Request,
    spec: LabelSpec,
    size: tuple[int, int],
    painted: Callable[[Scene], Iterable[Tensor]],
    sheet_of: Callable[[Scene, Mapping[str, Tensor]], Image.Image],
) -> Iterator[Path]:
    """Write `painted(scene)`, an image for each seed, and their sheet, for every map of the request.

    Each image is written before the next one is computed.
    """
    found = find_inputs(request.maps, spec, split=request.split, instances=request.instances, out=request.out)
    for _, scene in read_inputs(found, spec, None if request.keep_size else size):
        images: dict[str, Tensor] = {}
        for seed, image in zip(request.seeds, painted(scene), strict=True):
            images[f"seed {seed}"] = image
            request.out.mkdir(parents=True, exist_ok=True)
            path = request.out / f"{scene.name}_seed{seed}.png"
            write_photo(path, image_uint8(image))
            yield path
        path = request.out / f"{scene.name}_sheet.png"
        save_whole(sheet_of(scene, images), path)
        yield path


def scene_row(model: SceneModel, scene: Scene, seeds: Sequence[int] = SEEDS) -> SceneRow:
    """A scene with one image a seed."""
    images = [batch[0].float().cpu() for batch in model.images([scene], seeds)]
    return SceneRow(scene, images={f"seed {seed}": image for seed, image in zip(seeds, images, strict=True)})


def sheet(model: SceneModel, title: str = "", *, scenes: Sequence[Scene]) -> Image.Image:
    """Label map, instances, two images, photograph: one line a scene."""
    return scene_sheet([scene_row(model, scene) for scene in scenes], model.spec, title=title)


def gallery(model: SceneModel, scenes: Sequence[Scene]) -> Section:
    """Some scenes from all over, for a report."""
    figures = [scene_figure(scene_row(model, scene), model.spec) for scene in spread(scenes, SHOWN_SCENES)]
    return Section("Validation scenes", "Label map in, image out; two seeds each.", figures)


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """`count` items (scenes, say) from all over a sequence, or all."""
    stride = max(1, len(items) // count)
    return [items[i] for i in range(0, len(items), stride)][:count]


AT_ONCE = 4
"""Images in a batch."""


def frechet_of_scenes(paint: Callable[[Sequence[Scene]], Tensor], scenes: Sequence[Scene]) -> float:
    """The distance of generated images, one of each scene, from the scenes' photographs.

    Args:
        paint: images in [-1, 1], float (b, 3, h, w), of some scenes.
        scenes: of one size, with photographs.
    Raises:
        ConfigError: a scene without a photograph.
    """

    def made() -> Iterator[Tensor]:
        for first in range(0, len(scenes), AT_ONCE):
            batch = [scenes[i] for i in range(first, min(first + AT_ONCE, len(scenes)))]
            yield image_uint8(paint(batch).float().cpu())

    return frechet_of_images(made(), (_photograph(scenes[i])[None] for i in range(len(scenes))))


@torch.no_grad()
def frechet_of_images(made: Iterable[Tensor], real: Iterable[Tensor]) -> float:
    """The distance of two sets of images, given in batches of uint8 (b, 3, h, w)."""
    network = inception_or_random()
    features = [torch.cat([network(images) for images in batches]) for batches in (made, real)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewSamplesWarning)  # steps of one training have the same counts
        return frechet_distance(*features).item()


def have_photographs(scenes: Sequence[Scene]) -> bool:
    """Whether the validation scenes have photographs, by the first one."""
    return len(scenes) > 1 and scenes[0].image is not None


def _photograph(scene: Scene) -> Tensor:
    if scene.image is None:
        mend = "Give every validation scene a photograph, or leave --keep-best out."
        raise ConfigError(
            "a validation scene without a photograph cannot be compared with", found=scene.name, mend=mend
        )
    return scene.image


def inception_or_random(device: str = "cpu") -> FeatureNetwork:
    """Inception, if its weights are here, else a small random network."""
    try:
        return load_features("inception", device=device)
    except (MissingWeightsError, MissingDependencyError):
        return load_features("random", device=device)
