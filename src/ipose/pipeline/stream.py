"""Scenes to be painted, in batches: neighbours of one size together, an edited scene alone. Nothing is read ahead."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any, NamedTuple

from ipose.editing.edit import Edit
from ipose.errors import ConfigError
from ipose.tensor_check import what_is
from ipose.types import Scene


class Wish(NamedTuple):
    """One image to make."""

    scene: Scene
    seed: int
    edit: Edit | None


def wishes(scenes: Any, seed: Any, seeds: Any, edits: Any) -> Iterator[Wish]:
    """What is wanted of each scene, in order: its own seed and edit, or the seed of all and no edit.

    `IPose.generate` has the types. Here they are looked at, because nothing else tells a person of a wrong one.

    Raises:
        ConfigError: another number of seeds or edits than of scenes, or something that is no scene, seed or edit.
    """
    if isinstance(scenes, Scene):
        raise ConfigError("one scene is no list", field="scenes", mend="Say model(scene), or generate([scene]).")
    for field, column, mend in (
        ("scenes", scenes, "Give a list of scenes, or an iterator."),
        ("seeds", seeds, "One seed for all is seed=."),
        ("edits", edits, "Give one edit, or None, for each scene."),
    ):
        if column is not None and not isinstance(column, Iterable):
            raise ConfigError(
                "not one for each scene", field=field, found=what_is(column), expected="a list", mend=mend
            )
    columns = [column for column in (seeds, edits) if column is not None]
    try:
        for scene, *row in zip(scenes, *columns, strict=True):
            check_is_scene(scene)
            yield Wish(
                scene, _checked_seed(seed if seeds is None else row[0]), _checked_edit(row[-1] if edits else None)
            )
    except ValueError as error:
        if not str(error).startswith("zip()"):
            raise
        expected = "one seed and one edit for each scene (None = no edit)"
        found = str(error).removeprefix("zip() ").replace("arguments 1-2", "scenes and seeds")
        for number, name in enumerate(("scenes", "edits" if seeds is None else "seeds", "edits"), start=1):
            found = found.replace(f"argument {number}", name)
        raise ConfigError("scenes, seeds and edits differ in number", found=found, expected=expected) from None


def check_is_scene(value: object) -> None:
    """Raises ConfigError for what is no scene."""
    if not isinstance(value, Scene):
        mend = "Scene.from_arrays(label, spec=model.spec) makes one of arrays, images or paths."
        raise ConfigError("not a scene", field="scene", found=what_is(value), expected="a Scene", mend=mend)


def _checked_seed(seed: Any) -> int:
    if not hasattr(seed, "__index__"):  # numpy's integers are welcome
        raise ConfigError("not a seed", field="seed", found=what_is(seed), expected="a whole number")
    return int(seed)


def _checked_edit(edit: Any) -> Edit | None:
    if edit is not None and not isinstance(edit, Edit):
        mend = "ipose.editing has them: Resample(object=0), for example."
        raise ConfigError("not an edit", field="edit", found=what_is(edit), expected="an Edit or None", mend=mend)
    return edit


def batches(wanted: Iterable[Wish], batch_size: Any) -> Iterator[list[Wish]]:
    """Neighbours of one size, at most `batch_size` of them (1 or more); a scene with an edit is alone."""
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ConfigError("no scene fits into a batch", field="batch_size", found=batch_size, expected="1 or more")
    for (_, edited), group in groupby(wanted, lambda wish: (wish.scene.size, wish.edit is not None)):
        while batch := list(islice(group, 1 if edited else batch_size)):
            yield batch
