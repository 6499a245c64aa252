"""Which systems there are: the built-in ones, and those of installed packages. No torch in here.

A package brings a system by an entry point of the group `ipose.systems` that names its record:

    [project.entry-points."ipose.systems"]
    mine = "my_package.record:SYSTEM"

All commands are built from all records, so `check_record` looks whether a package's record can stand beside the others.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from ipose.errors import ConfigError, RunError
from ipose.model_folder import ModelFolder
from ipose.systems.record import System, function_named
from ipose.training.run import Run

GROUP = "ipose.systems"
BUILT_IN = ("partnet", "ipose", "groupdnet", "ganseg", "segmenter", "part_segmenter")
"""Rooms of `ipose.systems`, in the order in which help and messages name them."""


@cache
def systems() -> tuple[System, ...]:
    """All records: the built-in ones first, then those of installed packages by name.

    A package whose record cannot be loaded, or takes a name that is in use, is told about and passed over: a fault of
    one package must not stop the commands for all others.
    """
    found: list[System] = [function_named(f"ipose.systems.{room}.record:SYSTEM") for room in BUILT_IN]
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            found.append(check_record(function_named(point.value), found))
        except Exception as error:  # whatever a package of somebody else does wrong
            print(f"ipose: the system {point.name!r} of an installed package is passed over: {error}", file=sys.stderr)
    return tuple(found)


def system_named(name: str) -> System:
    """The system that `ipose train` calls so. Raises ConfigError, which lists the names."""
    for system in systems():
        if system.name == name:
            return system
    raise ConfigError("no such system", field="system", found=name, expected=", ".join(s.name for s in systems()))


def system_of_run(run: Run) -> System:
    """The system that a run is of. Raises RunError where none of this kind is installed."""
    return _system_of("run", run.folder, run.kind, {system.kind: system for system in systems()})


def system_of_model(model: ModelFolder) -> System:
    """The system that a model is of. Raises RunError where none of this kind is installed."""
    return _system_of(
        "model", model.path, model.format, {one: system for system in systems() for one in system.formats}
    )


def _system_of(what: str, place: Path, name: str, known: Mapping[str, System]) -> System:
    if name not in known:
        message, mend = f"a {what} of a system that is not here", "Install the package that it was trained with."
        raise RunError(message, file=place, found=name, expected=", ".join(known), mend=mend)
    return known[name]


def check_record(record: object, others: Sequence[System]) -> System:
    """The record, if it can stand beside the others.

    Raises:
        ConfigError: no record; a name that another system has; flags or presets that no command can be built from.
    """
    if not isinstance(record, System):
        raise ConfigError("no record of a system", found=type(record).__name__, expected="ipose.systems.record.System")
    _check_names(record, others)
    _check_flags(record)
    _check_shared_options(record, others)
    _check_presets(record)
    return record


def _check_names(record: System, others: Sequence[System]) -> None:
    for field, mine, theirs in (
        ("name", {record.name}, {other.name for other in others}),
        ("kind", {record.kind}, {other.kind for other in others}),
        ("formats", set(record.formats), {one for other in others for one in other.formats}),
        ("released", set(record.released), {one for other in others for one in other.released}),
    ):
        if mine & theirs:
            taken = ", ".join(sorted(mine & theirs))
            raise ConfigError("this name is taken by another system", field=field, found=taken)


def _check_flags(record: System) -> None:
    """Flags of `ipose train NAME` have different names."""
    kinds = [record.config, record.train_options, *([] if record.data is None else [record.data])]
    flags = [item.name for kind in kinds for item in fields(kind)]
    if doubled := sorted({name for name in flags if flags.count(name) > 1}):
        raise ConfigError("several flags of one name", field="config, data, train_options", found=", ".join(doubled))


def _check_shared_options(record: System, others: Sequence[System]) -> None:
    """Options of `ipose generate`, `ablate` and `convert`, which are for all systems: they have names of their own, and
    no default, which would count as given for the models of all others."""
    for field in ("make_options", "ablate_options", "release_options"):
        own = getattr(record, field)
        theirs = [getattr(other, field) for other in others]
        taken = {item.name for kind in theirs if kind is not own for item in fields(kind)}
        for item in fields(own):
            if item.name in taken:
                raise ConfigError("this name is taken by another system", field=field, found=item.name)
            if item.default:
                expected = "None, False or empty: not given"
                raise ConfigError("an option with a default", field=field, found=item.name, expected=expected)


def _check_presets(record: System) -> None:
    for name in record.presets or (None,):
        config = record.default_config(name)
        if not isinstance(config, record.config):
            expected = record.config.__name__
            raise ConfigError("a preset of another config", field=name, found=type(config).__name__, expected=expected)
