"""Configs from JSON: what `dataclasses.asdict` and a JSON file made of one, back as that one. No torch in here."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from ipose.errors import ConfigError

Config = TypeVar("Config")


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
