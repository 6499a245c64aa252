"""Which systems there are: the built-in ones, and those of installed packages. No torch in here.

A package brings a system by an entry point of the group `ipose.systems` that names its record:

    [project.entry-points."ipose.systems"]
    mine = "my_package.record:SYSTEM"
"""

import sys
from functools import cache
from importlib.metadata import entry_points

from ipose.errors import ConfigError, RunError
from ipose.model_folder import ModelFolder
from ipose.systems.record import System, function_named
from ipose.systems.record_checks import check_record
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


def system_of_model(model: ModelFolder) -> System:
    """The system that a model is of. Raises RunError where none of this kind is installed."""
    known = {one: system for system in systems() for one in system.formats}
    if model.format not in known:
        raise RunError(
            "a model of a system that is not here",
            file=model.path,
            found=model.format,
            expected=", ".join(known),
            mend="Install the package that it was trained with.",
        )
    return known[model.format]
