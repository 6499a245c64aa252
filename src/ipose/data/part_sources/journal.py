"""The journal of a build: which items are done. A build that is stopped loses nothing, and goes on when run again.

`<out>/.build/<kind>.jsonl`: one line an item, written when all its pairs are written. An item that was left out is read
again the next time. A kill may cut the last line short; such a line does not count.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ipose.errors import DataError
from ipose.whole_files import append_text, write_text_whole

JOURNAL_FOLDER = ".build"


@dataclass(frozen=True)
class ItemResult:
    """What became of an item.

    Args:
        name: of the item.
        split: of its pairs.
        pairs: how many it gave, by category.
        fault: why it was left out, a sentence; None where it was not.
    """

    name: str
    split: str
    pairs: Mapping[str, int] = field(default_factory=dict)
    fault: str | None = None


class Journal:
    """The journal of one source in the folder that is built from it.

    Args:
        out: the folder.
        kind: of the source.
    Raises:
        DataError: a journal that is damaged before its last line.
    """

    def __init__(self, out: Path, kind: str) -> None:
        self.path = out / JOURNAL_FOLDER / f"{kind}.jsonl"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = self.path.read_text(encoding="utf-8-sig") if self.path.is_file() else ""
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            write_text_whole(self.path, whole)
        try:
            results = [ItemResult(**json.loads(line)) for line in whole.splitlines()]
        except (ValueError, TypeError) as error:
            mend = "Remove it and run again: all is read anew, and what is there stays."
            raise DataError(f"damaged journal ({error})", file=self.path, mend=mend) from error
        self.results = {result.name: result for result in results}

    def done(self, name: str) -> bool:
        """Whether an item needs no more reading."""
        return name in self.results and self.results[name].fault is None

    def add(self, results: Iterable[ItemResult]) -> Iterator[ItemResult]:
        """Note results as they come in, and hand them on."""
        for result in results:
            self.results[result.name] = result
            line = {key: value for key, value in vars(result).items() if value is not None}
            append_text(self.path, json.dumps(line, ensure_ascii=False) + "\n")
            yield result

    def remove(self) -> None:
        """Forget all, as if nothing had been read."""
        self.path.unlink(missing_ok=True)
        if not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()
