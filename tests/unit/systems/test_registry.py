"""Which systems there are."""

import json

import pytest

from ipose.errors import ConfigError, RunError
from ipose.model_folder import open_model
from ipose.systems import registry
from ipose.systems.registry import BUILT_IN, system_named, system_of_model, system_of_run, systems
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
