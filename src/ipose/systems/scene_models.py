"""What every model that makes images of label maps can share: the files that it writes, sheets, and a gallery.

A record may name `make` from here (`making="ipose.systems.scene_models:make"`), and `judge` of
`ipose.systems.image_judging`; all that they ask of the model is to be a `SceneModel`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from jaxtyping import Float
from PIL import Image
from torch import Tensor

from ipose.data.input_maps import find_inputs, read_inputs
from ipose.data.png import write_photo
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


class ScenesOfSpec(Sequence[Scene]):
    """Scenes, each `with_parts_of` a spec when it is read."""

    def __init__(self, scenes: Sequence[Scene], spec: LabelSpec) -> None:
        self.scenes, self.spec = scenes, spec

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, index: Any) -> Any:
        """One scene, by its number."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return with_parts_of(self.spec, self.scenes[index])


def make(model: SceneModel, request: Request) -> Iterator[Path]:
    """Images of every map: `<name>_seed<seed>.png`, and one `<name>_sheet.png` each.

    Raises:
        DataError: a map that cannot be read, or is of another spec.
    """
    size = None if request.keep_size else model.size
    split, instances = request.split, request.instances
    found = find_inputs(request.maps, model.spec, split=split, instances=instances, out=request.out)
    for _, scene in read_inputs(found, model.spec, size):
        row = scene_row(model, scene, request.seeds)
        request.out.mkdir(parents=True, exist_ok=True)
        for seed, image in zip(request.seeds, (row.images or {}).values(), strict=True):
            path = request.out / f"{scene.name}_seed{seed}.png"
            write_photo(path, image_uint8(image))
            yield path
        path = request.out / f"{scene.name}_sheet.png"
        save_whole(scene_sheet([row], model.spec), path)
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
