"""Moving a part: its points shift, and masks, foreground and image change with them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ipose.errors import ConfigError

_FORM = re.compile(r"part=(\d+):([+-]?[\d.]+),([+-]?[\d.]+)")


@dataclass(frozen=True)
class MovePart:
    """Shift all points of one part.

    Args:
        part: number of the part, from 1, as in part maps.
        down: distance in halves of the image's height: 2 = the whole height.
        right: distance in halves of the image's width.
    """

    part: int
    down: float
    right: float

    @classmethod
    def parse(cls, words: str) -> "MovePart":
        """A move in the words of the command line: `part=2:0.1,0.0`. Raises ConfigError for other words."""
        match = _FORM.fullmatch(words.strip())
        try:
            if match:
                return cls(int(match[1]), float(match[2]), float(match[3]))
        except ValueError:
            pass
        expected = "part=NUMBER:DOWN,RIGHT, such as part=2:0.1,0.0 (2 = the image's height)"
        raise ConfigError("a move that cannot be read", field="move", found=words, expected=expected)


def move_parts(points: Float[Tensor, "b n 2"], parts: int, moves: Sequence[MovePart]) -> Float[Tensor, "b n 2"]:
    """The points after some moves. Moves of the same part add up.

    Raises:
        ConfigError: no such part.
    """
    moved, each = points.clone(), points.shape[1] // parts
    for move in moves:
        if not 1 <= move.part <= parts:
            raise ConfigError("no such part", field="move", found=move.part, expected=f"1..{parts}")
        own = slice((move.part - 1) * each, move.part * each)
        moved[:, own] += torch.tensor([move.down, move.right], dtype=points.dtype, device=points.device)
    return moved


def parts_off_the_picture(points: Float[Tensor, "b n 2"], parts: int) -> dict[int, list[int]]:
    """The parts whose points all lie outside of [-1, 1], with the images where they do.

    Args:
        points: (row, column), part by part.
        parts: how many there are.
    """
    outside = (points.abs() > 1).any(-1).view(points.shape[0], parts, -1).all(-1)  # [b, parts]
    found = {part + 1: outside[:, part].nonzero()[:, 0].tolist() for part in range(parts)}
    return {part: images for part, images in found.items() if images}
