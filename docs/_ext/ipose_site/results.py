"""The last result of each test, from a JUnit file (`pytest --junitxml=FILE`)."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

Results = dict[tuple[str, str], str]
"""By (dotted test file and class, test function): passed, failed or skipped, over all its cases."""

UNKNOWN = "not run here"


def read_results(path: Path) -> Results:
    """One word a test: failed where one of its cases failed, skipped where all were skipped."""
    cases: dict[tuple[str, str], set[str]] = {}
    for case in ElementTree.parse(path).iter("testcase"):
        key = (case.get("classname", ""), case.get("name", "").partition("[")[0])
        children = {child.tag for child in case}
        word = "failed" if children & {"failure", "error"} else "skipped" if "skipped" in children else "passed"
        cases.setdefault(key, set()).add(word)
    order = ("failed", "passed", "skipped")
    return {key: next(word for word in order if word in words) for key, words in cases.items()}


def result_of(results: Results, file: str, group: str, test: str) -> str:
    """Of a test function of a file ("tests/unit/x.py") and class ("" for none); `UNKNOWN` where nothing is known."""
    place = file.removesuffix(".py").replace("/", ".") + (f".{group}" if group else "")
    return results.get((place, test), UNKNOWN)
