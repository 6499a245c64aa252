"""Which systems there are."""

import json
from dataclasses import dataclass

import pytest

from ipose.errors import ConfigError, RunError
from ipose.model_folder import open_model
from ipose.systems import registry
from ipose.systems.record import AblateOptions, MakeOptions, Released, ReleaseOptions, System, TrainOptions
from ipose.systems.registry import BUILT_IN, check_record, system_named, system_of_model, system_of_run, systems
from ipose.training.config import TrainConfig
from ipose.training.run import Run


class TestSystems:
    """The built-in systems, then those of packages."""

    def test_every_room_has_one(self):
        assert [system.training.split(".")[2] for system in systems()] == list(BUILT_IN)

    def test_a_package_adds_its_own_at_the_end(self, stranger):
        assert [system.name for system in systems()][len(BUILT_IN) :] == ["line"]

    def test_a_package_with_a_fault_is_told_and_passed_over(self, stranger, capsys):
        stranger.register(name="partnet")
        assert len(systems()) == len(BUILT_IN)
        said = capsys.readouterr().err
        assert "the system 'line' of an installed package is passed over: [name] this name is taken" in said
        assert "found partnet" in said

    def test_it_is_told_once(self, stranger, capsys):
        stranger.register(name="partnet")
        systems()
        systems()
        assert capsys.readouterr().err.count("passed over") == 1

    def test_packages_come_by_name_whatever_their_order(self, stranger, monkeypatch):
        points = [*registry.entry_points(group=registry.GROUP)] * 2
        monkeypatch.setattr(registry, "entry_points", lambda group: points)
        assert [system.name for system in systems()].count("line") == 1  # the second one takes the first one's name


class TestLookingUp:
    """By name, by run, by model."""

    def test_by_name(self, stranger):
        assert system_named("line").title == "line"
        with pytest.raises(ConfigError, match=r"no such system: found circle, expected partnet, .*, line"):
            system_named("circle")

    def test_by_run(self, stranger, tmp_path):
        made = [
            Run.create(tmp_path / kind, kind=kind, config={}, train=TrainConfig(steps=1, batch_size=1), command="")
            for kind in ("line", "synthesis", "circle")
        ]
        assert [system_of_run(run).name for run in made[:2]] == ["line", "synthesis"]
        with pytest.raises(RunError, match=r"system that is not here: found circle, .*Install the package"):
            system_of_run(made[2])

    def test_by_model_of_a_run_or_alone(self, stranger, tmp_path):
        folder = tmp_path / "model"
        folder.mkdir()
        for name, expected in (("line", "line"), ("ipose-ganseg", "ganseg")):
            (folder / "config.json").write_text(json.dumps({"format": name}))
            found = [system_of_model(open_model(path)) for path in (folder, tmp_path)]
            assert [system.name for system in found] == [expected] * 2
        (folder / "config.json").write_text('{"format": "circle"}')
        with pytest.raises(RunError, match=r"a system that is not here: found circle, .*Install the package"):
            system_of_model(open_model(folder))


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
