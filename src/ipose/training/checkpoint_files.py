"""Files of checkpoints: names, checks for damage and disk space, removal of old ones. Imports no torch."""

import json
import shutil
import zlib
from pathlib import Path

from ipose.errors import RunError
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
