"""Networks of TorchScript and torch.export files, which need no code of the network. Nothing is downloaded."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from ipose.errors import MissingWeightsError

_MEND = "Save it with torch.jit.save(torch.jit.trace(network, images), FILE), or torch.export.save as a .pt2 file."


def load_network_file(path: Path, device: str = "cpu") -> Callable[..., Any]:
    """Load a network of a TorchScript file, or of a torch.export file (its name ends in .pt2).

    Raises:
        MissingWeightsError: no such file, or a file of another kind.
    """
    if not path.is_file():
        raise MissingWeightsError("no such network file", file=path, mend=f"Check the path. {_MEND}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns that TorchScript has a successor
            if path.suffix == ".pt2":
                exported: Callable[..., Any] = torch.export.load(path).module().to(device)
                return exported
            script: Callable[..., Any] = torch.jit.load(path, map_location=device).eval()
            return script
    except Exception as error:  # torch's readers raise many kinds of errors
        raise MissingWeightsError(
            "no network can be read from this file",
            file=path,
            found=type(error).__name__,
            expected="TorchScript, or torch.export in a .pt2 file",
            mend=_MEND,
        ) from error
