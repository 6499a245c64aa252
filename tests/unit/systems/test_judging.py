"""`ipose evaluate RUN` of any system: which cards there are to make, and where they go."""

import pytest

from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError, RunError
from ipose.evaluation.eval_card import EvalCard, read_card, read_cards
from ipose.evaluation.judges import EvaluateOptions
from ipose.systems.judging import (
    Judged,
    ModelAlone,
    check_options,
    data_of,
    evaluate_run,
    family_of,
    images_folder,
    open_judged,
)
from ipose.systems.record import CLASS_OPTIONS
from ipose.testing.tiny_scenes import write_scenes

DATA = DataConfig(scenes=4, val_scenes=2)
OTHER = DataConfig(data="somewhere/else")


@pytest.fixture
def judged(stranger):
    """A system that gives one card, and notes what it was asked for."""

    def judge(run, data, options, name):
        stranger.called("judge", run, data, options, name)
        card = EvalCard(metric="Straightness", value=0.5, protocol="by eye", resize="none", counts={"lines": 1})
        return Judged([card], ("No curvature.",), "a table")

    stranger.define(judge=judge)
    return stranger.register(judging="stranger:judge", judged_by={"lines": ("data", "limit"), "images": ("lpips",)})


class TestEvaluateRun:
    """The system judges; the cards lie in the run."""

    def test_its_own_data_are_those_that_it_was_trained_on(self, stranger, judged, tmp_path):
        run = stranger.run(tmp_path / "run", data=DATA)
        found = evaluate_run(run.folder)
        ((_, data, options, name),) = stranger.calls["judge"]
        assert (data, options, name) == (DATA, EvaluateOptions(), "")
        assert (found.left_out, found.table) == (("No curvature.",), "a table")
        assert [read_card(file) for file in found.files] == found.cards == read_cards(run.folder)
        assert found.files[0].parent == run.folder / "cards"

    def test_cards_of_other_data_lie_apart(self, stranger, judged, tmp_path):
        run = stranger.run(tmp_path / "run", data=DATA)
        assert evaluate_run(run.folder, OTHER).files[0].parent == run.folder / "cards" / "on-else"
        assert stranger.calls["judge"][0][1::2] == (OTHER, "on-else")

    def test_naming_its_own_data_is_naming_none(self, stranger, judged, tmp_path):
        run = stranger.run(tmp_path / "run", data=DATA)
        assert evaluate_run(run.folder, DATA).files[0].parent == run.folder / "cards"

    def test_the_caller_may_say_where_to(self, stranger, judged, tmp_path):
        run = stranger.run(tmp_path / "run", data=DATA)
        evaluate_run(run.folder, options=EvaluateOptions(out=tmp_path / "out", limit=2))
        assert len(list((tmp_path / "out").iterdir())) == 1
        assert not (run.folder / "cards").exists()
        assert stranger.calls["judge"][0][2].limit == 2

    def test_a_system_without_data_of_that_kind_is_asked_all_the_same(self, stranger, judged, tmp_path):
        evaluate_run(stranger.run(tmp_path / "run").folder)
        assert stranger.calls["judge"][0][1] is None

    def test_a_system_without_cards_says_what_to_do(self, stranger, tmp_path):
        stranger.register(instead="Take a ruler.")
        with pytest.raises(
            RunError, match=r"no cards are made of such a run: found line, expected partnet, .*\. Take a ruler\."
        ):
            evaluate_run(stranger.run(tmp_path / "run").folder)

    def test_the_family_classes_asks_for_the_noise_of_a_class_alone(self, stranger, tmp_path, monkeypatch):
        stranger.define(noise=lambda run, device: None)
        stranger.register(class_noise="stranger:noise", judged_by={"classes": CLASS_OPTIONS})
        asked = []
        monkeypatch.setattr("ipose.systems.judging.class_cards", lambda *arguments: asked.append(arguments) or [])
        run = stranger.run(tmp_path / "run", data=DATA)
        evaluate_run(run.folder, options=EvaluateOptions(maps=3))
        assert [(noise, options.maps, data) for _, noise, options, data in asked] == [(stranger.module.noise, 3, DATA)]


