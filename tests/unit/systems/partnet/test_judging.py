"""PartNet's cards: which categories count as novel on data that are not those of the training."""

import pytest

from ipose.data.data_config import DataConfig
from ipose.partnet.presets import preset
from ipose.systems.partnet.judging import judged_as_trained
from ipose.training.config import TrainConfig
from ipose.training.run import Run

TREE = DataConfig(data="another tree")


@pytest.fixture
def trained(tmp_path):
    """trained(novel): a run of PartNet on a tree, with these novel categories in run.json."""

    def make(novel):
        config = {"data": DataConfig(data="a tree", novel=novel)}
        train = TrainConfig(steps=1, batch_size=1)
        return Run.create(tmp_path / "run", kind="partnet", config=config, train=train, command="ipose train partnet")

    return make


class TestJudgedAsTrained:
    """What PartNet was not trained on is novel on any data."""

    @pytest.mark.parametrize("novel", [("cat",), ("dog", "cat")])
    def test_categories_that_the_run_held_out_are_novel(self, trained, novel):
        assert judged_as_trained(TREE, trained(novel), preset("half")).novel == novel

    def test_beside_those_of_partworld(self, trained):
        assert set(judged_as_trained(DataConfig(), trained(("dog",)), preset("half")).novel) == {
            "cat",
            "dog",
            "stop sign",
        }

    def test_a_run_that_was_trained_on_all_has_none(self, trained):
        assert judged_as_trained(DataConfig(), trained(()), preset("paper")).novel == ()

    def test_a_model_without_such_a_run_has_those_of_its_preset(self, trained):
        run = trained(None)
        assert judged_as_trained(TREE, run, preset("paper")).novel == ("cat",)
        assert judged_as_trained(TREE, run, preset("half")).novel is None

    def test_what_the_user_names_stays(self, trained):
        named = DataConfig(data="another tree", novel=("horse",))
        assert judged_as_trained(named, trained(("cat",)), preset("paper")) == named
