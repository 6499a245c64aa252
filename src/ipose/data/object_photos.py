"""Objects cut out of photographs by their instance maps: one square image each, with the object's silhouette.

What GANSeg is trained on with `--crops`, and what a part segmenter of such a GANSeg sees.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, overload

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from torch import Tensor

from ipose.data.data_config import CropRule, Ground, PhotoConfig
from ipose.data.object_categories import category_of, classes_of, classes_there
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.parallel import progress_bar
from ipose.data.published.layouts import splits_of
from ipose.errors import ConfigError, DataError
from ipose.images import image_float, image_uint8
from ipose.types import Scene, SceneObject


class PhotoSquare(NamedTuple):
    """A square of a photograph, in its pixels. It may lie partly outside."""

    top: int
    left: int
    side: int

    def cut(self, image: UInt8[Tensor, "c h w"]) -> UInt8[Tensor, "c side side"]:
        """The square. Where it lies outside, the photograph's last row or column is repeated."""
        rows, cols = (
            (start + torch.arange(self.side)).clamp(0, there - 1)
            for start, there in zip((self.top, self.left), image.shape[1:], strict=True)
        )
        return image[:, rows[:, None], cols]

    def cut_map(self, map_: UInt8[Tensor, "c h w"]) -> UInt8[Tensor, "c side side"]:
        """The square of maps of ids. Where it lies outside, they are 0."""
        return self._replace(top=self.top + 1, left=self.left + 1).cut(F.pad(map_, (1, 1, 1, 1)))

    def wider(self, factor: float) -> "PhotoSquare":
        """The square around the same centre, of at least `factor` times the side, in whole pixels."""
        more = math.ceil(self.side * (factor - 1) / 2)
        return PhotoSquare(self.top - more, self.left - more, self.side + 2 * more)


