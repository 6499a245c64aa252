"""Files of checkpoints: names, checks for damage and space, removal of old ones, the best one. Imports no torch.

The best checkpoint by a validation metric is kept beside the newest ones; `checkpoints/best.json` names it. It is
written last, after the checkpoint and the model folder. So after a kill at any moment it names a whole checkpoint, and
a resumed run measures what was not measured yet.
"""

import json
import math
import shutil
import warnings
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ipose.errors import RunError
from ipose.training.config import Better
from ipose.whole_files import fsync_folder, read_json, recover_folder, write_text_whole

FORMAT = 1
SPARE_BYTES = 16 << 20
"""Bytes that stay free on the disk beside the new checkpoint."""
STEP, DAMAGED, UNFINISHED = "step-", "damaged-", ".unfinished-"


class DamagedCheckpointError(RunError):
    """A checkpoint's files are missing, cut short or altered."""


def checkpoint_path(folder: Path, step: int) -> Path:
    """Folder of the checkpoint of `step`."""
    return folder / f"{STEP}{step}"


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first. They are not checked for damage."""
    for old in folder.glob(f".{STEP}*.old"):  # a kill between the two renames of a replacement
        recover_folder(folder / old.name[1 : -len(".old")])
    found = {path: step_of(path) for path in folder.glob(f"{STEP}*") if path.is_dir()}
    return [path for path, step in sorted(found.items(), key=lambda item: item[1] or 0) if step is not None]


def step_of(path: Path) -> int | None:
    """The N of step-N; None for another name."""
    number = path.name.removeprefix(STEP)
    return int(number) if number.isdecimal() else None


def write_manifest(folder: Path, step: int) -> None:
    """Write manifest.json: size and CRC-32 of every file in `folder`."""
    files = {path.name: {"bytes": path.stat().st_size, "crc32": crc32(path)} for path in sorted(folder.iterdir())}
    text = json.dumps({"format": FORMAT, "step": step, "files": files}, indent=1)
    write_text_whole(folder / "manifest.json", text)


def check_whole(path: Path) -> None:
    """Compare a checkpoint with its manifest.

    Raises:
        DamagedCheckpointError: a file is missing, cut short or altered.
        RunError: another version of ipose wrote it.
    """
    mend = "Delete it, or copy it anew from where it was whole."
    try:
        manifest = read_json(path / "manifest.json")
        version, files = manifest["format"], dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = "a checkpoint without a readable manifest.json"
        raise DamagedCheckpointError(message, file=path, found=repr(error), mend=mend) from error
    if version != FORMAT:
        raise RunError("a checkpoint of another version of ipose", file=path, found=version, expected=FORMAT)
    for name, facts in files.items():
        file = path / name
        size = file.stat().st_size if file.is_file() else 0
        if size != facts["bytes"]:
            raise DamagedCheckpointError(
                "a damaged checkpoint", file=file, found=f"{size} bytes", expected=f"{facts['bytes']} bytes", mend=mend
            )
        if crc32(file) != facts["crc32"]:
            raise DamagedCheckpointError("a damaged checkpoint: the file was altered", file=file, mend=mend)


def crc32(file: Path) -> int:
    """Checksum of a file, read in pieces."""
    crc = 0
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            crc = zlib.crc32(chunk, crc)
    return crc


def check_space(folder: Path, tensor_bytes: int) -> None:
    """Raises RunError where the disk has too little space for a checkpoint of so many bytes."""
    needed = int(tensor_bytes * 1.02) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        message = "too little space on the disk for a checkpoint"
        found = f"{free / 1e6:,.0f} MB free"
        mend = "Free some space, then --resume; --keep 1 keeps fewer checkpoints."
        raise RunError(message, file=folder, found=found, expected=f"{needed / 1e6:,.0f} MB", mend=mend)


def remove_unfinished(folder: Path) -> None:
    """Delete what killed processes left. Only the holder of the run's lock may call it."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path)


def remove_old(folder: Path, keep: int, best: int | None = None) -> None:
    """Delete all but the newest `keep` checkpoints and that of step `best`, and the damaged ones set aside."""
    old = [path for path in list_checkpoints(folder)[:-keep] if step_of(path) != best]
    for path in [*old, *folder.glob(f"{DAMAGED}{STEP}*")]:
        going = path.rename(
            folder / f"{UNFINISHED}{path.name}"
        )  # a half-deleted checkpoint never has a checkpoint's name
        shutil.rmtree(going)
    fsync_folder(folder)


BEST = "best.json"


@dataclass(frozen=True)
class Criterion:
    """What the best checkpoint is chosen by."""

    metric: str
    better: Better
    measure: Callable[[Any], float]

    def prefers(self, new: float, old: float) -> bool:
        """Whether the new value is better. Of equal values the old one stays, and a number is better than NaN."""
        if math.isnan(new) or math.isnan(old):
            return math.isnan(old) and not math.isnan(new)
        return new > old if self.better == "higher" else new < old


@dataclass(frozen=True)
class Best:
    """The best checkpoint so far.

    Args:
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
