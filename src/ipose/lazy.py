"""Package tables of contents that import nothing until a name is asked for (PEP 562), so that `--help` is instant."""

import ast
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any


def lazy_attributes(package: str, file: str) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names are those that it imports for type checkers alone.

    Args:
        package: `__name__` of the package.
        file: its `__file__`, whose `if TYPE_CHECKING:` says which module has a name.
    Returns:
        a function that imports the module of a name on first use.
    """
    source = ast.parse(Path(file).read_text(encoding="utf-8"))
    imports = [item for node in source.body if isinstance(node, ast.If) for item in node.body]
    module_of = {name.name: node.module for node in imports if isinstance(node, ast.ImportFrom) for name in node.names}

    def look_up(name: str) -> Any:
        if not (module := module_of.get(name)):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(module), name)

    return look_up
