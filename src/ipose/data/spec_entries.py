"""TOML files and their entries, read strictly: a misspelt or mistyped key is an error that names file and entry."""

import colorsys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ipose.errors import SpecError
from ipose.label_spec import LabelClass
from ipose.part_annotations import PART_CHANNELS

Parsed = TypeVar("Parsed")

_REQUIRED = object()
_WORDS = {str: "a string", int: "a whole number", bool: "true or false", list: "a list", dict: "a table"}


def read_toml(path: Path, parse: Callable[[dict[str, Any]], Parsed], *, mend: str) -> Parsed:
    """What `parse` makes of a TOML file; its errors get the file's name.

    Args:
        mend: how to go on where the file cannot be opened.
    Raises:
        SpecError: no such file, not TOML, or what `parse` raises.
    """
    try:
        return parse(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SpecError(f"not a TOML file ({error})", file=path, mend="Fix the line; strings need quotes.") from error
    except OSError as error:
        raise SpecError(f"cannot be read ({error.strerror})", file=path, mend=mend) from error
    except SpecError as error:
        facts = {"field": error.field, "found": error.found, "expected": error.expected, "mend": error.mend}
        raise SpecError(error.message, file=path, **facts) from error


def refuse_rest(rest: dict[str, Any], expected: str, *, where: str = "") -> None:
    """Raise SpecError for the first key that nobody took from a table; return for an empty one."""
    for key in rest:
        field = f"{where}, {key}" if where else key
        raise SpecError("unknown key", field=field, expected=expected, mend="Correct its spelling or remove it.")


def take(table: dict[str, Any], key: str, kind: type, *, where: str, default: Any = _REQUIRED) -> Any:
    """Remove `key` from the table and return its value, checked to be of `kind`; `default` where it is absent."""
    value = table.pop(key, default)
    field = f"{where}, {key}" if where else key
    if value is _REQUIRED:
        raise SpecError("key missing", field=field, expected=_WORDS[kind], mend=f"Add {key} = ....")
    # bool is an int in Python, but `id = true` is a slip
    if value is not default and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
        raise SpecError("value of the wrong type", field=field, found=repr(value), expected=_WORDS[kind])
    return value


def parse_class(entry: Any, number: int) -> LabelClass:
    """One `[[classes]]` entry; `number` counts from 1, for messages."""
    where = f"classes, entry {number}"
    if not isinstance(entry, dict):
        raise SpecError("value of the wrong type", field=where, found=repr(entry), expected="a table with id and name")
    rest = dict(entry)
    name = take(rest, "name", str, where=where)
    where += f" ({name!r})"
    file_id = take(rest, "id", int, where=where)
    if not 0 <= file_id <= 255:
        raise SpecError("class id that a label PNG cannot hold", field=where, found=file_id, expected="0..255")
    thing = take(rest, "thing", bool, where=where, default=False)
    part_category = take(rest, "part_category", str, where=where, default=None)
    color = _color(take(rest, "color", list, where=where, default=None), number, where)
    refuse_rest(rest, "id, name, color, thing, part_category", where=where)
    if part_category is not None and not thing:
        found = f"part_category {part_category!r} without thing = true"
        mend = "Add thing = true, or remove part_category."
        raise SpecError("only things have parts", field=where, found=found, mend=mend)
    return LabelClass(name, file_id, color, thing, part_category)


def _color(value: list[Any] | None, number: int, where: str) -> tuple[int, int, int]:
    if value is None:  # golden-ratio steps round the colour circle: neighbours differ
        red, green, blue = colorsys.hsv_to_rgb(number * 0.618034 % 1, 0.65, (0.9, 0.6)[number % 2])
        return round(red * 255), round(green * 255), round(blue * 255)
    if len(value) != 3 or not all(type(part) is int and 0 <= part <= 255 for part in value):
        expected = "[red, green, blue], each 0..255"
        raise SpecError("not a colour", field=f"{where}, color", found=value, expected=expected)
    return value[0], value[1], value[2]


def part_list(names: Any, field: str) -> tuple[str, ...]:
    """Names of parts, each once; SpecError for anything else."""
    if not isinstance(names, list) or not names or not all(isinstance(name, str) and name for name in names):
        raise SpecError("not a list of part names", field=field, found=names, expected='["head", "body", ...]')
    if len(set(names)) < len(names):
        raise SpecError("part names twice", field=field, found=names, expected="each once")
    return tuple(names)


def parse_parts(table: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The `[parts]` table: category = names of parts 1, 2, ..., at most eight, each once."""
    parts = {category: part_list(names, f"parts, {category}") for category, names in table.items()}
    for category, names in parts.items():
        if len(names) >= PART_CHANNELS:
            expected = f"at most {PART_CHANNELS - 1}"
            raise SpecError("too many parts", field=f"parts, {category}", found=len(names), expected=expected)
    return parts
