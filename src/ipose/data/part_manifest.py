"""`parts.json`, which lies in a part tree: what the parts are called, and what the tree was built from.

    {"part_names": {"robot": ["head", "body"]},
     "sources": [{"kind": "pascal-pps", "finished": true, "pairs": {"car": {"train": 812, "val": 203}}, ...}]}

`ipose data build-parts` writes it. Beside a tree of one's own, `part_names` alone is enough, and only for categories
that the paper's table lacks.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ipose.data.spec_entries import parse_parts
from ipose.errors import DataError, SpecError
from ipose.whole_files import read_json, write_text_whole

MANIFEST_FILE = "parts.json"


@dataclass(frozen=True)
class BuiltSource:
    """One source that a tree was built from.

    Args:
        left_out: items that could not be used: a sentence each, with the reason.
        dropped: faults of annotations that were left out while the rest of their item is used, a sentence each.
    """

    kind: str
    root: str
    fingerprint: str
    finished: bool = False
    pairs: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class PartManifest:
    """What `parts.json` holds."""

    part_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sources: tuple[BuiltSource, ...] = ()


def read_manifest(root: str | Path) -> PartManifest | None:
    """The manifest of a tree, None where there is none.

    Raises:
        DataError: a file that is damaged or not of this form.
    """
    path = Path(root) / MANIFEST_FILE
    if not path.is_file():
        return None
    try:
        table = read_json(path)
        names = parse_parts(dict(table.get("part_names", {})))
        sources = tuple(
            BuiltSource(**entry | {key: tuple(entry.get(key, ())) for key in ("left_out", "dropped")})
            for entry in table.get("sources", ())
        )
    except SpecError as error:
        raise DataError(
            error.message, file=path, field=error.field, found=error.found, expected=error.expected
        ) from error
    except (OSError, ValueError, TypeError, AttributeError) as error:
        what, expected = f"not a list of part names ({error})", '{"part_names": {"robot": ["head", "body"]}}'
        raise DataError(what, file=path, expected=expected, mend="Correct it.") from error
    return PartManifest(names, sources)


def write_manifest(root: Path, manifest: PartManifest) -> None:
    """Write `parts.json`, so that a reader finds the old one or the new one."""
    write_text_whole(root / MANIFEST_FILE, json.dumps(asdict(manifest), indent=2, ensure_ascii=False) + "\n")


def tree_part_names(root: str | Path) -> dict[str, tuple[str, ...]]:
    """The part names that a tree brings along; none where it has no manifest.

    Raises:
        DataError: a manifest at fault, or one of a build that was not finished.
    """
    manifest = read_manifest(root) or PartManifest()
    for source in manifest.sources:
        if not source.finished:
            found, mend = f"only a part of {source.root}", f"Run it again: ipose data build-parts {source.root} {root}."
            raise DataError("the building of this part data was not finished", file=root, found=found, mend=mend)
    return dict(manifest.part_names)
