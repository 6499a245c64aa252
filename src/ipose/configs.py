"""What all configs share: checks of their fields, presets by name, the way to JSON and back. No torch in here."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar, get_args

from ipose.errors import ConfigError

Config = TypeVar("Config")


@dataclass(frozen=True)
class Published:
    """The published values of one setting.

    Args:
        paper: value in the paper. None = the paper does not say.
        release: value in the authors' release. None = unknown.
        of: the work that the paper takes the value from, e.g. "OASIS". "" = the paper's own value.
        release_from: where the release's value comes from, if no published script passes it. "" = a script or network.
    """

    paper: Any = None
    release: Any = None
    of: str = ""
    release_from: str = ""


def require(holds: bool, field: str, found: object, expected: str) -> None:
    """Raises ConfigError, which names the field, unless `holds` is true."""
    if not holds:
        raise ConfigError("a setting that cannot work", field=field, found=found, expected=expected)


def check_fields(config: Any, names: str, holds: Callable[[Any], bool], expected: str) -> None:
    """Check several fields of a config in the same way.

    Args:
        config: a dataclass.
        names: of the fields, separated by spaces.
        holds: whether a value is right.
        expected: what `holds` asks for, in words.
    Raises:
        ConfigError: names the first field whose value is wrong.
    """
    for name in names.split():
        require(holds(getattr(config, name)), name, getattr(config, name), expected)


def check_choices(config: Any) -> None:
    """Raises ConfigError where a field that is declared as a Literal of strings holds another value."""
    for field in fields(config):
        choices = get_args(field.type)
        if choices and all(isinstance(choice, str) for choice in choices):
            require(
                getattr(config, field.name) in choices, field.name, getattr(config, field.name), " or ".join(choices)
            )


def config_by_name(
    kind: type[Config], title: str, presets: Mapping[str, Mapping[str, Any]], name: str, overrides: Mapping[str, Any]
) -> Config:
    """The config of a preset, with fields replaced.

    Args:
        kind: the config's dataclass.
        title: of the system, for messages.
        presets: by name, the fields that differ from the defaults.
        name: the preset.
        overrides: fields that replace the preset's.
    Raises:
        ConfigError: no such preset, no such field, or a value that cannot work.
    """
    if name not in presets:
        raise ConfigError(f"no such {title} preset", field="preset", found=name, expected=" | ".join(presets))
    if unknown := sorted(set(overrides) - {field.name for field in fields(kind)}):  # type: ignore[arg-type]
        raise ConfigError(f"{title} settings have no such field", found=", ".join(unknown), mend="Check the spelling.")
    return kind(**{**presets[name], **overrides})


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
        message = f"fields that {kind.__name__} does not have"
        mend = "The file was written by another version of ipose."
        raise ConfigError(message, found=", ".join(unknown), expected=", ".join(sorted(known)), mend=mend)
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})


def plain(config: Any) -> dict[str, Any]:
    """A config, or a mapping that holds configs, as plain values: tuples become lists, paths become strings."""
    values: dict[str, Any] = json.loads(json.dumps(_fields(config), default=_fields))
    return values


def with_defaults(old: Mapping[str, Any], config: Any) -> dict[str, Any]:
    """Plain values of an older version, completed by the defaults of the fields that are new since then.

    The default of a new field does what was done before there was a choice.

    Args:
        old: what `plain` gave at that time.
        config: a dataclass, or a mapping that holds dataclasses.
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
    """A dataclass or mapping as a dict. Any other value that JSON does not know becomes a string."""
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        return dataclasses.asdict(config)
    return dict(config) if isinstance(config, Mapping) else str(config)


def differences(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str = "") -> dict[str, tuple[Any, Any]]:
    """The fields that differ, by dotted name: (old value, new value). None = the field is not there."""
    found: dict[str, tuple[Any, Any]] = {}
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            found |= differences(before, after, f"{prefix}{key}.")
        elif before != after:
            found[f"{prefix}{key}"] = before, after
    return found
