"""What the arguments of a function or class are unless told otherwise."""

import inspect
from collections.abc import Callable
from typing import Any


def defaults_of(made: Callable[..., object]) -> dict[str, Any]:
    """Name and default of every argument that has one."""
    arguments = inspect.signature(made).parameters.values()
    return {each.name: each.default for each in arguments if each.default is not each.empty}
