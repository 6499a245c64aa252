"""`ipose generate`, for every system that makes images: which system a model is of, and what it can be asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ipose.errors import ConfigError
from ipose.model_folder import open_model
from ipose.systems.checks import check_device
from ipose.systems.record import System, function_named, own_options
from ipose.systems.registry import system_of_model
from ipose.training.config import Precision


@dataclass(frozen=True, kw_only=True)
class Request:
    """What images are asked for.

    Args:
        out: folder to write.
        inputs: label map, folder of label maps, or data set (`ipose.data.input_maps.find_inputs`); None = the system
            makes images from noise.
        split: of a data set. None = val, or else the first one that the data set has.
        instances: instance map, or a folder of them. None = the data set's own, else the connected pieces of each thing
            class.
        seed: of the first image; image i has seed + i.
        count: images a map, or in all.
        keep_size: make images of the map's own size, else of the size that the model was trained at.
        options: of the system.
    Raises:
        ConfigError: count < 1.
    """

    out: Path
    inputs: Path | None = None
    split: str | None = None
    instances: Path | None = None
    seed: int = 0
    count: int = 1
    keep_size: bool = False
    options: Any = None

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError("nothing to make", field="count", found=self.count, expected="1 or more")

    @property
    def maps(self) -> Path:
        """Where the label maps are; `make_images` has seen to it that they are named."""
        assert self.inputs is not None
        return self.inputs

    @property
    def seeds(self) -> range:
        """Of the images of a map."""
        return range(self.seed, self.seed + self.count)


def make_images(
    model: Path,
    request: Request,
    *,
    device: str = "cpu",
    precision: Precision = "no",
    given: Mapping[str, Any] | None = None,
) -> Iterator[Path]:
    """Images of a run or model folder, of whatever system; yields each file as it is written. With precision bf16 the
    networks that make images compute in bfloat16, but for norms, positions and parts.

    Args:
        request: what is asked for; its `options` are taken from `given`.
        given: options of any system, by name; None or empty = not given. Those of other systems are refused.
    Raises:
        RunError: no model there, or one of a system that is not installed.
        ConfigError: a system that makes no images, or an option that it does not have.
    """
    check_device(device)
    saved = open_model(model)
    system = system_of_model(saved)
    if system.making is None:
        raise ConfigError("this model makes no images", file=model, mend=system.instead)
    _check_inputs(system, request)
    asked = {name: value for name, value in (given or {}).items() if value}
    mend = "Leave it out, or name a model of the system that has it."
    options = own_options(system.make_options, asked, f"{system.title} has no such option", mend)
    request = replace(request, options=options)
    loaded = function_named(system.loading)(saved).to(device)
    files = function_named(system.making)(loaded, request)
    yield from files if precision == "no" else _in_bfloat16(files, torch.device(device).type)


def _in_bfloat16(files: Iterator[Path], device_type: str) -> Iterator[Path]:
    """Autocast is on while a file is made, and off while the caller has it."""
    while True:
        with torch.autocast(device_type, torch.bfloat16):
            file = next(files, None)
        if file is None:
            return
        yield file


def _check_inputs(system: System, request: Request) -> None:
    if system.reads_maps and request.inputs is None:
        raise ConfigError("no label map", field="inputs", mend="Name an index PNG, a folder of them, or a data set.")
    if not system.reads_maps:
        for name in ("inputs", "split", "instances", "keep_size"):
            if getattr(request, name):
                message = f"{system.title} makes images of noise, not of label maps"
                raise ConfigError(message, field=name, found=getattr(request, name), mend="Leave it out.")
