"""Which class of one spec is which class of another: by name, by meaning, or by a wider meaning."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipose.types import LabelSpec

COMMON = Path(__file__).parent / "common_classes.toml"

SAME, WIDER, DROPPED = "same", "wider", "dropped"


@dataclass(frozen=True)
class Counterpart:
    """What a class becomes.

    Args:
        class_id: in the other spec; None = it has no word for it, not even "unknown".
        kind: "same": it means the same, and converting back restores it. "wider": it becomes one of several kinds.
            "dropped": it becomes the unknown class.
    """

    class_id: int | None
    kind: str


@cache
def common_classes() -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, str]]:
    """The two tables of common_classes.toml: other names of a meaning by spec, and the wider meaning of a meaning."""
    table = tomllib.loads(COMMON.read_text(encoding="utf-8"))
    return table["same"], table["within"]


def meanings(spec: LabelSpec) -> tuple[str, ...]:
    """What each class of the spec means, in order; no two the same.

    A class means its name, unless the table says that this spec calls something else so.
    """
    same, _ = common_classes()
    called = {names[spec.name]: meaning for meaning, names in same.items() if spec.name in names}
    taken = set(called.values())
    return tuple(
        called.get(item.name, f"{item.name} ({spec.name})" if item.name in taken else item.name)
        for item in spec.classes
    )


def counterparts(source: LabelSpec, target: LabelSpec) -> tuple[Counterpart, ...]:
    """What each class of `source` becomes in `target`, in order.

    The unknown class stays unknown. Any other class becomes the one of its meaning, else of the nearest wider meaning,
    else the unknown class.
    """
    ids = {meaning: class_id for class_id, meaning in enumerate(meanings(target)) if class_id != target.unknown}
    return tuple(
        Counterpart(target.unknown, SAME if target.unknown is not None else DROPPED)
        if class_id == source.unknown
        else _counterpart(meaning, source.name, ids, target.unknown)
        for class_id, meaning in enumerate(meanings(source))
    )


def _counterpart(meaning: str, source: str, ids: Mapping[str, int], unknown: int | None) -> Counterpart:
    if meaning in ids:
        return Counterpart(ids[meaning], SAME)
    _, within = common_classes()
    wider = within.get(meaning, meaning.removesuffix(f" ({source})"))
    while wider not in ids and wider in within:
        wider = within[wider]
    return Counterpart(ids[wider], WIDER) if wider in ids else Counterpart(unknown, DROPPED)
