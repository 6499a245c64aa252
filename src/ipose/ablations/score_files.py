"""Scores of a run, kept beside it: a table that is made again does not compute them again. No torch in here."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ipose.whole_files import write_text_whole

Scores = dict[str, dict[str, float]]
"""By contender ("model", and baselines), then by metric."""


def kept_scores(file: Path, key: Mapping[str, Any], compute: Callable[[], Scores]) -> Scores:
    """What is in `file`, if it was computed from the same things; else computed and written.

    Args:
        file: in the run folder.
        key: all that the scores depend on, plain values: weights by hash, data, protocol.
        compute: the work.
    """
    known = json.loads(json.dumps(key, default=str))
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["of"] == known:
            scores: Scores = kept["scores"]
            return scores
    except (OSError, ValueError, KeyError, TypeError):
        pass  # not there, or of another kind: computed anew
    scores = compute()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text_whole(file, json.dumps({"of": known, "scores": scores}, indent=2) + "\n")
    return scores
