"""What tells cat, cow, dog, horse and sheep apart."""

from dataclasses import dataclass

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
    ears: tuple[str, ...]
    tail: Range
    tail_width: Number
    tail_rise: Range
    coats: tuple[tuple[Number, Number, Number], ...]
    patterns: tuple[str, ...]
    poses: tuple[str, ...]
    woolly: bool = False
    tuft: bool = False
    mane: bool = False
    nose: tuple[Number, Number, Number] = (0.05, 0.4, 0.12)


BROWN, TAN, GREY, BLACK, WHITE, GINGER = (
    (0.07, 0.6, 0.5), (0.09, 0.45, 0.75), (0.6, 0.06, 0.6), (0.65, 0.15, 0.3), (0.1, 0.08, 0.92), (0.07, 0.72, 0.9),
)  # fmt: skip

BUILDS = {
    "cat": Build(
        girth=(0.36, 0.48), leg=(0.42, 0.6), leg_width=0.15, neck=(0.1, 0.18), neck_width=0.3, neck_rise=(20, 75),
        head=0.24, muzzle=(0.08, 0.13), ears=("point",), tail=(0.6, 0.85), tail_width=0.13, tail_rise=(-30, 100),
        coats=(GINGER, GREY, BLACK), patterns=("stripes", "stripes", "plain"),
        poses=("walk", "walk", "sit", "sit", "lie", "front"),
    ),
    "cow": Build(
        girth=(0.52, 0.64), leg=(0.42, 0.55), leg_width=0.16, neck=(0.14, 0.24), neck_width=0.34, neck_rise=(-25, 40),
        head=0.19, muzzle=(0.16, 0.24), ears=("horn",), tail=(0.45, 0.6), tail_width=0.09, tail_rise=(-85, -50),
        coats=(WHITE, BROWN, BLACK), patterns=("patches",), poses=("walk", "walk", "graze", "lie", "front"),
        tuft=True, nose=(0.97, 0.35, 0.85),
    ),
    "dog": Build(
        girth=(0.36, 0.5), leg=(0.4, 0.75), leg_width=0.16, neck=(0.16, 0.3), neck_width=0.26, neck_rise=(20, 70),
        head=0.2, muzzle=(0.18, 0.28), ears=("flop", "point"), tail=(0.3, 0.5), tail_width=0.12, tail_rise=(-50, 80),
        coats=(TAN, BROWN, WHITE, BLACK), patterns=("plain", "patches"),
        poses=("walk", "walk", "run", "sit", "sit", "lie", "graze", "front"),
    ),
    "horse": Build(
        girth=(0.4, 0.5), leg=(0.68, 0.85), leg_width=0.15, neck=(0.4, 0.55), neck_width=0.27, neck_rise=(25, 65),
        head=0.16, muzzle=(0.26, 0.36), ears=("point",), tail=(0.5, 0.75), tail_width=0.17, tail_rise=(-80, 10),
        coats=(BROWN, BLACK, TAN, WHITE), patterns=("plain",), poses=("walk", "walk", "run", "run", "rear", "graze"),
        mane=True,
    ),
    "sheep": Build(
        girth=(0.56, 0.68), leg=(0.35, 0.5), leg_width=0.13, neck=(0.1, 0.2), neck_width=0.26, neck_rise=(-20, 50),
        head=0.17, muzzle=(0.12, 0.18), ears=("flop",), tail=(0.18, 0.28), tail_width=0.15, tail_rise=(-70, -20),
        coats=(WHITE,), patterns=("dots",), poses=("walk", "walk", "graze", "lie", "front"), woolly=True,
    ),
}  # fmt: skip
