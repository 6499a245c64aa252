"""What pictures are drawn on, and with: panels, drawn scenes and objects, colours."""

import math
from typing import Any

COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe and Ito's: told apart with any colour vision."""

Drawn = tuple[Any, str, str]
"""Figure of matplotlib, alternative text, caption."""


def panels_of(count: int, side: float = 1.9) -> tuple[Any, list[Any]]:
    """So many square panels without ticks, in rows of two or three, so that a phone can show their titles."""
    from matplotlib import pyplot

    columns = 2 if count in (2, 4) else 3
    size = (columns * side, math.ceil(count / columns) * (side + 0.25))
    figure, axes = pyplot.subplots(math.ceil(count / columns), columns, figsize=size, layout="constrained")
    panels = list(axes.flat)
    for panel in panels:
        panel.set_xticks([])
        panel.set_yticks([])
    return figure, panels


def pairs_of(category: str, scenes: int, seed: int = 0) -> list[Any]:
    """Part pairs of objects that hide behind nothing: one object a scene."""
    from ipose.data.part_pairs import pairs_from_scenes
    from ipose.partworld.config import PartWorldConfig
    from ipose.partworld.scene import PartWorld

    world = PartWorld(PartWorldConfig(seed=seed, count=scenes, size=(96, 96), categories=(category,), objects=(1, 1)))
    return pairs_from_scenes(list(world), world.spec)


def scene_of(index: int, categories: tuple[str, ...] = ("dog", "car", "human"), objects: int = 3) -> Any:
    """A drawn scene of 128x128 pixels."""
    from ipose.partworld.config import PartWorldConfig
    from ipose.partworld.scene import partworld_scene

    config = PartWorldConfig(seed=4, size=(128, 128), categories=categories, objects=(objects, objects))
    return partworld_scene(config, index)


def part_colors() -> Any:
    """How `imshow` shows a part map: the package's own colours."""
    from matplotlib.colors import ListedColormap

    from ipose.data.palette import PART_COLORS

    return {"cmap": ListedColormap([[value / 255 for value in color] for color in PART_COLORS]), "vmin": 0, "vmax": 8}
