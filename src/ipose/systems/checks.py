"""What a training needs before data are read: a run folder that can be used, and a device."""

import logging
from pathlib import Path

from ipose.errors import ConfigError, RunError
from ipose.training.folders import refuse_taken, writes
from ipose.training.run import Run


def check_run_folder(folder: Path, *, resume: bool) -> None:
    """Whether a run can begin or go on here; asked before data are read, which may take minutes.

    Of several processes the first one asks: it is the one that makes the folder.

    Raises:
        RunError: a new run in a folder that is taken, or no run to go on with.
    """
    if not writes():
        return
    if resume:
        if not folder.exists():
            raise RunError(
                "no run to go on with", file=folder, mend="Drop --resume to start one here, or check the path."
            )
        Run.open(folder)
    else:
        refuse_taken(folder)


def check_compiler(device: str | None) -> None:
    """Whether torch.compile works here: a small function is compiled. Raises ConfigError."""
    import torch

    def doubled(x: torch.Tensor) -> torch.Tensor:
        return x * 2

    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    logging.disable(logging.WARNING)  # with its first compilation torch says, for example, that it finds no GPU
    try:
        torch.compile(doubled)(torch.ones(2, device=where))
    except Exception as error:  # of many types, by what is missing
        message = "torch.compile does not work here"
        mend, found = "Install it, or leave out --compile. It changes speed alone.", str(error).strip().split("\n")[0]
        expected = "a C++ compiler (g++) with Python's headers; on a GPU, Triton"
        raise ConfigError(message, field="compile", found=found, expected=expected, mend=mend) from error
    finally:
        logging.disable(logging.NOTSET)


def check_device(name: str | None) -> None:
    """Whether torch can compute there. Raises ConfigError; None = whatever is there, which can."""
    if name is None:
        return
    import torch  # slow to import; the other checks need none

    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        mend = "Check the driver (nvidia-smi), or name another device."
        expected = "cpu or cuda" if torch.cuda.is_available() else "cpu (this torch finds no GPU)"
        raise ConfigError("no such device here", field="device", found=name, expected=expected, mend=mend) from error
