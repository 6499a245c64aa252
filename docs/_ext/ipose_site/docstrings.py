"""A docstring as Markdown: paragraphs, lists of arguments, examples; what has columns stays as it is typed."""

import inspect
import re
from collections.abc import Iterator

SECTIONS = ("Args", "Returns", "Raises", "Example", "Examples", "Attributes", "Yields")


def escape(text: str) -> str:
    """Text that Markdown shows as typed; what stands in backticks is code already."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    shown = [part if number % 2 else _escape_plain(part) for number, part in enumerate(parts)]
    return re.sub(r"^([-+>]|\d+(?=[.)]))", r"\\\1", "".join(shown))


def _escape_plain(text: str) -> str:
    text = re.sub(r"([\\*_\[\]#|~{}$])", r"\\\1", text.replace("&", "&amp;"))
    text = re.sub(r"(?<![^\s(])\\\*(\w[\w ]*)\\\*(?=[\s,.;:)]|$)", r"*\1*", text)  # emphasis, not a product
    return text.replace("<", "&lt;").replace(">", "&gt;")


def as_markdown(docstring: str) -> str:
    """The whole docstring, its sections as lists."""
    return "\n\n".join(_blocks(inspect.cleandoc(docstring).splitlines()))


def _blocks(lines: list[str]) -> Iterator[str]:
    paragraph: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        if line.removesuffix(":") in SECTIONS and line.endswith(":"):
            yield from _paragraph(paragraph)
            paragraph = []
            end = number + 1
            while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" ")):
                end += 1
            yield from _section(line.removesuffix(":"), lines[number + 1 : end])
            number = end
            continue
        if line.strip():
            paragraph.append(line)
        else:
            yield from _paragraph(paragraph)
            paragraph = []
        number += 1
    yield from _paragraph(paragraph)


def _paragraph(lines: list[str]) -> Iterator[str]:
    if not lines:
        return
    columns = len(lines) > 1 and sum("   " in line.strip() for line in lines) * 2 > len(lines)
    if columns or all(line.startswith("    ") for line in lines):
        yield code_block("\n".join(lines), "text")
    else:
        yield escape(" ".join(lines))


def _section(name: str, lines: list[str]) -> Iterator[str]:
    body = inspect.cleandoc("\n".join(["", *lines]))
    if name.startswith("Example"):
        yield code_block(body, "pycon" if body.lstrip().startswith(">>>") else "python")
        return
    if name in ("Returns", "Yields"):
        yield f"**{name}** {escape(body)}"
        return
    yield f"**{name}**"
    yield "\n".join(_items(body.splitlines()))


def _items(lines: list[str]) -> Iterator[str]:
    """`- **name**: text`, one for each line that is not indented."""
    items: list[list[str]] = []
    for line in lines:
        if line.startswith(" ") and items:
            items[-1].append(line)
        elif line.strip():
            items.append([line])
    for item in items:
        name, _, text = " ".join(part.strip() for part in item).partition(":")
        yield f"- `{name.strip('`')}`: {escape(text)}" if text else f"- {escape(name)}"


def code_block(code: str, language: str) -> str:
    """A fenced block."""
    return f"````{language}\n{code}\n````"
