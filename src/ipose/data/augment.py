"""Augmentation: pure functions of what goes in and of the generator; ids are picked, never mixed.

Source: iPOSE's release. Part pairs are enlarged to 72, rotated by -15..15 degrees and cropped back to 64, and flipped;
scenes are flipped, as in OASIS. Each "half of the time".
"""

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from jaxtyping import Bool, Float, Int64, UInt8
from torch import Tensor

from ipose.data.object_index import reindex_objects
from ipose.errors import ShapeMismatchError
from ipose.types import Scene

MAX_ROTATION_DEG = 15.0
ENLARGED = 72 / 64
"""Side that a pair is enlarged to before the random crop, relative to its own."""


def flip_scene(scene: Scene) -> Scene:
    """The scene mirrored left to right: photograph, label, instance and part map, and the boxes of its objects."""
    return _moved(scene, lambda pixels: pixels.flip(-1))


def _moved(scene: Scene, move: Callable[[Tensor], Tensor]) -> Scene:
    """The scene with all its maps moved alike. Objects of which they show too little are left out."""
    label, instance = move(scene.label), move(scene.instance)
    image, part = (None if pixels is None else move(pixels) for pixels in (scene.image, scene.part))
    objects = reindex_objects(label, instance, scene.objects)
    return replace(scene, image=image, label=label, instance=instance, objects=objects, part=part)


def crop_scene(scene: Scene, top: int, left: int, size: tuple[int, int]) -> Scene:
    """A rectangle of the scene, of all its maps alike. Objects of which it shows too little are left out.

    Args:
        scene: at least as large as the rectangle.
        size: its (height, width).
    Raises:
        ShapeMismatchError: the rectangle does not lie in the scene.
    """
    height, width = size
    if not (0 <= top <= scene.size[0] - height and 0 <= left <= scene.size[1] - width):
        found = f"{height}x{width} at row {top}, column {left}"
        expected = f"a part of {scene.size[0]}x{scene.size[1]}"
        raise ShapeMismatchError("the rectangle does not lie in the scene", found=found, expected=expected)
    return _moved(scene, lambda pixels: pixels[..., top : top + height, left : left + width].contiguous())


def augment_pair(
    shape: Bool[Tensor, "s s"], part_map: UInt8[Tensor, "s s"], generator: torch.Generator
) -> tuple[Bool[Tensor, "s s"], UInt8[Tensor, "s s"]]:
    """`augment_pairs` for one pair."""
    shapes, part_maps = augment_pairs(shape[None], part_map[None], generator)
    return shapes[0], part_maps[0]


def augment_pairs(
    shapes: Bool[Tensor, "n s s"], part_maps: UInt8[Tensor, "n s s"], generator: torch.Generator
) -> tuple[Bool[Tensor, "n s s"], UInt8[Tensor, "n s s"]]:
    """Enlarge, rotate, crop and flip object shapes together with their part maps, each pair in its own way.

    Half of the pairs are enlarged to 72 (for a side of 64) and cropped back at random, and half of these rotated by
    -15..15 degrees before the crop; half of all are flipped. All steps are one look-up of pixels (nearest); what the
    rotation brings in from outside is no object. Six numbers are drawn per pair, whatever they decide.

    Args:
        shapes: silhouettes.
        part_maps: their part ids.
        generator: on the CPU; the only source of randomness.
    """
    draws = torch.rand(shapes.shape[0], 6, generator=generator)
    rows, cols, inside = _source_pixels(draws, shapes.shape[-1])
    pair = torch.arange(shapes.shape[0])[:, None, None]
    return shapes[pair, rows, cols] & inside, torch.where(inside, part_maps[pair, rows, cols], 0).to(torch.uint8)


def _source_pixels(
    draws: Float[Tensor, "n 6"], side: int
) -> tuple[Int64[Tensor, "n s s"], Int64[Tensor, "n s s"], Bool[Tensor, "n s s"]]:
    """Which pixel of the pair each pixel of the result shows, and whether it shows the pair at all."""
    enlarge, rotate, angle, top, left, flip = draws[:, :, None, None].unbind(1)
    enlarged = round(side * ENLARGED)
    moves, turns = enlarge < 0.5, (enlarge < 0.5) & (rotate < 0.5)
    line = torch.arange(side)
    col = torch.where(flip < 0.5, side - 1 - line, line)[:, :1]  # (n, 1, s): the result's columns, mirrored or not
    room = enlarged - side + 1
    row = line[:, None] + torch.floor(top * room)  # (n, s, 1): place in the enlarged frame
    col_there = col + torch.floor(left * room)
    radians = torch.where(turns, (2 * angle - 1) * math.radians(MAX_ROTATION_DEG), 0.0)
    centre = (enlarged - 1) / 2
    y, x = row - centre, col_there - centre
    turned_row = torch.round(radians.cos() * y - radians.sin() * x + centre)
    turned_col = torch.round(radians.sin() * y + radians.cos() * x + centre)
    inside = (turned_row >= 0) & (turned_row < enlarged) & (turned_col >= 0) & (turned_col < enlarged)
    rows = torch.where(moves, turned_row.clamp(0, enlarged - 1) * side // enlarged, line[:, None])
    cols = torch.where(moves, turned_col.clamp(0, enlarged - 1) * side // enlarged, col)
    return rows.long(), cols.long(), inside | ~moves
