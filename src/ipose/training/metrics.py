"""metrics.jsonl: one line of JSON per log step. No torch in here."""

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ipose.training.durable import write_text_whole


def append_metrics(file: Path, record: Mapping[str, Any]) -> None:
    """Add one line, written at once, so that a reader never meets half of it (but after a crash, the last)."""
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(record, allow_nan=False) + "\n")


def read_metrics(file: Path) -> list[dict[str, Any]]:
    """All records, oldest first; none where the file does not exist yet. A torn last line is left out; any other torn
    line is left out with a warning."""
    if not file.exists():
        return []
    records = []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            records.append(dict(json.loads(line)))
        except ValueError:
            if number < len(lines):
                warnings.warn(f"{file}: line {number} is no JSON; left out", stacklevel=2)
    return records


def drop_metrics_after(file: Path, step: int) -> None:
    """Forget the records of steps that a resumed run takes again."""
    if not file.exists():
        return
    kept = [record for record in read_metrics(file) if record.get("step", 0) <= step]
    write_text_whole(file, "".join(json.dumps(record) + "\n" for record in kept))
