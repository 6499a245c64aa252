"""The thing classes of a category: a part category of the spec, or the name of one of its classes."""

from collections.abc import Iterable, Sequence

from ipose.data.scene_folder import SceneFolder
from ipose.errors import ConfigError
from ipose.label_spec import LabelSpec
from ipose.types import Scene


def category_of(spec: LabelSpec, category: str | None, there: frozenset[int] | None = None) -> str:
    """The given category, after a check; or the only one there is.

    Args:
        category: a part category of the spec, or the name of a thing class. None = the only one: of the categories with
            parts if there are any, else of all things.
        there: ids of the thing classes that occur in the scenes. None = any may occur.
    Raises:
        ConfigError: no such category, no object of it in the scenes, or none given where there are several.
    """
    present = things_of(spec) if there is None else things_of(spec) & there
    choice = "one of " + _listed(spec, present) if present else "scenes with objects"
    if category is not None:
        if classes_of(spec, category).isdisjoint(present):
            raise ConfigError(f"the scenes hold no {category}", field="category", expected=choice)
        return category
    with_parts = [i for i in sorted(present) if spec.classes[i].part_category is not None]
    names = _names(spec, with_parts or sorted(present))
    if len(names) != 1:
        message = "which objects are meant?" if names else "the scenes hold no objects"
        mend = "Say --category NAME." if names else "Check the instance maps with ipose doctor."
        raise ConfigError(message, field="category", expected=choice, mend=mend)
    return names[0]


def classes_there(scenes: Sequence[Scene], limit: int | None = None) -> frozenset[int] | None:
    """Ids of the thing classes in the scenes, if this is known without reading them. None = unknown.

    Args:
        scenes: of a split. Only a scene folder has an index of its objects.
        limit: number of scenes that count. None = all.
    """
    if not isinstance(scenes, SceneFolder):
        return None
    return frozenset(item.class_id for objects in scenes.objects[:limit] for item in objects)


def classes_of(spec: LabelSpec, category: str) -> frozenset[int]:
    """Ids of the thing classes with this part category, or else of the thing class with this name."""
    served = [i for i in things_of(spec) if spec.classes[i].part_category == category]
    named = [i for i in things_of(spec) if spec.classes[i].name == category]
    if not served and not named:
        known = _listed(spec, things_of(spec))
        raise ConfigError("the data have no such objects", field="category", found=repr(category), expected=known)
    return frozenset(served or named)


def things_of(spec: LabelSpec) -> frozenset[int]:
    """Class ids of the things."""
    return frozenset(i for i, item in enumerate(spec.classes) if item.thing)


def _names(spec: LabelSpec, classes: Iterable[int]) -> list[str]:
    return list(dict.fromkeys(spec.classes[i].part_category or spec.classes[i].name for i in classes))


def _listed(spec: LabelSpec, classes: frozenset[int]) -> str:
    return ", ".join(_names(spec, sorted(classes))) or "(no class of this spec is a thing)"
