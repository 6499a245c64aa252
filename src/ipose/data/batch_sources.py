"""Scenes and photographs in batches for the training loop: mirrored, and cropped at random.

All randomness comes from the generators that the loop passes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ipose.data.augment import crop_scene, flip_scene
from ipose.data.object_photos import ObjectPhotos
from ipose.images import image_float
from ipose.types import Scene, SceneBatch

LEAST_AREA, ASPECTS, TRIES = 0.9, (0.9, 1.1), 10
"""Random crops keep this share of the area, at these ratios of width to height (CUB and Flowers in the release). After
so many rectangles that do not fit, the crop is the whole image (torchvision)."""


class SceneSource:
    """Training scenes.

    Args:
        scenes: of one size, with photographs.
        flip: mirror each scene with probability 1/2 (iPOSE sec. 4.1, as OASIS).
        crop: (height, width) of a rectangle that is cut at a random place. None = the whole scene.
    """

    def __init__(self, scenes: Sequence[Scene], *, flip: bool = True, crop: tuple[int, int] | None = None) -> None:
        self.scenes, self.flip, self.crop = scenes, flip, crop

    def __len__(self) -> int:
        return len(self.scenes)

    def item(self, index: int, generator: torch.Generator) -> Scene:
        """One scene: cut out, and mirrored or not."""
        mirrored = self.flip and bool(torch.rand((), generator=generator) < 0.5)
        scene = self.scenes[index]
        if self.crop is not None:
            rows, cols = (there - wanted + 1 for there, wanted in zip(scene.size, self.crop, strict=True))
            down, right = torch.rand(2, generator=generator).tolist()
            scene = crop_scene(scene, int(down * rows), int(right * cols), self.crop)
        return flip_scene(scene) if mirrored else scene

    def collate(self, items: Sequence[Scene], generator: torch.Generator) -> SceneBatch:
        """Stack them; nothing is random here."""
        return SceneBatch.from_scenes(items)


@dataclass(frozen=True, eq=False)
class PhotoBatch:
    """Photographs of a step.

    Args:
        image: (b, 3, s, s) in [-1, 1].
        silhouette: (b, 1, s, s), 1 on the object and -1 around it. None = the photographs are no crops of objects.
    """

    image: Float[Tensor, "b 3 s s"]
    names: tuple[str, ...]
    silhouette: Float[Tensor, "b 1 s s"] | None = None

    def to(self, device: torch.device | str) -> "PhotoBatch":
        """The batch there."""
        silhouette = None if self.silhouette is None else self.silhouette.to(device)
        return PhotoBatch(self.image.to(device), self.names, silhouette)

    def __len__(self) -> int:
        return len(self.names)


class PhotoSource:
    """Training photographs.

    Args:
        images: uint8 (3, s, s), all of one size; or objects, each cut out anew whenever it is asked for.
        names: one each; None = their numbers.
        flip: mirror with probability 1/2.
        random_crop: cut 0.9 to 1 of the area and bring it back to size.
    """

    def __init__(
        self,
        images: Sequence[Tensor],
        names: Sequence[str] | None = None,
        *,
        flip: bool = True,
        random_crop: bool = False,
    ) -> None:
        self.images, self.flip, self.random_crop = images, flip, random_crop
        self.names = tuple(names) if names is not None else tuple(str(i) for i in range(len(images)))

    def __len__(self) -> int:
        return len(self.images)

    def item(self, index: int, generator: torch.Generator) -> tuple[str, Tensor]:
        """Name and image, float in [-1, 1]; of objects with the silhouette as a fourth channel."""
        if isinstance(self.images, ObjectPhotos):
            image: Tensor = self.images.moved(index, generator)
        else:
            image = image_float(self.images[index])
        if self.random_crop:
            image = cropped_at_random(image, generator)
        if self.flip and bool(torch.rand((), generator=generator) < 0.5):
            image = image.flip(-1)
        return self.names[index], image

    def collate(self, items: Sequence[tuple[str, Tensor]], generator: torch.Generator) -> PhotoBatch:
        """Stack them; nothing is random here."""
        stacked = torch.stack([image for _, image in items])
        silhouette = stacked[:, 3:] if stacked.shape[1] > 3 else None
        return PhotoBatch(stacked[:, :3], tuple(name for name, _ in items), silhouette)


def cropped_at_random(image: Float[Tensor, "c s s"], generator: torch.Generator) -> Float[Tensor, "c s s"]:
    """A random rectangle of the image, at its size again (bilinear, antialiased)."""
    side = image.shape[-1]
    height, width = _random_rectangle(side, generator)
    down, right = torch.rand(2, generator=generator).tolist()
    top, left = int(down * (side - height + 1)), int(right * (side - width + 1))
    piece = image[None, :, top : top + height, left : left + width]
    return F.interpolate(piece, size=(side, side), mode="bilinear", align_corners=False, antialias=True)[0]


def _random_rectangle(side: int, generator: torch.Generator) -> tuple[int, int]:
    """Height and width, by the rule of torchvision's RandomResizedCrop: what does not fit is drawn again."""
    for area, aspect in torch.rand(TRIES, 2, generator=generator).tolist():
        share = LEAST_AREA + (1 - LEAST_AREA) * area
        ratio = ASPECTS[0] * (ASPECTS[1] / ASPECTS[0]) ** aspect
        height, width = round(side * (share / ratio) ** 0.5), round(side * (share * ratio) ** 0.5)
        if max(height, width) <= side:
            return height, width
    return side, side
