"""Makes the tables of docs/results again, where that takes under an hour and no other data; names the others.

`python benchmarks/results.py --list` names all. Words choose: `python benchmarks/results.py demo "table 7"`. Runs lie
in runs/results; training refuses a folder that holds a run, so remove it to make a table again.
"""

import argparse
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_suffix(".toml")
HOUR = 60


def tables() -> list[dict[str, Any]]:
    """Page, title, minutes and commands, and what data a table needs ("needs"), or what else makes it ("by")."""
    found: list[dict[str, Any]] = tomllib.loads(FILE.read_text(encoding="utf-8"))["table"]
    return found


def why_not(table: dict[str, Any], place: Path) -> str:
    """Why a table is not made here; "" = it is."""
    if "by" in table:
        return f"{table['by']} makes it"
    if table["minutes"] >= HOUR:
        return f"takes {table['minutes']} minutes"
    needs = table.get("needs", "")
    return f"needs the data set {needs} in {place}/" if needs and not (place / needs).exists() else ""


def main(words: list[str]) -> None:
    """Make or list the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="of the titles or pages to make; none = all")
    parser.add_argument("--list", action="store_true", help="name the tables, and make none")
    parser.add_argument("--out", type=Path, default=Path("runs/results"), help="folder of the runs")
    asked = parser.parse_args(words)
    for table in tables():
        line = f"{table['page']}: {table['title']}"
        if asked.words and not any(word.lower() in line.lower() for word in asked.words):
            continue
        reason = why_not(table, asked.out)
        print(f"{line}: {'not made: ' + reason if reason else str(table['minutes']) + ' minutes'}", flush=True)
        if reason or asked.list:
            continue
        asked.out.mkdir(parents=True, exist_ok=True)
        for command in table["commands"]:
            print(f"$ {command}", flush=True)
            subprocess.run([sys.executable, "-m", *shlex.split(command)], cwd=asked.out, check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
