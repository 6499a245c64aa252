"""Configs as plain values, and where two of them differ. No torch in here."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any


def plain(config: Any) -> dict[str, Any]:
    """A config, or a mapping that holds some, as JSON would give it back: tuples as lists, paths as strings."""
    values: dict[str, Any] = json.loads(json.dumps(_fields(config), default=_fields))
    return values


def with_defaults(old: Mapping[str, Any], config: Any) -> dict[str, Any]:
    """Plain values that were written down before `config` had all its fields, with the defaults of those it lacks.

    A field that is new does by default what was done before there was a choice.

    Args:
        old: of `plain`.
        config: a dataclass, or a mapping that holds some.
    """
    filled = dict(old)
    if dataclasses.is_dataclass(config):
        known = {field.name: field.default for field in dataclasses.fields(config) if field.name not in old}
        filled |= plain({name: value for name, value in known.items() if value is not dataclasses.MISSING})
    elif isinstance(config, Mapping):
        inner = {name: each for name, each in config.items() if isinstance(old.get(name), Mapping)}
        filled |= {name: with_defaults(old[name], each) for name, each in inner.items()}
    return filled


def _fields(config: Any) -> Any:
    """A dataclass or mapping as a dict; whatever else JSON does not know as a string."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return dataclasses.asdict(config)
    return dict(config) if isinstance(config, Mapping) else str(config)


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> dict[str, tuple[Any, Any]]:
    """Fields that differ, by dotted name: (old, new); None stands for "not there"."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found |= differences(before, after, f"{prefix}{key}.")
        elif before != after:
            found[f"{prefix}{key}"] = before, after
    return found
