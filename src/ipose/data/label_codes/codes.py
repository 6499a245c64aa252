"""What the pixels of a label map stand for: the classes of a spec, in one of three forms.

Written `SPEC`, `SPEC:color` or `SPEC:classes`, where SPEC is the name of a built-in spec or the path of a dataset.toml:
`cityscapes` are label ids, `cityscapes-trainids` train ids, `coco-stuff` 0..181 and 255, `coco-stuff:classes` the same
plus 1 with 0 for what nobody annotated (as the released models count), `ade20k:color` the colours of that spec.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipose.data.specs import load_spec, spec_names
from ipose.errors import ConfigError, IposeError
from ipose.label_spec import LabelSpec

IDS, COLOR, CLASSES = "ids", "color", "classes"
FORMS = (IDS, COLOR, CLASSES)


@dataclass(frozen=True)
class LabelCode:
    """One way to write a label map.

    Args:
        form: "ids", the spec's file ids; "color", its colours; "classes", positions in the spec.
    """

    spec: LabelSpec
    form: str
    text: str

    def __str__(self) -> str:
        return self.text


def label_code(text: str, field: str = "code") -> LabelCode:
    """The code that a user names.

    Raises:
        ConfigError: no such form or spec.
        SpecError: a dataset.toml that contradicts itself.
    Example:
        >>> label_code("coco-stuff:classes").form
        'classes'
    """
    name, colon, form = text.rpartition(":")
    if not colon or Path(text).exists():  # a drive letter is no form
        name, form = text, IDS
    if form not in FORMS:
        what, mend = "no such form of a label map", f"Write {name}, {name}:color or {name}:classes."
        raise ConfigError(what, field=field, found=repr(form), expected=", ".join(FORMS), mend=mend)
    try:
        return LabelCode(load_spec(name), form, name if form == IDS else f"{name}:{form}")
    except IposeError as error:
        if error.file is not None:
            raise
        what, mend = "no such code of label maps", "Correct its spelling."
        expected = f"{', '.join(spec_names())}, or the path of a dataset.toml; with :color or :classes where it "
        expected += "holds colours or class ids"
        raise ConfigError(what, field=field, found=repr(text), expected=expected, mend=mend) from error


COMMON = Path(__file__).parent / "common_classes.toml"

SAME, WIDER, DROPPED = "same", "wider", "dropped"


@dataclass(frozen=True)
class Counterpart:
    """What a class becomes.

    Args:
        class_id: in the other spec. None = it has no such class, and no unknown class either.
        kind: "same": it means the same, and converting back restores it. "wider": it becomes one of several kinds.
            "dropped": it becomes the unknown class.
    """

    class_id: int | None
    kind: str


@cache
def common_classes() -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, str]]:
    """The two tables of common_classes.toml: other names of a meaning by spec, and the wider meaning of a meaning."""
    table = tomllib.loads(COMMON.read_text(encoding="utf-8-sig"))
    return table["same"], table["within"]


def meanings(spec: LabelSpec) -> tuple[str, ...]:
    """What each class of the spec means, in order; no two the same.

    A class means its name, unless the table says that this spec calls something else so.
    """
    same, _ = common_classes()
    called = {names[spec.name]: meaning for meaning, names in same.items() if spec.name in names}
    taken = set(called.values())
    return tuple(
        called.get(item.name, f"{item.name} ({spec.name})" if item.name in taken else item.name)
        for item in spec.classes
    )


def counterparts(source: LabelSpec, target: LabelSpec) -> tuple[Counterpart, ...]:
    """What each class of `source` becomes in `target`, in order.

    The unknown class stays unknown. Any other class becomes the one of its meaning, else of the nearest wider meaning,
    else the unknown class.
    """
    ids = {meaning: class_id for class_id, meaning in enumerate(meanings(target)) if class_id != target.unknown}
    return tuple(
        Counterpart(target.unknown, SAME if target.unknown is not None else DROPPED)
        if class_id == source.unknown
        else _counterpart(meaning, source.name, ids, target.unknown)
        for class_id, meaning in enumerate(meanings(source))
    )


def _counterpart(meaning: str, source: str, ids: Mapping[str, int], unknown: int | None) -> Counterpart:
    if meaning in ids:
        return Counterpart(ids[meaning], SAME)
    _, within = common_classes()
    wider = within.get(meaning, meaning.removesuffix(f" ({source})"))
    while wider not in ids and wider in within:
        wider = within[wider]
    return Counterpart(ids[wider], WIDER) if wider in ids else Counterpart(unknown, DROPPED)
