"""Which systems there are: the built-in ones, and those of installed packages. No torch in here.

A package brings a system by an entry point of the group `ipose.systems` that names its record:

    [project.entry-points."ipose.systems"]
    mine = "my_package.record:SYSTEM"
"""

import sys
from dataclasses import fields
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from ipose.errors import ConfigError, RunError
from ipose.model_folder import model_format
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
    found = [_record(f"ipose.systems.{room}.record:SYSTEM") for room in BUILT_IN]
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            record = _record(point.value)
            _check_flags(record)
            _refuse_taken_names(record, found)
        except Exception as error:  # whatever a package of somebody else does wrong
            print(f"ipose: the system {point.name!r} of an installed package is passed over: {error}", file=sys.stderr)
        else:
            found.append(record)
    return tuple(found)


def _record(name: str) -> System:
    record = function_named(name)
    if not isinstance(record, System):
        raise ConfigError("no record of a system", field=name, found=type(record).__name__, expected="a System")
    return record


def _check_flags(record: System) -> None:
    """What commands are built from: flags of different names, options that are not given, configs of the presets."""
    kinds = [record.config, record.train_options, *([] if record.data is None else [record.data])]
    flags = [item.name for kind in kinds for item in fields(kind)]
    if doubled := sorted({name for name in flags if flags.count(name) > 1}):
        raise ConfigError("several flags of one name", field="config, data, train_options", found=", ".join(doubled))
    for kind in (record.make_options, record.release_options):
        if given := [item.name for item in fields(kind) if item.default]:  # it would count as given for every system
            raise ConfigError(
                "an option with a default", field=kind.__name__, found=", ".join(given), expected="None, ()"
            )
    for preset in record.presets or (None,):
        if not isinstance(config := record.default_config(preset), record.config):
            raise ConfigError(
                "a preset of another config", field=preset, found=type(config).__name__, expected=record.config.__name__
            )


def _refuse_taken_names(record: System, others: list[System]) -> None:
    """Names that tell systems apart; and options of `ipose generate` and `ipose convert`, which all systems share."""
    for name, mine, theirs in (
        ("name", {record.name}, {other.name for other in others}),
        ("kind", {record.kind}, {other.kind for other in others}),
        ("formats", set(record.formats), {one for other in others for one in other.formats}),
        ("released", set(record.released), {one for other in others for one in other.released}),
        *(
            (kind, _options(getattr(record, kind)), {one for other in others for one in _options(getattr(other, kind))})
            for kind in ("make_options", "release_options")
            if getattr(record, kind) not in [getattr(other, kind) for other in others]
        ),
    ):
        if mine & theirs:
            taken = ", ".join(sorted(mine & theirs))
            raise ConfigError("this name is taken by another system", field=name, found=taken)


def _options(kind: type) -> set[str]:
    return {item.name for item in fields(kind)}


def system_named(name: str) -> System:
    """The system that `ipose train` calls so. Raises ConfigError, which lists the names."""
    for system in systems():
        if system.name == name:
            return system
    raise ConfigError("no such system", field="system", found=name, expected=", ".join(s.name for s in systems()))


def system_of_run(run: Run) -> System:
    """The system that a run is of. Raises RunError where none of this kind is installed."""
    for system in systems():
        if system.kind == run.kind:
            return system
    raise RunError(
        "a run of a system that is not here",
        file=run.folder,
        found=run.kind,
        expected=", ".join(system.kind for system in systems()),
        mend="Install the package that it was trained with.",
    )


def system_of_model(path: Path) -> System | None:
    """The system of a run's model, or of a model folder; None where nothing can be read."""
    known = {one: system for system in systems() for one in system.formats}
    return known.get(model_format(path) or "")
