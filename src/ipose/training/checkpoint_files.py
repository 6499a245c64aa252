"""The files of checkpoints: names, whether they are whole, room for one more, clearing away. No tensor in here."""

import json
import shutil
import zlib
from pathlib import Path

from ipose.errors import RunError
from ipose.whole_files import fsync_folder

FORMAT = 1
SPARE_BYTES = 16 << 20
"""Left free on the disk beyond the checkpoint itself."""
STEP, DAMAGED, UNFINISHED = "step-", "damaged-", ".unfinished-"


class DamagedCheckpointError(RunError):
    """A checkpoint's files are missing, cut short or altered."""


def checkpoint_path(folder: Path, step: int) -> Path:
    """Where the checkpoint of `step` is."""
    return folder / f"{STEP}{step}"


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a run, oldest first; whether they are whole is not looked at."""
    found = {path: step_of(path) for path in folder.glob(f"{STEP}*") if path.is_dir()}
    return [path for path, step in sorted(found.items(), key=lambda item: item[1] or 0) if step is not None]


def step_of(path: Path) -> int | None:
    """The N of step-N; None for another name."""
    number = path.name.removeprefix(STEP)
    return int(number) if number.isdecimal() else None


def write_manifest(folder: Path, step: int) -> None:
    """Note size and CRC-32 of every file in `folder`."""
    files = {path.name: {"bytes": path.stat().st_size, "crc32": crc32(path)} for path in sorted(folder.iterdir())}
    text = json.dumps({"format": FORMAT, "step": step, "files": files}, indent=1)
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def check_whole(path: Path) -> None:
    """Compare a checkpoint with its manifest.

    Raises:
        DamagedCheckpointError: a file is missing, cut short or altered.
        RunError: another version of ipose wrote it.
    """
    mend = "Delete it, or copy it anew from where it was whole."
    try:
        manifest = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
        version, files = manifest["format"], dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedCheckpointError(
            "a checkpoint without a readable manifest.json", file=path, found=repr(error), mend=mend
        ) from error
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
    """Raises RunError where the disk has no room for a checkpoint of so many bytes beside the ones kept."""
    needed = int(tensor_bytes * 1.02) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise RunError(
            "too little space on the disk for a checkpoint",
            file=folder,
            found=f"{free / 1e6:,.0f} MB free",
            expected=f"{needed / 1e6:,.0f} MB",
            mend="Free some space, then --resume; --keep 1 keeps fewer checkpoints.",
        )


def remove_unfinished(folder: Path) -> None:
    """Clear away what killed saves and removals left (for who holds the run's lock)."""
    for path in folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(path)


def remove_old(folder: Path, keep: int) -> None:
    """All but the newest `keep`; damaged ones that were set aside go too, for a newer one is whole."""
    for path in [*list_checkpoints(folder)[:-keep], *folder.glob(f"{DAMAGED}{STEP}*")]:
        going = path.rename(folder / f"{UNFINISHED}{path.name}")  # in one move, then in peace
        shutil.rmtree(going)
    fsync_folder(folder)
