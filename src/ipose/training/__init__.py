"""The one loop that trains every system, and what surrounds it: runs, checkpoints, resume.

`train` asks a system for the phases of a batch and takes one optimizer step for each. A `Run` is the folder that
remembers what was trained, on what and how; its checkpoints let `train(..., resume=True)` end with the very weights of
an undisturbed run. Nothing is imported until it is asked for, so that reading a run needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ipose.training.averaging import Averages, reestimate_batch_norm
    from ipose.training.batches import BatchSource, batch_stream
    from ipose.training.checkpoint import Checkpoint, latest_checkpoint, load_checkpoint, save_checkpoint
    from ipose.training.config import TrainConfig
    from ipose.training.loop import train
    from ipose.training.matching import MatchReport, load_matching
    from ipose.training.metrics import read_metrics
    from ipose.training.run import Run
    from ipose.training.seeds import generator_of, seed_of
    from ipose.training.snapshot import Snapshot, TrainResult

_HOME = {
    "Averages": "averaging",
    "BatchSource": "batches",
    "Checkpoint": "checkpoint",
    "MatchReport": "matching",
    "Run": "run",
    "Snapshot": "snapshot",
    "TrainConfig": "config",
    "TrainResult": "snapshot",
    "batch_stream": "batches",
    "generator_of": "seeds",
    "latest_checkpoint": "checkpoint",
    "load_checkpoint": "checkpoint",
    "load_matching": "matching",
    "read_metrics": "metrics",
    "reestimate_batch_norm": "averaging",
    "save_checkpoint": "checkpoint",
    "seed_of": "seeds",
    "train": "loop",
}

__all__ = [
    "Averages",
    "BatchSource",
    "Checkpoint",
    "MatchReport",
    "Run",
    "Snapshot",
    "TrainConfig",
    "TrainResult",
    "batch_stream",
    "generator_of",
    "latest_checkpoint",
    "load_checkpoint",
    "load_matching",
    "read_metrics",
    "reestimate_batch_norm",
    "save_checkpoint",
    "seed_of",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ipose.training' has no attribute {name!r}")
    return getattr(import_module(f"ipose.training.{_HOME[name]}"), name)
