"""`ipose info`: a run, a model folder, a preset."""

import json

import pytest

from ipose.configs import Published
from ipose.errors import ConfigError, RunError
from ipose.systems.describing import describe, describe_preset
from ipose.training.metrics import append_metrics


class TestDescribe:
    """A run or a model folder, in a few lines."""

    def test_a_model_folder_is_described_by_its_system(self, stranger, tmp_path):
        stranger.define(describe=lambda config, folder: [f"a straight {config['format']}", "length  3"])
        stranger.register(describing="stranger:describe")
        folder = stranger.save(tmp_path / "model")
        assert describe(folder) == f"model       {folder} (line), a straight line\nlength  3"

    def test_without_words_of_its_own_it_has_its_title(self, stranger, tmp_path):
        stranger.register(title="A straight one")
        assert describe(stranger.save(tmp_path / "model")).endswith("(line), A straight one")

    def test_a_run_says_what_it_is_and_how_far_it_came(self, stranger, tmp_path):
        run = stranger.run(tmp_path / "run")
        append_metrics(run.metrics, {"step": 40, "seconds": 90.0, "losses": {"line": {"fit": 0.5, "bend": 0.25}}})
        for step in (20, 40):
            (run.checkpoints / f"step-{step}").mkdir(parents=True)
        lines = dict(line.split(maxsplit=1) for line in describe(run.folder).splitlines())
        assert lines["run"] == f"{run.folder} (line)"
        assert lines["started"].endswith("ipose train line")
        assert lines["data"] == "6 points"
        assert lines["trained"] == "40 steps in 1.5 minutes; losses: line 0.750"
        assert lines["checkpoints"] == "step-20, step-40"
        assert lines["model"].startswith(str(run.model))
        assert lines["report"] == "none yet"

    def test_a_run_that_has_only_begun(self, stranger, tmp_path):
        said = describe(stranger.run(tmp_path / "run", model=False).folder)
        assert "none yet: it is saved with the first checkpoint" in said
        assert "checkpoints none yet" in said
        assert "trained" not in said

    @pytest.mark.parametrize("text", ["{", "[]", '{"format": 3}', '{"format": "circle"}'])
    def test_a_config_that_describes_no_model(self, stranger, tmp_path, text):
        folder = stranger.save(tmp_path / "model")
        (folder / "config.json").write_text(text)
        with pytest.raises(RunError, match=r"config.json cannot be read|a system that is not here"):
            describe(folder)

    def test_a_config_that_lacks_what_the_system_looks_for(self, stranger, tmp_path):
        stranger.define(describe=lambda config, folder: [config["length"]])
        stranger.register(describing="stranger:describe")
        with pytest.raises(RunError, match=r"the config.json cannot be read \('length'\)"):
            describe(stranger.save(tmp_path / "model"))

    def test_neither(self, tmp_path):
        with pytest.raises(RunError, match=r"nothing to describe: .* or config\.json of a model folder"):
            describe(tmp_path)


class TestDescribePreset:
    """A table of every system that has a preset of this name."""

    @pytest.fixture
    def presets(self, stranger):
        config = stranger.record.config
        known = {"slope": Published(1.5, 2.5, of="Euclid")}
        made = {"toy": config(), "steep": config(slope=9.0)}
        stranger.register(
            title="A line",
            preset=made.__getitem__,
            presets=tuple(made),
            published=lambda _: known,
            differences="lines.md",
        )

    def test_every_setting_beside_paper_and_release(self, presets):
        said = describe_preset("steep")
        assert said.startswith("A line preset steep\n")
        rows = [line.split("  ") for line in said.splitlines() if line.startswith(("slope", "points"))]
        assert [[cell.strip() for cell in row if cell] for row in rows] == [
            ["slope", "1.5 (Euclid)", "2.5", "9.0"],
            ["points", "-", "-", "0"],
        ]
        assert said.endswith("Each difference is explained in lines.md.")

    def test_a_name_of_several_systems_gives_a_table_of_each(self, presets):
        said = describe_preset("toy")
        places = [said.index(f"{title} preset toy\n") for title in ("PartNet", "iPOSE", "A line")]
        assert places == sorted(places)
        assert "docs/paper-vs-release.md and lines.md" in said

    def test_an_unknown_name_lists_them_by_system(self, presets):
        with pytest.raises(ConfigError, match=r"no such preset: found curved, expected .*toy, steep \(A line\)"):
            describe_preset("curved")

    def test_a_system_without_presets_is_not_asked(self, stranger):
        with pytest.raises(ConfigError, match="no such preset"):
            describe_preset("line")


def test_json_of_a_model_is_all_that_is_read(stranger, tmp_path):
    folder = stranger.save(tmp_path / "model")
    (folder / "line.pt").unlink()
    assert json.loads((folder / "config.json").read_text())["format"] in describe(folder)
