"""Configs as plain values, and where two of them differ. No torch in here."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any


def plain(config: Any) -> dict[str, Any]:
    """A config as JSON would give it back: tuples as lists, paths as strings."""
    fields = dataclasses.asdict(config) if dataclasses.is_dataclass(config) else dict(config)  # type: ignore[arg-type]
    values: dict[str, Any] = json.loads(json.dumps(fields, default=str))
    return values


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
