"""What a module says of itself, read from its syntax tree: nothing is imported, signatures stay as they are typed."""

import ast
import textwrap
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path


@dataclass(frozen=True)
class PublicName:
    """A function, class, method or constant that others may use.

    Args:
        name: as in the module.
        signature: the code in front of the body, as typed.
        docstring: "" where there is none.
        methods: of a class, the public ones with a docstring.
    """

    name: str
    signature: str
    docstring: str
    methods: tuple["PublicName", ...] = field(default=())


@dataclass(frozen=True)
class Module:
    """A module: dotted name, file, docstring, and public names in the file's order."""

    dotted: str
    path: Path
    docstring: str
    names: tuple[PublicName, ...]


def read_module(path: Path, source_root: Path) -> Module:
    """Read a file below `source_root` (src/)."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    parts = path.relative_to(source_root).with_suffix("").parts
    dotted = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(dotted, path, ast.get_docstring(tree) or "", tuple(_names(tree.body, source)))


@cache
def read_imports(path: Path) -> tuple[tuple[str, str, str], ...]:
    """What a file imports: (module, name, what it is called here); name "" where it is the module itself."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [(node.module, alias.name, alias.asname or alias.name) for alias in node.names]
            found += [(f"{node.module}.{alias.name}", "", alias.asname or alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, "", alias.asname or alias.name) for alias in node.names]
    return tuple(found)


def _names(body: list[ast.stmt], source: str) -> list[PublicName]:
    found: list[PublicName] = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            found.append(PublicName(node.name, head(node, source), ast.get_docstring(node) or ""))
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            found.append(_class(node, source))
        elif isinstance(node, ast.Assign | ast.AnnAssign) and (words := _text(after)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and not target.id.startswith("_"):
                found.append(PublicName(target.id, _short(_text_of(node, source)), words))
    return found


def _class(node: ast.ClassDef, source: str) -> PublicName:
    signature = [head(node, source)]
    fields = [_text_of(n, source) for n in node.body if isinstance(n, ast.AnnAssign)]
    signature += [f"    {line}" for line in fields]
    methods = []
    for inner in node.body:
        if not isinstance(inner, ast.FunctionDef):
            continue
        if inner.name == "__init__":
            signature.append(textwrap.indent(head(inner, source), "    "))
        elif (words := ast.get_docstring(inner)) and not inner.name.startswith("_"):
            methods.append(PublicName(f"{node.name}.{inner.name}", head(inner, source), words))
    return PublicName(node.name, "\n".join(signature), ast.get_docstring(node) or "", tuple(methods))


def head(node: ast.FunctionDef | ast.ClassDef, source: str) -> str:
    """Decorators and signature of a function or class, up to the colon, without indentation."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    last = max(node.body[0].lineno - 1, node.lineno)
    lines = _lines(source)[first - 1 : last]
    while lines and not lines[-1].rstrip().endswith(":"):
        lines.pop()
    decorators = [line for line in textwrap.dedent("\n".join(lines)).splitlines() if line.startswith("@")]
    rest = textwrap.dedent("\n".join(lines)).splitlines()[len(decorators) :]
    return "\n".join([*decorators, _folded(rest)])


def _folded(lines: list[str], width: int = 76) -> str:
    """A long signature with one argument a line, so that a page need not scroll."""
    if max(map(len, lines), default=0) <= width or not lines[0].startswith("def "):
        return "\n".join(lines)
    line = " ".join(line.strip() for line in lines)
    start = end = line.index("(")
    arguments, depth = [""], 1
    while depth:
        end += 1
        depth += (line[end] in "([{") - (line[end] in ")]}")
        if line[end] == "," and depth == 1:
            arguments.append("")
        elif depth:
            arguments[-1] += line[end]
    inner = [f"    {argument.strip()}," for argument in arguments if argument.strip()]
    return "\n".join([line[: start + 1], *inner, line[end:]])


def body_of(node: ast.FunctionDef, source: str) -> str:
    """The whole code of a function with its decorators, without indentation."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return textwrap.dedent("\n".join(_lines(source)[first - 1 : node.end_lineno]))


def _text_of(node: ast.stmt, source: str) -> str:
    return textwrap.dedent("\n".join(_lines(source)[node.lineno - 1 : node.end_lineno]))


@lru_cache(maxsize=4)
def _lines(source: str) -> list[str]:
    return source.splitlines()


def _text(node: ast.stmt | None) -> str:
    value = node.value if isinstance(node, ast.Expr) else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _short(code: str, lines: int = 12) -> str:
    kept = code.splitlines()
    return "\n".join([*kept[:lines], "    ..."] if len(kept) > lines else kept)
