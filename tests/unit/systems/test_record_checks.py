"""Which records of packages can stand beside the others."""

from dataclasses import dataclass

import pytest

from ipose.errors import ConfigError
from ipose.systems.record import AblateOptions, MakeOptions, Released, ReleaseOptions, System, TrainOptions
from ipose.systems.record_checks import check_record
from ipose.systems.registry import systems


@dataclass(frozen=True, kw_only=True)
class Config:
    width: int = 1


@dataclass(frozen=True, kw_only=True)
class Twice(TrainOptions):
    width: int = 2


@dataclass(frozen=True, kw_only=True)
class DataTwice(TrainOptions):
    spec: str = ""


@dataclass(frozen=True, kw_only=True)
class Taken(MakeOptions):
    resample: bool = False


@dataclass(frozen=True, kw_only=True)
class Own(MakeOptions):
    twist: bool = False


@dataclass(frozen=True, kw_only=True)
class WithDefault(MakeOptions):
    twist: int = 3


@dataclass(frozen=True, kw_only=True)
class AblateTaken(AblateOptions):
    clip_weights: str | None = None


@dataclass(frozen=True, kw_only=True)
class Demanded(ReleaseOptions):
    file: str


def record(**fields):
    return System(**{"name": "mine", "summary": "s", "config": Config, "training": "a:b", "loading": "a:b", **fields})


def built_in(name):
    return next(system for system in systems() if system.name == name)


class TestCheckRecord:
    """check_record gives the record back, or says what is wrong with it."""

    def test_a_record_of_its_own_names_passes(self):
        mine = record(make_options=Own)
        assert check_record(mine, systems()) is mine

    def test_options_of_another_system_may_be_shared_as_they_are(self):
        check_record(record(make_options=built_in("groupdnet").make_options), systems())

    @pytest.mark.parametrize(
        ("fields", "fault"),
        [
            ({"name": "ganseg", "kind": "k", "formats": ("f",)}, r"\[name\].*taken.*found ganseg"),
            ({"kind": "synthesis"}, r"\[kind\].*taken.*found synthesis"),
            ({"formats": ("f", "ipose")}, r"\[formats\].*taken.*found ipose"),
            ({"released": {"PartNet": Released(instead="?")}}, r"\[released\].*taken.*found PartNet"),
            ({"train_options": Twice}, "several flags of one name: found width"),
            ({"train_options": DataTwice}, "several flags of one name: found spec"),
            ({"make_options": Taken}, r"\[make_options\].*taken.*found resample"),
            ({"make_options": WithDefault}, r"\[make_options\] an option with a default: found twist"),
            ({"ablate_options": AblateTaken}, r"\[ablate_options\].*taken.*found clip_weights"),
            ({"release_options": Demanded}, r"\[release_options\] an option with a default: found file"),
            ({"preset": lambda _: {}, "presets": ("a",)}, r"\[a\] a preset of another config: found dict, expected Co"),
        ],
    )
    def test_faults(self, fields, fault):
        with pytest.raises(ConfigError, match=fault):
            check_record(record(**fields), systems())

    def test_a_flag_twice_is_fine_where_there_are_no_data(self):
        check_record(record(train_options=DataTwice, data=None), systems())

    def test_something_else_is_no_record(self):
        with pytest.raises(ConfigError, match="no record of a system: found dict"):
            check_record({}, systems())
