"""A run folder is taken as it is, resumed, or refused: never trained over, and never mistaken for another's."""

import json
from dataclasses import replace

import pytest

from ipose.ablations.run_folders import WantedRun, other_length, state_of, steps_done
from ipose.data.data_config import DataConfig
from ipose.errors import RunError
from ipose.partnet.presets import preset
from ipose.training.config import TrainConfig
from ipose.training.run import Run

TRAIN = TrainConfig(steps=6, batch_size=8, schedule="cosine", decay_by="steps")


def wanted(train: TrainConfig = TRAIN, **changes) -> WantedRun:
    config = {"partnet": preset("toy", **changes), "data": DataConfig(), "supports": None, "init": None}
    return WantedRun(kind="partnet", config=config, train=train)


@pytest.fixture
def made(tmp_path):
    """Make the folder of a run that was trained for some steps of those wanted."""

    def make(steps: int, what: WantedRun | None = None, *, model: bool = True):
        what = what or wanted()
        run = Run.create(tmp_path / "run", kind=what.kind, config=what.config, train=what.train)
        for step in range(2, steps + 1, 2):
            (run.checkpoints / f"step-{step}").mkdir(parents=True)
        if model:
            run.model.mkdir()
            (run.model / "config.json").write_text("{}")
            run.samples.mkdir()
            run.sheet(steps).touch()
        return run.folder

    return make


def edit(folder, change) -> None:
    """Rewrite a run.json, as an older version would have written it."""
    info = json.loads((folder / "run.json").read_text())
    change(info)
    (folder / "run.json").write_text(json.dumps(info))


class TestStateOf:
    """new, unfinished, finished."""

    def test_nothing_there_is_new(self, tmp_path):
        assert state_of(tmp_path / "run", wanted()) == "new"

    def test_fewer_steps_are_unfinished(self, made):
        assert state_of(made(4), wanted()) == "unfinished"

    def test_no_checkpoint_yet_is_unfinished(self, made):
        assert state_of(made(0, model=False), wanted()) == "unfinished"

    def test_as_many_steps_with_a_model_are_finished(self, made):
        assert state_of(made(6), wanted()) == "finished"

    def test_without_its_model_it_is_not(self, made):
        assert state_of(made(6, model=False), wanted()) == "unfinished"

    def test_without_its_last_sheet_a_kill_came_before_and_the_model_may_be_of_an_earlier_step(self, made):
        folder = made(6)
        Run.open(folder).sheet(6).unlink()
        assert state_of(folder, wanted()) == "unfinished"

    def test_a_run_without_sheets_needs_none(self, made):
        folder = made(6, wanted(replace(TRAIN, sample_every=0)))
        Run.open(folder).sheet(6).unlink()
        assert state_of(folder, wanted()) == "finished"

    def test_a_finished_longer_run_will_do(self, made):
        folder = made(8, wanted(replace(TRAIN, steps=8)))
        assert state_of(folder, wanted()) == "finished"
        assert steps_done(folder) == 8

    def test_one_stopped_within_a_longer_schedule_will_not(self, made):
        folder = made(6, wanted(replace(TRAIN, steps=20)))
        with pytest.raises(RunError, match="not come to the end of its own schedule: found 6 of 20 steps"):
            state_of(folder, wanted())

    def test_how_often_it_was_saved_does_not_matter(self, made):
        train = replace(TRAIN, checkpoint_every=250, sample_every=250, workers=2, max_minutes=3.0)
        assert state_of(made(6, wanted(train)), wanted()) == "finished"

    def test_one_that_is_being_trained_is_left_alone(self, made):
        folder = made(4)
        with Run.open(folder).locked(), pytest.raises(RunError, match="another process is training here"):
            state_of(folder, wanted())

    def test_something_else_in_the_folder_is_refused(self, tmp_path):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "letter.txt").write_text("dear")
        with pytest.raises(RunError, match=r"found letter\.txt"):
            state_of(tmp_path / "run", wanted())


class TestAnotherConfiguration:
    """The field that differs is named, with both values."""

    @pytest.mark.parametrize(
        ("other", "field"),
        [
            (wanted(attention_blocks=2), "config.partnet.attention_blocks 2 there, 3 here"),
            (wanted(replace(TRAIN, seed=1)), "train.seed 1 there, 0 here"),
            (wanted(replace(TRAIN, schedule="constant")), "train.schedule 'constant' there, 'cosine' here"),
        ],
        ids=["network", "seed", "schedule"],
    )
    def test_is_refused(self, made, other, field):
        with pytest.raises(RunError, match=field):
            state_of(made(6, other), wanted())

    def test_of_the_data_is_refused(self, made):
        folder = made(6)
        edit(folder, lambda info: info["config"]["data"].update(scenes=7))
        with pytest.raises(RunError, match=r"config\.data\.scenes 7 there, 3000 here"):
            state_of(folder, wanted())

    def test_of_the_kind_is_refused(self, made):
        folder = made(6)
        edit(folder, lambda info: info.update(kind="synthesis"))
        with pytest.raises(RunError, match="kind 'synthesis' there, 'partnet' here"):
            state_of(folder, wanted())

    def test_fields_that_did_not_exist_yet_count_as_their_defaults(self, made):
        folder = made(6)
        edit(folder, lambda info: info["config"]["partnet"].pop("mixed_k"))
        assert state_of(folder, wanted()) == "finished"
        with pytest.raises(RunError, match=r"config\.partnet\.mixed_k False there, True here"):
            state_of(folder, wanted(mixed_k=True))

    def test_fields_of_a_later_version_are_refused(self, made):
        folder = made(6)
        edit(folder, lambda info: info["config"]["partnet"].update(heads=4))
        with pytest.raises(RunError, match=r"config\.partnet\.heads 4 there, None here"):
            state_of(folder, wanted())


class TestOtherLength:
    """Tables share runs: one that asks for more steps lengthens a run that another table shows."""

    def test_a_run_longer_than_this_table_asks_for(self, made):
        assert other_length(made(6), 4, "finished") == (
            "another table lengthened it: 6 steps, and not the 4 of this table's other rows"
        )

    def test_a_finished_run_that_this_table_lengthens(self, made):
        assert other_length(made(6), 8, "unfinished").startswith("lengthened from 6 to 8 steps: run the other tables")

    @pytest.mark.parametrize(("steps", "asked", "state"), [(6, 6, "finished"), (4, 6, "unfinished"), (0, 6, "new")])
    def test_there_is_nothing_to_say(self, made, steps, asked, state):
        assert other_length(made(steps), asked, state) == ""
