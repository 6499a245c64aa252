"""What tells cat, cow, dog, horse and sheep apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ipose.partworld.dice import Number

Range = tuple[Number, Number]


@dataclass(frozen=True, kw_only=True)
class Build:
    """What tells one animal from another; lengths relative to the torso's."""

    girth: Range
    leg: Range
    leg_width: Number
    neck: Range
    neck_width: Number
    neck_rise: Range
    head: Number
    muzzle: Range
    ears: Sequence[str]
    tail: Range
    tail_width: Number
    tail_rise: Range
    coats: Sequence[tuple[Number, Number, Number]]
    patterns: Sequence[str]
    poses: Sequence[str]
    woolly: bool
    tuft: bool
    mane: bool
    nose: tuple[Number, Number, Number]


BROWN, TAN, GREY = (0.07, 0.6, 0.5), (0.09, 0.45, 0.75), (0.6, 0.06, 0.6)
BLACK, WHITE, GINGER = (0.65, 0.15, 0.3), (0.1, 0.08, 0.92), (0.07, 0.72, 0.9)
DARK, PINK = (0.05, 0.4, 0.12), (0.97, 0.35, 0.85)
"""Hue, saturation and value."""

_ANIMALS = ("cat", "cow", "dog", "horse", "sheep")
_TRAITS: Mapping[str, Sequence[Any]] = {
    "girth": ((0.36, 0.48), (0.52, 0.64), (0.36, 0.5), (0.4, 0.5), (0.56, 0.68)),
    "leg": ((0.42, 0.6), (0.42, 0.55), (0.4, 0.75), (0.68, 0.85), (0.35, 0.5)),
    "leg_width": (0.15, 0.16, 0.16, 0.15, 0.13),
    "neck": ((0.1, 0.18), (0.14, 0.24), (0.16, 0.3), (0.4, 0.55), (0.1, 0.2)),
    "neck_width": (0.3, 0.34, 0.26, 0.27, 0.26),
    "neck_rise": ((20, 75), (-25, 40), (20, 70), (25, 65), (-20, 50)),
    "head": (0.24, 0.19, 0.2, 0.16, 0.17),
    "muzzle": ((0.08, 0.13), (0.16, 0.24), (0.18, 0.28), (0.26, 0.36), (0.12, 0.18)),
    "ears": (["point"], ["horn"], ["flop", "point"], ["point"], ["flop"]),
    "tail": ((0.6, 0.85), (0.45, 0.6), (0.3, 0.5), (0.5, 0.75), (0.18, 0.28)),
    "tail_width": (0.13, 0.09, 0.12, 0.17, 0.15),
    "tail_rise": ((-30, 100), (-85, -50), (-50, 80), (-80, 10), (-70, -20)),
    "coats": (
        (GINGER, GREY, BLACK),
        (WHITE, BROWN, BLACK),
        (TAN, BROWN, WHITE, BLACK),
        (BROWN, BLACK, TAN, WHITE),
        (WHITE,),
    ),
    "patterns": (["stripes", "stripes", "plain"], ["patches"], ["plain", "patches"], ["plain"], ["dots"]),
    "poses": (
        ["walk", "walk", "sit", "sit", "lie", "front"],
        ["walk", "walk", "graze", "lie", "front"],
        ["walk", "walk", "run", "sit", "sit", "lie", "graze", "front"],
        ["walk", "walk", "run", "run", "rear", "graze"],
        ["walk", "walk", "graze", "lie", "front"],
    ),
    "woolly": (False, False, False, False, True),
    "tuft": (False, True, False, False, False),
    "mane": (False, False, False, True, False),
    "nose": (DARK, PINK, DARK, DARK, DARK),
}
"""Each trait of each animal, in the order of `_ANIMALS`."""

BUILDS = {
    animal: Build(**{trait: values[place] for trait, values in _TRAITS.items()})
    for place, animal in enumerate(_ANIMALS)
}
"""By category."""
