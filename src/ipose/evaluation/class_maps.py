"""Class maps: what the channels of a segmenter stand for, and which classes of the data do not count.

A class that no channel stands for cannot be found in an image, so its pixels do not count (iPOSE sec. 4.1, GroupDNet
sec. 4.3: mIoU over the segmenter's own classes). Likewise the unknown class, and those that the user ignores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipose.data.specs import load_spec, spec_names
from ipose.errors import ConfigError, DataError
from ipose.label_spec import LabelSpec
from ipose.whole_files import read_json

CITYSCAPES = "cityscapes-trainids"
"""Spec of the classes that segmenters of Cityscapes are trained on, for label maps with all ids, too."""


@dataclass(frozen=True)
class ClassMap:
    """What the channels of a segmenter stand for.

    Args:
        name: in cards.
        ids: class id of each channel. Several channels may stand for one class.
    """

    name: str
    ids: tuple[int, ...]

    def ignored(self, spec: LabelSpec, more: Sequence[int] = ()) -> tuple[int, ...]:
        """Class ids that do not count: without a channel, the spec's unknown one, and `more`. Ascending."""
        silent = set(range(spec.num_classes)) - set(self.ids)
        unknown = () if spec.unknown is None else (spec.unknown,)
        return tuple(sorted({*silent, *more, *unknown}))


def class_maps(spec: LabelSpec, source: Path | None = None) -> list[ClassMap]:
    """The class maps that a segmenter for a spec may have; the number of its channels decides.

    Args:
        spec: of the label maps.
        source: the one class map: a JSON list of class names or of ids of the label files, a channel each; or the name
            of a built-in spec, whose classes the channels are, in order, without its unknown one. None = the classes of
            `spec` in order; the same without its unknown class; for Cityscapes, its 19 train classes.
    Raises:
        DataError: no such list, or a class that `spec` does not have.
    """
    if source is not None:
        return [_class_map(spec, source)]
    every = ClassMap(f"{spec.name}, all classes", tuple(range(spec.num_classes)))
    trained = load_spec(CITYSCAPES)
    if not set(_known_names(trained)) <= {item.name for item in spec.classes}:
        trained = spec
    known = ClassMap(trained.name, _ids_of(_known_names(trained), spec, trained.name))
    return [every] if len(known.ids) == spec.num_classes else [every, known]


def classes_named(words: Sequence[str], spec: LabelSpec) -> tuple[int, ...]:
    """Class ids of names, or of ids of the label files. Raises ConfigError if the spec has no such class.

    Example:
        >>> classes_named(("person", "255"), load_spec("coco-stuff"))
        (1, 0)
    """
    known = {item.name: i for i, item in enumerate(spec.classes)}
    known |= {str(item.file_id): i for i, item in enumerate(spec.classes)}
    if strangers := [word for word in words if word not in known]:
        raise ConfigError(
            f"no class of {spec.name!r}",
            field="ignore",
            found=", ".join(map(repr, strangers)),
            expected="names of classes, or ids as in the label files",
        )
    return tuple(known[word] for word in words)


def _class_map(spec: LabelSpec, source: Path) -> ClassMap:
    if str(source) in spec_names():
        return ClassMap(str(source), _ids_of(_known_names(load_spec(source)), spec, source))
    expected = "a JSON list of class names or ids, or a name: " + ", ".join(spec_names())
    try:
        entries = read_json(source)
    except (OSError, ValueError) as error:
        raise DataError("no class map", file=source, found=str(error), expected=expected) from error
    if not isinstance(entries, list) or not entries:
        raise DataError("no class map", file=source, found=type(entries).__name__, expected=expected)
    return ClassMap(source.name, _ids_of(entries, spec, source))


def _known_names(spec: LabelSpec) -> list[str]:
    return [item.name for i, item in enumerate(spec.classes) if i != spec.unknown]


def _ids_of(entries: Sequence[Any], spec: LabelSpec, source: Path | str) -> tuple[int, ...]:
    """Class ids of names (text) and of ids of the label files (whole numbers)."""
    known: dict[Any, int] = {item.name: i for i, item in enumerate(spec.classes)}
    known |= {item.file_id: i for i, item in enumerate(spec.classes)}
    if strangers := [entry for entry in entries if type(entry) not in (str, int) or entry not in known]:
        raise DataError(
            f"no class of {spec.name!r}",
            file=source,
            found=", ".join(map(repr, strangers[:4])),
            expected=", ".join([item.name for item in spec.classes][:12]),
            mend="Name for each channel the class that it stands for.",
        )
    return tuple(known[entry] for entry in entries)
