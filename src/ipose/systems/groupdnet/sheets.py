"""Sheets of a GroupDNet: reconstructions, samples, and one class resampled."""

from collections.abc import Mapping, Sequence

import torch
from PIL import Image
from torch import Tensor

from ipose.groupdnet.codes import with_class_code
from ipose.groupdnet.model import GroupDNet
from ipose.label_spec import LabelSpec
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, photo
from ipose.reports.sheets import class_legend
from ipose.types import Scene

SEEDS = (1, 2)
Images = Mapping[str, Tensor]
"""Images in [-1, 1] by caption."""


def samples(model: GroupDNet, scene: Scene, seeds: Sequence[int] = SEEDS) -> dict[str, Tensor]:
    """Images of one scene: the reconstruction of its photograph, one sample for each seed, and one class with a new
    code."""
    images: dict[str, Tensor] = {}
    base = model.draw([scene], seed=seeds[0])
    if scene.image is not None:
        base = model.encode([scene]).mean
        images["reconstruction"] = model.paint([scene], base)[0]
    for seed in seeds:
        images[f"seed {seed}"] = model(scene, seed=seed)
    if model.config.code != "vector":
        number = _second_largest(scene)
        other = with_class_code(base, number, model.draw([scene], seed=seeds[-1]), model.config.num_classes)
        images[f"{model.spec.classes[number].name} anew"] = model.paint([scene], other)[0]
    return images


def image_row(scene: Scene, images: Images, spec: LabelSpec) -> TileRow:
    """A row: label map, images, and the photograph if there is one."""
    tiles = [Tile(label_picture(scene.label, spec), "label map")]
    tiles += [Tile(photo(image), caption) for caption, image in images.items()]
    if scene.image is not None:
        tiles.append(Tile(photo(scene.image), "photograph"))
    return TileRow(tiles, heading=scene.name)


def image_sheet(rows: Sequence[tuple[Scene, Images]], spec: LabelSpec, title: str = "") -> Image.Image:
    """A sheet with one row for each scene, and a legend of the label maps' colours."""
    lines = [image_row(scene, images, spec) for scene, images in rows]
    legend = TileRow((), heading="classes", legend=class_legend([scene for scene, _ in rows], spec))
    return contact_sheet([*lines, legend], title)


def sample_sheet(model: GroupDNet, scenes: Sequence[Scene], title: str = "") -> Image.Image:
    """A sheet of `samples`."""
    return image_sheet([(scene, samples(model, scene)) for scene in scenes], model.spec, title)


def _second_largest(scene: Scene) -> int:
    """The class with the second-most pixels, which is rarely the background; or the only class."""
    counts = torch.bincount(scene.label.flatten())
    return int(counts.argsort(descending=True)[min(1, int((counts > 0).sum()) - 1)])
