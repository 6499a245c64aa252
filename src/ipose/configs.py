"""What every config has: a way back from JSON, and what was published about its settings. No torch in here."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from ipose.errors import ConfigError

Config = TypeVar("Config")


@dataclass(frozen=True)
class Published:
    """What is known of one setting.

    Args:
        paper: what the paper says; None = it is silent.
        release: what the authors' release does; None = unknown.
        of: the work that the paper takes it over from, e.g. "OASIS"; "" = its own.
    """

    paper: Any = None
    release: Any = None
    of: str = ""


def config_from_plain(kind: type[Config], values: Mapping[str, Any]) -> Config:
    """A frozen config dataclass from plain values; lists become tuples again, missing fields take their defaults.

    Raises:
        ConfigError: a field that the config does not have, or a value that it refuses.
    Example:
        >>> from ipose.partnet.presets import PartNetConfig
        >>> config_from_plain(PartNetConfig, {"encoder_channels": [2, 3, 3, 4]}).encoder_channels
        (2, 3, 3, 4)
    """
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - known):
        raise ConfigError(
            f"fields that {kind.__name__} does not have",
            found=", ".join(unknown),
            expected=", ".join(sorted(known)),
            mend="The file was written by another version of ipose.",
        )
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


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
