"""`ipose ablate`, for every system: a package brings a grid of its own; options go to the system that has them."""

import json
from dataclasses import dataclass, replace

import pytest
from PIL import Image

from ipose.ablations.rows import Rows
from ipose.ablations.run_folders import WantedRun, kept_scores
from ipose.ablations.table import AblationTable, Metric, Row
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.systems import ablating, ablation_tables
from ipose.systems.ablating import ablate
from ipose.systems.ipose.record import IPoseAblateOptions
from ipose.systems.record import AblateOptions
from ipose.systems.registry import system_named, systems
from ipose.training.config import TrainConfig
from ipose.training.run import Run

TABLE = AblationTable(
    name="depth",
    title="Depth of the network",
    metrics=(Metric(key="error", title="error", higher_is_better=False, published="error"),),
    rows=(
        Row(name="shallow", title="one layer", changes={"layers": 1}, run="shallow", published={"error": 3.5}),
        Row(name="deep", title="three layers", changes={"layers": 3}, run="deep", published={"error": 2.0}),
    ),
    reference="deep",
    published_on="the paper's own data",
)


@dataclass(frozen=True)
class Config:
    """Of the made-up system."""

    layers: int = 2


@dataclass(frozen=True, kw_only=True)
class Options(AblateOptions):
    """What it takes of its own."""

    bonus: float = 0.0


class DepthRows(Rows):
    """Trains nothing: a run is a folder, and its error is one over its layers, less the bonus."""

    kind = "depth"

    def wanted(self, row, seed):
        train = TrainConfig(steps=2, batch_size=1, **self.job.loop_of_run(seed))
        return WantedRun(kind=self.kind, config={"depth": self.config(row)}, train=train)

    def train(self, row, seed, *, resume, max_minutes):
        wanted = self.wanted(row, seed)
        run = Run.create(self.folder(row, seed), kind=wanted.kind, config=wanted.config, train=wanted.train)
        (run.checkpoints / "step-2").mkdir(parents=True)
        run.model.mkdir()
        (run.model / "config.json").write_text("{}")
        return "done"

    def scores(self, row, seed):
        def compute():
            for path in self.pictures(row, seed):
                path.parent.mkdir(exist_ok=True)
                Image.new("RGB", (4, 4)).save(path)
            return {"model": {"error": 1 / self.config(row).layers - self.job.options.bonus}}

        return kept_scores(self.folder(row, seed) / "scores" / "error.json", {"row": row.name}, compute)

    def pictures(self, row, seed):
        folder = self.folder(row, seed) / "scores"
        return folder / "true.png", folder / "found.png"


@pytest.fixture
def installed(monkeypatch):
    """A system with a table of its own, as an installed package would bring it."""
    own = {"mine:TABLES": (TABLE,), "mine:DepthRows": DepthRows}
    mine = replace(
        system_named("partnet"),
        name="mine",
        kind="depth",
        title="Mine",
        config=Config,
        preset=None,
        presets=(),
        tables="mine:TABLES",
        rows="mine:DepthRows",
        ablate_options=Options,
    )
    named = ablating.function_named
    for module in (ablating, ablation_tables):
        monkeypatch.setattr(module, "systems", lambda: (*systems(), mine))
        monkeypatch.setattr(module, "function_named", lambda name: own[name] if name in own else named(name))
    return mine


@pytest.mark.usefixtures("installed")
class TestGridOfAPackage:
    """A table of a system that ipose does not know."""

    def test_is_filled_by_the_same_command(self, tmp_path):
        result = ablate("depth", None, AblateOptions(), data=DataConfig(), out=tmp_path, seeds=(0, 1))
        assert result.stopped == "done"
        assert [path.name for path in result.files] == ["table-depth.json", "table-depth.md", "report.html"]
        assert [row[:4] for row in result.table.rows] == [
            ["one layer (shallow)", "2", "1.00 ± 0.00", "3.5"],
            ["three layers (deep)", "2", "0.33 ± 0.00", "2.0"],
        ]
        written = json.loads((tmp_path / "table-depth.json").read_text())
        assert (written["kind"], written["rows"][0]["changes"]) == ("depth", {"layers": 1})

    def test_has_options_of_its_own(self, tmp_path):
        ablate("depth", None, Options(bonus=0.25), data=DataConfig(), out=tmp_path, rows=("deep",))
        scores = json.loads((tmp_path / "table-depth.json").read_text())["rows"][0]["seeds"]["0"]
        assert scores == {"error": pytest.approx(1 / 3 - 0.25)}

    def test_refuses_those_of_another_system(self, tmp_path):
        expected = r"\[features\] an option that means nothing for table depth, which trains Mine.*expected --bonus"
        with pytest.raises(ConfigError, match=expected):
            ablate("depth", None, IPoseAblateOptions(features="random"), data=DataConfig(), out=tmp_path)
        with pytest.raises(ConfigError, match=r"\[bonus\] an option that means nothing for table 7"):
            ablate("7", None, Options(bonus=1.0), data=DataConfig(), out=tmp_path)
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("system", [system for system in systems() if system.tables], ids=lambda system: system.name)
def test_a_system_with_tables_has_rows_of_its_own_kind(system):
    rows = ablating.function_named(system.rows)
    assert rows.system is system
    assert {"run_name", "task", "loop", "scores", "pictures"} <= set(dir(rows))
