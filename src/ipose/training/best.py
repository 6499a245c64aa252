"""The best checkpoint of a run by a validation metric: `checkpoints/best.json` names it.

The best checkpoint is kept beside the newest ones. best.json is written last, after the checkpoint and the model
folder. So after a kill at any moment it names a whole checkpoint, and a resumed run measures what was not measured yet.
"""

import json
import math
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from ipose.errors import RunError
from ipose.training.checkpoint_files import DamagedCheckpointError, check_whole, checkpoint_path
from ipose.training.config import Better
from ipose.training.snapshot import Snapshot
from ipose.whole_files import read_json, write_text_whole

BEST = "best.json"


@dataclass(frozen=True)
class Criterion:
    """What the best checkpoint is chosen by.

    Args:
        metric: its name.
        better: whether a higher or a lower value is better.
        measure: the value of a step.
    """

    metric: str
    better: Better
    measure: Callable[[Snapshot], float]

    def prefers(self, new: float, old: float) -> bool:
        """Whether the new value is better. Of equal values the old one stays, and a number is better than NaN."""
        if math.isnan(new) or math.isnan(old):
            return math.isnan(old) and not math.isnan(new)
        return new > old if self.better == "higher" else new < old


@dataclass(frozen=True)
class Best:
    """The best checkpoint so far.

    Args:
        metric: what it was chosen by.
        step: its step.
        value: of the metric. NaN = it could not be measured, and no other step was better.
        measured: the last step that was measured.
    """

    metric: str
    step: int
    value: float
    measured: int

    def text(self) -> str:
        """The step and its value, in words."""
        return f"step {self.step} ({self.metric} {self.value:.6g} on the validation data)"


def read_best(folder: Path) -> Best | None:
    """What best.json of a run's `checkpoints` folder says. None if there is no such file, or an unreadable one."""
    try:
        return Best(**read_json(folder / BEST))
    except (OSError, ValueError, TypeError):
        return None


def write_best(folder: Path, best: Best) -> None:
    """Write best.json, whole or not at all."""
    write_text_whole(folder / BEST, json.dumps(asdict(best), indent=1) + "\n")


def best_at(folder: Path, metric: str, step: int) -> Best | None:
    """The best checkpoint of a run that goes on from `step`. None if its steps must be measured anew.

    That is so if another metric chose it, or if its checkpoint is not whole any more, which is told by a warning.
    """
    best = read_best(folder)
    if best is None or best.metric != metric or best.step > step:
        return None
    path = checkpoint_path(folder, best.step)
    if not path.is_dir():
        return None
    try:
        check_whole(path)
    except (DamagedCheckpointError, RunError) as error:
        warnings.warn(f"{error} The best step is looked for anew.", stacklevel=2)
        return None
    return Best(metric, best.step, best.value, min(best.measured, step))
