"""Which objects of a scene data set are meant, and by which classes they are known."""

from collections.abc import Iterable, Sequence

from ipose.data.scene_folder import SceneFolder
from ipose.errors import ConfigError
from ipose.types import LabelSpec, Scene


def category_of(spec: LabelSpec, category: str | None, there: frozenset[int] | None = None) -> str:
    """The category asked for; where none is, the only one there is.

    Args:
        spec: of the scenes.
        category: a part category of the spec, or the name of one of its thing classes. None = the only one: of those
            with parts where there are any, else of all things.
        there: thing classes that occur in the scenes; None = any may.
    Raises:
        ConfigError: the spec has no such category, or the scenes none of its objects; or none is asked for, and there
            is not just one.
    """
    present = things_of(spec) if there is None else things_of(spec) & there
    if category is not None:
        if classes_of(spec, category).isdisjoint(present):
            raise ConfigError(
                f"the scenes hold no {category}", field="category",
                expected="one of " + _said(spec, present) if present else "scenes with objects",
            )  # fmt: skip
        return category
    with_parts = [i for i in sorted(present) if spec.classes[i].part_category is not None]
    names = _names(spec, with_parts or sorted(present))
    if len(names) != 1:
        raise ConfigError(
            "which objects are meant?" if names else "the scenes hold no objects", field="category",
            expected="one of " + _said(spec, present) if names else "scenes with objects",
            mend="Say --category NAME." if names else "Check the instance maps with ipose doctor.",
        )  # fmt: skip
    return names[0]


def classes_there(scenes: Sequence[Scene], limit: int | None = None) -> frozenset[int] | None:
    """Thing classes that occur in the first scenes, where that is known without reading them; else None.

    Args:
        scenes: of a split. A scene folder keeps an index of its objects; PartWorld draws, and has all its classes.
        limit: at most so many scenes.
    """
    if not isinstance(scenes, SceneFolder):
        return None
    return frozenset(item.class_id for objects in scenes.objects[:limit] for item in objects)


def classes_of(spec: LabelSpec, category: str) -> frozenset[int]:
    """Thing classes that the category serves; else the thing class of that name.

    Raises:
        ConfigError: the spec has neither.
    """
    served = [i for i in things_of(spec) if spec.classes[i].part_category == category]
    named = [i for i in things_of(spec) if spec.classes[i].name == category]
    if not served and not named:
        raise ConfigError(
            "the data have no such objects", field="category", found=repr(category),
            expected=_said(spec, things_of(spec)),
        )  # fmt: skip
    return frozenset(served or named)


def things_of(spec: LabelSpec) -> frozenset[int]:
    """Class ids of the things."""
    return frozenset(i for i, item in enumerate(spec.classes) if item.thing)


def _names(spec: LabelSpec, classes: Iterable[int]) -> list[str]:
    return list(dict.fromkeys(spec.classes[i].part_category or spec.classes[i].name for i in classes))


def _said(spec: LabelSpec, classes: frozenset[int]) -> str:
    return ", ".join(_names(spec, sorted(classes))) or "(no class of this spec is a thing)"
