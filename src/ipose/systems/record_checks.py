"""Whether the record of an installed package can stand beside the others. All commands are built from all records, so a
fault in one would stop them all. No torch in here."""

from collections.abc import Sequence
from dataclasses import fields

from ipose.errors import ConfigError
from ipose.systems.record import System


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
