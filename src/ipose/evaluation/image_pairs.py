"""Pairs of a generated and a real image, resized or cropped as a protocol says."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from ipose.data.file_lists import named_file
from ipose.data.input_maps import read_map
from ipose.errors import ConfigError, DataError, TooFewObjectsError
from ipose.evaluation.feature_networks import FeatureNetwork
from ipose.evaluation.image_sets import Pictured
from ipose.evaluation.protocols import EvaluationProtocol, object_crop, resized
from ipose.label_spec import LabelSpec
from ipose.types import Scene

Pair = tuple[Tensor, Tensor]
"""(generated, real), each uint8 (3, h, w) of the same size."""


@runtime_checkable
class SceneMaps(Protocol):
    """Gives the maps of a scene by its name."""

    @property
    def spec(self) -> LabelSpec:
        """Spec of the label maps."""
        ...

    def scene(self, name: str, size: tuple[int, int]) -> Scene:
        """The maps of a scene at (height, width)."""
        ...


@dataclass(frozen=True)
class LabelMaps:
    """Label maps of a folder.

    Args:
        folder: of label maps `<scene>.png`.
        instances: folder of instance maps; None = each connected piece of a thing class is one object.
    """

    folder: Path
    spec: LabelSpec
    instances: Path | None = None

    def scene(self, name: str, size: tuple[int, int]) -> Scene:
        """The maps of a scene, resized to (height, width). Raises DataError if there is no label map."""
        path = named_file(self.folder, f"{name}.png")
        if path is None:
            missing, mend = self.folder / f"{name}.png", "Name the folder of label maps with --labels."
            raise DataError("no label map of this image", file=missing, mend=mend)
        return read_map(path, self.spec, root=self.folder, instances=self.instances, size=size)


@dataclass(frozen=True, eq=False)
class DataMaps:
    """Maps of a data set, opened at the size of the generated images.

    Args:
        places: index of each scene by its name.
    """

    scenes: Sequence[Scene]
    places: Mapping[str, int]
    spec: LabelSpec

    def scene(self, name: str, size: tuple[int, int]) -> Scene:
        """The scene of this name. Raises DataError if it has another size."""
        scene = self.scenes[self.places[name]]
        if scene.size != size:
            raise DataError("image and maps differ in size", file=name, found=size, expected=scene.size)
        return scene


class Fingerprint:
    """Hash of images and maps, for the field `data` of a card."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, name: str, pixels: Tensor) -> None:
        """Add the pixels of a scene."""
        self._hash.update(f"{name} {tuple(pixels.shape)} ".encode("utf-8", "surrogateescape"))
        self._hash.update(pixels.contiguous().numpy().tobytes())

    def hex(self) -> str:
        """The hash of all that was added, 16 digits."""
        return self._hash.hexdigest()[:16]


def needed(maps: SceneMaps | None) -> SceneMaps:
    """The label maps. Raises ConfigError, which says how to name them, if there are none."""
    if maps is None:
        what = "an object protocol or a segmenter needs label maps"
        raise ConfigError(what, field="labels", found="no folder, or no spec", expected="--labels DIR --spec NAME")
    return maps


def size_of(image: Tensor) -> tuple[int, int]:
    """(height, width) of an image."""
    return image.shape[1], image.shape[2]


def image_pairs(
    protocol: EvaluationProtocol,
    maps: SceneMaps | None,
    images: Iterable[tuple[Pictured, Pictured]],
    seen: Fingerprint | None = None,
) -> Iterator[Pair]:
    """Both images of each scene, or each object in both, resized as the protocol says.

    Args:
        maps: of the scenes. Only protocols of objects need them.
        images: (generated, real) of each scene.
        seen: the real images are added to this hash.
    Raises:
        ConfigError: the protocol needs label maps.
        DataError: a file is missing, or cannot be read.
    """
    for generated, real in images:
        image, photo = generated.pixels(), real.pixels()
        if seen is not None:
            seen.add(real.scene, photo)
        pairs = [(image, photo)]
        if protocol.level == "objects":
            photo = resized(photo, size_of(image), protocol)
            objects = needed(maps).scene(generated.scene, size_of(image)).objects
            crops = [(object_crop(image, item.box), object_crop(photo, item.box)) for item in objects]
            pairs = [pair for pair in crops if min(size_of(pair[0])) >= protocol.min_side_px]
        for a, b in pairs:
            size = protocol.size or size_of(image)
            yield resized(a, size, protocol), resized(b, size, protocol)


def pair_features(network: FeatureNetwork, pairs: Iterable[Pair], batch_size: int) -> tuple[Tensor, Tensor]:
    """Features of the generated and of the real images, float32 (n, d) each, in order.

    Args:
        pairs: (generated, real). Neighbours of the same size are put in one batch.
    Raises:
        TooFewObjectsError: fewer than two pairs, which have no spread.
    """
    both = _features(network, pairs, batch_size)
    found = len(both[0]) if both else 0
    if found < 2:
        message, mend = "too few objects to compare in these label maps", "Check --spec and --instances."
        raise TooFewObjectsError(message, found=found, expected="2 or more", mend=mend)
    fake, real = both
    return fake, real


def image_features(network: FeatureNetwork, images: Iterable[Tensor], batch_size: int) -> Tensor:
    """Features of one set of images, float32 (n, d), in order.

    Args:
        images: uint8 (3, h, w), one or more. Neighbours of the same size are put in one batch.
    """
    return _features(network, ((image,) for image in images), batch_size)[0]


def _features(network: FeatureNetwork, items: Iterable[tuple[Tensor, ...]], batch_size: int) -> list[Tensor]:
    """Features of the first, second, ... image of every item; none where there is no item."""
    found = [
        [network(torch.stack(images)).float().cpu() for images in zip(*batch, strict=True)]
        for batch in _batches(items, batch_size)
    ]
    return [torch.cat(features) for features in zip(*found, strict=True)]


def _batches(items: Iterable[tuple[Tensor, ...]], batch_size: int) -> Iterator[list[tuple[Tensor, ...]]]:
    """Neighbours whose images have one size, at most `batch_size` of them."""
    waiting: list[tuple[Tensor, ...]] = []
    for item in items:
        if waiting and (len(waiting) == batch_size or item[0].shape != waiting[0][0].shape):
            yield waiting
            waiting = []
        waiting.append(item)
    if waiting:
        yield waiting
