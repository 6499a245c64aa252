"""Scenes to be painted, in batches: neighbours of one size together, an edited scene alone. Nothing is read ahead."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import NamedTuple

from ipose.editing.edit import Edit
from ipose.errors import ConfigError
from ipose.tensor_check import what_is
from ipose.types import Scene


class Wish(NamedTuple):
    """One image to make."""

    scene: Scene
    seed: int
    edit: Edit | None


def wishes(
    scenes: Iterable[Scene], seed: int, seeds: Iterable[int] | None, edits: Iterable[Edit | None] | None
) -> Iterator[Wish]:
    """What is wanted of each scene, in order: its own seed and edit, or the seed of all and no edit.

    Raises:
        ConfigError: another number of seeds or edits than of scenes, or something that is no scene.
    """
    columns = [column for column in (seeds, edits) if column is not None]
    try:
        for scene, *row in zip(scenes, *columns, strict=True):
            check_is_scene(scene)
            own_seed = seed if seeds is None else row[0]
            yield Wish(scene, own_seed, None if edits is None else row[-1])
    except ValueError as error:
        if not str(error).startswith("zip()"):
            raise
        expected = "one seed and one edit for each scene (None = no edit)"
        raise ConfigError("scenes, seeds and edits differ in number", found=str(error), expected=expected) from None


def check_is_scene(value: object) -> None:
    """Raises ConfigError for what is no scene."""
    if not isinstance(value, Scene):
        mend = "Scene.from_arrays(label, spec=model.spec) makes one of arrays, images or paths."
        raise ConfigError("not a scene", field="scene", found=what_is(value), expected="a Scene", mend=mend)


def batches(wanted: Iterable[Wish], batch_size: int) -> Iterator[list[Wish]]:
    """Neighbours of one size, at most `batch_size` of them; a scene with an edit is alone."""
    for (_, edited), group in groupby(wanted, lambda wish: (wish.scene.size, wish.edit is not None)):
        while batch := list(islice(group, 1 if edited else batch_size)):
            yield batch