class TestModelAlone:
    """A model folder is judged like a run; its cards lie beside it, because it holds a model and nothing else."""

    @pytest.fixture
    def model(self, stranger, judged, tmp_path):
        return stranger.save(tmp_path / "models" / "line")

    def test_cards_and_images_lie_in_a_folder_beside_it(self, stranger, model, tmp_path):
        found = evaluate_run(model, OTHER)
        ((run, data, options, _),) = stranger.calls["judge"]
        assert isinstance(run, ModelAlone)
        assert (run.folder, run.model, data) == (model, model, OTHER)
        assert found.files[0].parent == options.out == tmp_path / "models" / "line-on-else"
        assert images_folder(run, options, "on-else") == tmp_path / "models" / "line-on-else" / "generated"
        page = (tmp_path / "models" / "line-on-else" / "report.html").read_text()
        assert found.report is not None
        assert all(words in page for words in ("Straightness", "No curvature.", "somewhere/else"))

    def test_another_split_lies_elsewhere(self, stranger, model, tmp_path):
        found = evaluate_run(model, OTHER, EvaluateOptions(split="train"))
        assert found.files[0].parent == tmp_path / "models" / "line-on-else-train"
        run = stranger.run(tmp_path / "run", data=DATA)
        assert evaluate_run(run.folder, DATA, EvaluateOptions(split="train")).files[0].parent.name == "train"

    def test_the_caller_may_say_where_to(self, model, tmp_path):
        found = evaluate_run(model, OTHER, EvaluateOptions(out=tmp_path / "out"))
        assert found.files[0].parent == tmp_path / "out"

    def test_it_needs_data(self, model):
        with pytest.raises(RunError, match=r"a model folder does not say what to judge it on.*--data"):
            evaluate_run(model)

    def test_the_model_of_a_run_is_the_run(self, stranger, judged, tmp_path):
        run = stranger.run(tmp_path / "run", data=DATA)
        assert evaluate_run(run.model).files[0].parent == run.folder / "cards"

    def test_its_spec_serves_where_the_data_do_not_say(self, stranger, model, tmp_path):
        write_scenes(tmp_path / "scenes", "val", 1)
        (tmp_path / "scenes" / "dataset.toml").replace(model / "dataset.toml")
        evaluate_run(model, DataConfig(data=str(tmp_path / "scenes")))
        assert stranger.calls["judge"][0][1].spec == str(model / "dataset.toml")

    def test_neither_run_nor_model_is_told(self, tmp_path):
        with pytest.raises(RunError, match="no run here"):
            open_judged(tmp_path)


class TestFamilies:
    """The family of protocols decides which options mean something."""

    def test_without_a_protocol_it_is_the_systems_first(self, stranger, judged, tmp_path):
        run = stranger.run(tmp_path / "run")
        assert family_of(judged, run, None) == "lines"
        assert family_of(judged, run, ("images-256",)) == "images"

    def test_a_family_that_it_does_not_have(self, stranger, judged, tmp_path):
        run = stranger.run(tmp_path / "run")
        with pytest.raises(ConfigError, match=r"\[protocol\].*found classes, expected lines, images"):
            family_of(judged, run, ("classes",))

    def test_options_of_another_family_are_refused_by_name(self, stranger, judged, tmp_path):
        folder = stranger.run(tmp_path / "run").folder
        check_options(folder, ["data", "limit"], None)
        check_options(folder, ["lpips"], ("images",))
        with pytest.raises(ConfigError, match=r"\[lpips\].*line judged by lines: expected --data, --lim"):
            check_options(folder, ["data", "lpips"], None)


class TestData:
    """What a run was trained on."""

    def test_data_of_a_run(self, stranger, tmp_path):
        assert data_of(stranger.run(tmp_path / "a", data=DATA)) == DATA
        with pytest.raises(RunError, match=r"run\.json: the run does not say what data.*Name the data with --data"):
            data_of(stranger.run(tmp_path / "b"))
