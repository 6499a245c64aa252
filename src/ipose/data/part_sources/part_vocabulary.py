"""What the categories of a COCO-style JSON say about parts: "Quadruped Head" is the part "head" of "quadruped"."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ipose.errors import DataError
from ipose.types import PART_CHANNELS


class Place(NamedTuple):
    """Where a source's part belongs: the category, the part's name and its id there, 1..8."""

    category: str
    part: str
    part_id: int


def part_vocabulary(categories: Sequence[Any], path: Path) -> dict[int, Place]:
    """The place of each category id; parts are numbered in order of id, a name's case means nothing.

    Args:
        categories: entries with `id`, `name` and, where a category's name has several words, `supercategory`.
        path: of the file, for messages.
    Raises:
        DataError: an entry without id or name; a name without part; a part twice; more than eight parts.
    """
    for entry in categories:
        if not isinstance(entry, dict) or type(entry.get("id")) is not int or not isinstance(entry.get("name"), str):
            raise DataError("category without id or name", file=path, field="categories", found=repr(entry)[:60])
    places: dict[int, Place] = {}
    names: dict[str, list[str]] = {}
    for entry in sorted(categories, key=lambda entry: entry["id"]):
        category, part = _take_apart(entry, path)
        parts = names.setdefault(category, [])
        if part in parts or entry["id"] in places:
            raise DataError("part twice", file=path, field="categories", found=entry["name"], expected="each once")
        parts.append(part)
        places[entry["id"]] = Place(category, part, len(parts))
        if len(parts) >= PART_CHANNELS:
            raise DataError(
                f"more parts than PartNet has channels, in {category!r}", file=path, field="categories",
                found=", ".join(parts), expected=f"at most {PART_CHANNELS - 1}", mend="Merge some of them.",
            )  # fmt: skip
    return places


def _take_apart(entry: dict[str, Any], path: Path) -> tuple[str, str]:
    name, above = entry["name"].strip().lower(), str(entry.get("supercategory") or "").strip().lower()
    category, part = (above, name[len(above) :]) if above and name.startswith(f"{above} ") else name.partition(" ")[::2]
    if not part.strip() or Path(category).name != category or category.startswith("."):
        raise DataError(
            "category that names no part", file=path, field="categories", found=repr(entry["name"]),
            expected='"<category> <part>", such as "Quadruped Head"', mend="Name it so.",
        )  # fmt: skip
    return category, part.strip()
