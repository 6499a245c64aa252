"""`ipose evaluate RUN`, for every system: which options mean something, and where cards go."""

from dataclasses import replace
from pathlib import Path

import pytest

from ipose.cli.evaluate import OF_RUNS
from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError
from ipose.evaluation.eval_card import EvalCard, read_cards
from ipose.systems import judging
from ipose.systems.judging import Judged, check_options, evaluate_run
from ipose.systems.registry import system_named, systems
from ipose.training.config import TrainConfig
from ipose.training.run import Run

JUDGED = [system for system in systems() if system.judged_by]
FAMILIES = [(system, family) for system in JUDGED for family in system.judged_by]


@pytest.fixture
def run_of(tmp_path):
    """Make the folder of a run of a system, without a model: options are looked at before it is opened."""

    def make(system, **config) -> Path:
        train = TrainConfig(steps=1, batch_size=1)
        return Run.create(tmp_path / system.name, kind=system.kind, config=config, train=train).folder

    return make


def protocols_of(system, family: str) -> tuple[str, ...] | None:
    """What to ask for, so that the system is judged by a family."""
    return None if family == next(iter(system.judged_by)) else (family,)


class TestCheckOptions:
    """An option of `ipose evaluate RUN` that means nothing for a run is refused before any work."""

    @pytest.mark.parametrize(("system", "family"), FAMILIES, ids=lambda item: getattr(item, "name", item))
    def test_what_a_family_does_not_read_is_refused_and_what_it_reads_is_not(self, run_of, system, family):
        folder, protocols = run_of(system), protocols_of(system, family)
        check_options(folder, system.judged_by[family], protocols)
        for option in set(OF_RUNS) - set(system.judged_by[family]):
            with pytest.raises(ConfigError, match=rf"\[{option}\] an option that means nothing for {system.title}"):
                check_options(folder, [option], protocols)

    @pytest.mark.parametrize(
        ("name", "option"),
        [
            ("partnet", "features"),
            ("groupdnet", "count"),
            ("ganseg", "class_map"),
            ("segmenter", "maps"),
            ("part-segmenter", "seeds"),
            ("synthesis", "masking"),
        ],
    )
    def test_the_options_that_do_mean_something_are_named(self, run_of, name, option):
        system = system_named(name)
        first = next(iter(system.judged_by.values()))[-1].replace("_", "-")
        with pytest.raises(ConfigError, match=f"expected .*--{first}"):
            check_options(run_of(system), [option], None)

    def test_every_option_that_a_record_names_is_one_of_the_command(self):
        named = {option for system in JUDGED for options in system.judged_by.values() for option in options}
        assert named <= set(OF_RUNS)

    def test_a_protocol_that_a_system_is_not_judged_by_is_refused(self, run_of):
        with pytest.raises(ConfigError, match=r"PartNet is not judged by this protocol: found classes"):
            check_options(run_of(system_named("partnet")), [], ("classes",))


class TestWhereCardsGo:
    """Cards lie in `cards/` of the run, those of other data beside in `cards/on-NAME/`."""

    @pytest.fixture
    def run(self, run_of, monkeypatch):
        """A run of a system whose `judge` makes one card, of the data that it is given."""

        def judge(run, data, options, name):
            card = EvalCard(metric="Heads", value=1.0, protocol="parts", resize="", counts={}, real=data.data)
            return Judged([card], ("tails are left out",))

        system = replace(system_named("partnet"), judging="mine:judge")
        monkeypatch.setattr(judging, "system_of_run", lambda run: system)
        monkeypatch.setattr(judging, "function_named", lambda name: judge)
        return run_of(system, data=DataConfig(data="own"))

    def test_of_its_own_data(self, run):
        judged = evaluate_run(run)
        assert judged.left_out == ("tails are left out",)
        assert judged.files == (run / "cards" / "parts_heads.json",)
        assert [card.real for card in read_cards(run)] == ["own"]

    def test_of_other_data(self, run):
        assert evaluate_run(run, DataConfig(data="far/away")).files == (run / "cards" / "on-away" / "parts_heads.json",)

    def test_of_its_own_data_by_their_name(self, run):
        assert evaluate_run(run, DataConfig(data="own")).files == (run / "cards" / "parts_heads.json",)
