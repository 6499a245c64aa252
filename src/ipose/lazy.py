"""Package tables of contents that import nothing until a name is asked for (PEP 562), so that `--help` is instant."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_attributes(package: str, home: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names live in its modules.

    Args:
        package: `__name__` of the package.
        home: module (relative to the package) -> the names that it defines.
    Returns:
        a function that imports the module of a name on first use.
    """
    module_of = {name: module for module, names in home.items() for name in names}

    def look_up(name: str) -> Any:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{module_of[name]}"), name)

    return look_up