def object_window(silhouette: Bool[Tensor, "h w"], margin: float) -> PhotoSquare:
    """The square around an object's box, with a margin.

    Args:
        silhouette: of the object; not empty.
        margin: on each side, as a share of the box's longer side; rounded to whole pixels.
    """
    (top, height), (left, width) = (_extent(silhouette.any(axis)) for axis in (1, 0))
    longer = max(height, width)
    side = longer + 2 * round(margin * longer)
    return PhotoSquare(top - (side - height) // 2, left - (side - width) // 2, side)


def _extent(there: Bool[Tensor, " n"]) -> tuple[int, int]:
    """First place and length."""
    places = there.nonzero()[:, 0]
    first, last = int(places[0]), int(places[-1])
    return first, last - first + 1


def silhouette_of(scene: Scene, item: SceneObject) -> Bool[Tensor, "h w"]:
    """The pixels of an object."""
    return (scene.label == item.class_id) & (scene.instance == item.instance_id)


def cut_out(
    image: UInt8[Tensor, "3 h w"], silhouette: Bool[Tensor, "h w"], window: PhotoSquare
) -> UInt8[Tensor, "4 side side"]:
    """A square of a photograph, and the silhouette as a fourth channel: 255 on the object, 0 elsewhere."""
    return torch.cat([window.cut(image), window.cut_map(silhouette.to(torch.uint8)[None] * 255)])


def object_crop(
    scene: Scene, item: SceneObject, crops: CropRule
) -> tuple[UInt8[Tensor, "3 side side"], PhotoSquare, Bool[Tensor, "h w"]]:
    """An object of a scene with a photograph, cut out in the photograph's pixels; the square that it is; and the
    object's pixels in the scene."""
    assert scene.image is not None
    own = silhouette_of(scene, item)
    window = object_window(own, crops.margin)
    cut = _float(cut_out(scene.image, own, window))
    return image_uint8(on_ground(cut, crops.ground)[:3]), window, own


def on_ground(
    cut: Float[Tensor, "4 s s"], ground: Ground, generator: torch.Generator | None = None
) -> Float[Tensor, "4 s s"]:
    """The object with another ground. Edges are mixed by the share of the object in each pixel.

    Args:
        cut: colours in [-1, 1] and the silhouette, 1 on the object and -1 around it.
        ground: "random" is one colour, uniform.
        generator: of the random colour. None = mid grey.
    """
    if ground == "photo":
        return cut
    colour = torch.zeros(3)
    if ground == "random" and generator is not None:
        colour = 2 * torch.rand(3, generator=generator) - 1
    share = (cut[3:] + 1) / 2
    return torch.cat([share * cut[:3] + (1 - share) * colour[:, None, None], cut[3:]])


class ObjectPhotos(Sequence[Tensor]):
    """Objects of one category, as uint8 (3, size, size), each in the middle and without moves.

    `moved` gives what is trained on: moved, scaled and turned at random, with its silhouette. Each object is held with
    so much of its surroundings that every move shows the photograph.

    Args:
        config: with crops.
        split: of the scenes.
        size: side in pixels.
        limit: number of scenes, from the first one. None = all.
    Raises:
        ConfigError: data without instance maps, no such category, or none given where there are several.
        DataError: a scene without a photograph, or no object that is large enough.
    """

    def __init__(self, config: PhotoConfig, split: str, size: int, *, limit: int | None = None) -> None:
        scenes, classes = _scenes_with(config, split, size, limit)
        self.config, self.size, self.reach = config, size, reach_of(config)
        self.names, self.left_out = list[str](), 0
        self._held, self._shares = list[Tensor](), list[float]()
        for scene in progress_bar(scenes, "cutting out objects", total=len(scenes)):
            for item in scene.objects:
                if item.class_id in classes:
                    self._add(scene, item)
        if not self._held:
            found = f"{self.left_out} with fewer pixels" if self.left_out else "none of this category"
            expected = f"objects whose longer side has {config.least_side} pixels or more"
            raise DataError("no object to train on", file=config.data, found=found, expected=expected)

    def _add(self, scene: Scene, item: SceneObject) -> None:
        if scene.image is None:
            raise DataError("a scene without a photograph", file=scene.name, expected="an image in *_img/")
        silhouette = silhouette_of(scene, item)
        if object_window(silhouette, 0.0).side < self.config.least_side:
            self.left_out += 1
            return
        window = object_window(silhouette, self.config.crop_margin)
        wide = window.wider(self.reach)
        self._held.append(_resized(cut_out(scene.image, silhouette, wide), math.ceil(self.size * self.reach)))
        self._shares.append(window.side / wide.side)
        self.names.append(f"{scene.name}-{item.class_id}-{item.instance_id}")

    def __len__(self) -> int:
        return len(self._held)

    @overload
    def __getitem__(self, index: int) -> Tensor: ...

    @overload
    def __getitem__(self, index: slice) -> list[Tensor]: ...

    def __getitem__(self, index: int | slice) -> Tensor | list[Tensor]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        still = self._seen(index, torch.eye(2), torch.zeros(2))
        return image_uint8(on_ground(still, self.config.ground)[:3])

    def moved(self, index: int, generator: torch.Generator) -> Float[Tensor, "4 s s"]:
        """An object as it is trained on: colours in [-1, 1], and its silhouette, 1 on the object and -1 around it.

        All moves are uniform within their ranges; the factor of the zoom is so in its logarithm.
        """
        config = self.config
        right, down, zoom, turn = (2 * torch.rand(4, generator=generator) - 1).tolist()
        angle, factor = math.radians(config.crop_turn * turn), config.crop_zoom**zoom
        cos, sin = math.cos(angle) / factor, math.sin(angle) / factor
        shift = 2 * config.crop_shift * torch.tensor([right, down])
        seen = self._seen(index, torch.tensor([[cos, sin], [-sin, cos]]), shift)
        return on_ground(seen, config.ground, generator)

    def _seen(self, index: int, linear: Float[Tensor, "2 2"], shift: Float[Tensor, " 2"]) -> Float[Tensor, "4 s s"]:
        """An object after a move. `linear` is the inverse of zoom and turn; (x, y), the crop is from -1 to 1."""
        cut = _float(self._held[index])
        if self.reach == 1:
            return cut
        held_from_crop = self._shares[index] * torch.cat([linear, -(linear @ shift)[:, None]], dim=1)
        grid = F.affine_grid(held_from_crop[None], [1, 4, self.size, self.size], align_corners=False)
        return F.grid_sample(cut[None], grid, padding_mode="border", align_corners=False)[0]

    def described(self) -> str:
        """How many there are and how many were left out, in one sentence."""
        least = self.config.least_side
        small = f"; {self.left_out} whose longer side has fewer than {least} pixels are left out (--least-side)"
        return f"{len(self)} objects cut out of {self.config.data}{small if self.left_out else ''}."


def _float(cut: UInt8[Tensor, "4 s s"]) -> Float[Tensor, "4 s s"]:
    """The bytes as -1 to 1."""
    return torch.cat([image_float(cut[:3]), cut[3:].float() / 127.5 - 1])


def _resized(cut: UInt8[Tensor, "4 h h"], side: int) -> UInt8[Tensor, "4 s s"]:
    """Each channel by itself, bilinear with antialiasing, as photographs are resized."""
    channels = [Image.fromarray(channel.numpy()).resize((side, side), Image.Resampling.BILINEAR) for channel in cut]
    return torch.stack([torch.from_numpy(np.array(channel)) for channel in channels])


def reach_of(config: PhotoConfig) -> float:
    """Side of the square around an object that its moves can show, over the side of its crop."""
    angle = math.radians(min(config.crop_turn, 45))
    return config.crop_zoom * (math.cos(angle) + math.sin(angle)) * (1 + 2 * config.crop_shift)


def _scenes_with(
    config: PhotoConfig, split: str, size: int, limit: int | None
) -> tuple[Sequence[Scene], frozenset[int]]:
    """The scenes of a split, at the photographs' size, and the classes of the category. PartWorld is drawn at twice the
    crop's size, so that objects need not be enlarged."""
    data, category = config.scenes_config(), config.category
    if not config.is_partworld and not splits_of(Path(config.data)):
        message, expected = "objects are cut out by instance maps", "a scene folder, or partworld"
        raise ConfigError(message, field="crops", found=config.data, expected=expected, mend="Leave --crops out.")
    if config.is_partworld and category is None and data.categories is not None and len(data.categories) == 1:
        category = data.categories[0]
    labels = open_spec(data).labels
    scenes = open_scenes(data, split, (2 * size, 2 * size) if config.is_partworld else None, limit=limit)
    return scenes, classes_of(labels, category_of(labels, category, classes_there(scenes)))
