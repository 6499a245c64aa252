"""What every config has: a way back from JSON, and what was published about its settings. No torch in here."""

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
