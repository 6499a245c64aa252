"""Every error that ipose raises on purpose. It says what was found, what was expected, and what to do.

All derive from `IposeError`, so `except IposeError` catches what a user can correct and nothing else. The command line
prints them as one sentence and exits with 2. Users never see them as a stack trace.
"""

from pathlib import Path
from typing import Any


class IposeError(Exception):
    """A fault that a user can correct.

    Args:
        message: the fault in plain words.
        file: the file or folder with the fault. None = there is none.
        field: the field, column, key or argument with the fault. None = there is none.
        found: what was there.
        expected: what should have been there.
        mend: what to do; an imperative sentence.

    Example:
        >>> print(IposeError("id outside the spec", file="a.png", found=99, expected="0..18", mend="Fix the map."))
        a.png: id outside the spec: found 99, expected 0..18. Fix the map.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | Path | None = None,
        field: str | None = None,
        found: Any = None,
        expected: Any = None,
        mend: str | None = None,
    ) -> None:
        self.message, self.file, self.field = message, file, field
        self.found, self.expected, self.mend = found, expected, mend
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        text = f"{self.file}: " if self.file is not None else ""
        text += f"[{self.field}] " if self.field is not None else ""
        text += self.message.rstrip(".\n ")
        facts = []
        if self.found is not None:
            facts.append(f"found {self.found}")
        if self.expected is not None:
            facts.append(f"expected {self.expected}")
        text += (": " if facts else "") + ", ".join(facts)
        text += "" if text.endswith(("?", "...")) else "."
        return text + (f" {self.mend}" if self.mend else "")


class ShapeMismatchError(IposeError, ValueError):
    """A tensor has another shape, dtype or range than it should have."""


class EmptyShapeError(IposeError, ValueError):
    """An object shape has no pixel, so it cannot be compared."""


class TooFewObjectsError(IposeError, ValueError):
    """Fewer objects than a choice of supports or a comparison needs."""


class DataError(IposeError, ValueError):
    """A file of the data set breaks the layout or the spec."""


class SpecError(IposeError, ValueError):
    """A label spec (or `dataset.toml`) contradicts itself."""


class SupportError(IposeError, ValueError):
    """A support set has faults, or lacks a category."""


class ConfigError(IposeError, ValueError):
    """A configuration value, preset name or argument that cannot work."""


class RunError(IposeError, RuntimeError):
    """A run folder or checkpoint is missing, damaged, or belongs to another configuration."""


class WriteError(IposeError, OSError):
    """A file or folder could not be written. What was there stays whole."""


class NonFiniteLossError(IposeError, ArithmeticError):
    """A loss is NaN or infinite; the step was not taken."""


class MissingDependencyError(IposeError, ImportError):
    """An optional package is not installed."""


class MissingWeightsError(IposeError, FileNotFoundError):
    """Pretrained weights are neither at the given path nor in the cache."""
