"""PartNet's training: what is held out, what the log says, and which checkpoint is the best."""

from dataclasses import replace

import pytest
import torch

from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, open_part_pairs
from ipose.data.support_folder import save_supports
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig, preset
from ipose.systems.partnet import training
from ipose.systems.partnet.record import SYSTEM
from ipose.systems.partnet.training import loop_of, prepare, scores_of, seen_before
from ipose.systems.training import Task, train_system
from ipose.training.checkpoint_files import read_best

SMALL = {"encoder_channels": (2, 3, 3, 4), "attention_blocks": 1, "k": 2, "batch_size": 2}
WORLD = DataConfig(categories=("car", "cat"), objects=(1, 2), scenes=8, val_scenes=4, scene_size=64)


@pytest.fixture(scope="module")
def pairs():
    """Pairs of cars and cats, with the cat as any other category."""
    return open_part_pairs(replace(WORLD, novel=()))


def task(name="release", data=WORLD, **options):
    return Task(system=SYSTEM, config=preset(name, **SMALL), data=data, options=SYSTEM.train_options(**options))


class TestHeldOut:
    """The presets `paper` and `release` do not train on the part maps of cats, wherever the data have them (P)."""

    def test_the_paper_and_the_release_hold_out_the_cat(self):
        for name, held_out in (("paper", ("cat",)), ("release", ("cat",)), ("half", ()), ("toy", ())):
            assert preset(name).held_out == held_out

    @pytest.mark.parametrize("name", ["paper", "release"])
    def test_so_they_do_on_any_data(self, name):
        assert task(name, DataConfig(data="a part tree")).data.novel == ("cat",)

    def test_so_they_do_on_partworld_beside_its_own_novel_category(self):
        assert task("release").data.novel == ("cat", "stop sign")

    def test_other_presets_hold_out_what_the_data_config_says(self):
        assert task("half", DataConfig(data="a part tree")).data.novel is None

    @pytest.mark.parametrize("novel", [(), ("dog",)])
    def test_a_given_choice_replaces_it(self, novel):
        assert task("release", DataConfig(data="a part tree", novel=novel)).data.novel == novel

    def test_no_cat_is_in_a_batch_and_one_line_says_so(self, capsys):
        prepared = prepare(task(), seed=0, resume=False)
        assert {pair.category for pair in prepared.source.pairs} == {"car"}
        (line,) = [line for line in capsys.readouterr().out.splitlines() if "Held out" in line]
        assert line.startswith("Held out of training, judged as novel: cat (")
        assert line.endswith("--novel without a name trains on all.")

    def test_on_request_all_are_trained_on(self, pairs, capsys):
        prepared = prepare(task(data=replace(WORLD, novel=())), seed=0, resume=False, data=pairs)
        assert {pair.category for pair in prepared.source.pairs} == {"car", "cat"}
        assert "Held out" not in capsys.readouterr().out


class TestSupports:
    """k-means chooses the supports, of the preset `release`, too, unless --supports names a folder."""

    def test_k_means_or_the_named_folder(self, pairs, tmp_path):
        names = ("car", "cat")
        drawn = SupportSet(dict.fromkeys(names, ("all",)), dict.fromkeys(names, torch.ones(2, 64, 64).byte()))
        save_supports(drawn, tmp_path / "drawn")
        chosen = prepare(task(), seed=0, resume=False, data=pairs).source.supports
        named = prepare(task(supports=tmp_path / "drawn"), seed=0, resume=False, data=pairs).source.supports
        assert torch.equal(named.part_maps["car"], drawn.part_maps["car"])
        assert torch.equal(chosen.part_maps["car"], pairs.choose_supports(2, seed=0).part_maps["car"])


def quarter(category, wrong=0):
    """An object of 16 x 16 pixels of part 1, of which `wrong` are of part 2."""
    part_map = torch.zeros(64, 64, dtype=torch.uint8)
    part_map[:16, :16] = 1
    part_map[0, :wrong] = 2
    return PartPair(category, part_map > 0, part_map)


@pytest.fixture
def ones(monkeypatch):
    """A PartNet that takes every object pixel for part 1."""

    def guess(partnet, supports, shapes, categories):
        return training.PartGuess(*[(shapes[:, 0] > 0).to(torch.uint8)] * 2)

    monkeypatch.setattr(training, "_guess", guess)


SOME = PartNet(PartNetConfig(**SMALL)).eval()


class TestValidation:
    """Numbers during the training."""

    def test_the_log_has_ac_of_both_kinds_and_object_pixels(self, ones, pairs):
        """Given two right cars and a cat with 16 of 4096 pixels wrong."""
        objects = [quarter("car"), quarter("car"), quarter("cat", wrong=16)]
        seen = training._watched(SOME, 1, pairs=objects, supports=SupportSet({}, {}))["validation"]
        assert seen["ac_pooled"] == pytest.approx(1 - 16 / (3 * 4096))
        assert seen["ac"] == pytest.approx(1 - 16 / (2 * 4096))
        assert seen["object_pixels"] == pytest.approx(1 - 16 / (3 * 256))

    def test_the_best_is_chosen_by_basis_categories_alone(self, ones, pairs, monkeypatch):
        """Given right cars and a wrong cat that is held out, the measure is 1."""
        val = [quarter("car"), quarter("cat", wrong=16)]
        data = PartData(pairs.train, val, pairs.part_names, ("cat",))
        prepared = prepare(task(), seed=0, resume=False, data=data)
        assert {name: prepared.measure(SOME, name) for name in ("ac_pooled", "ac", "object_pixels")} == {
            "ac_pooled": 1.0,
            "ac": 1.0,
            "object_pixels": 1.0,
        }

    def test_every_metric_of_the_record_can_be_measured(self, pairs):
        prepared = prepare(task(), seed=0, resume=False, data=pairs)
        network = PartNet(PartNetConfig(**SMALL)).eval()
        found = {name: prepared.measure(network, name) for name in SYSTEM.metrics}
        assert all(0 <= value <= 1 for value in found.values())

    def test_scores_do_not_depend_on_how_many_objects_are_read_at_once(self, pairs):
        network, supports = PartNet(PartNetConfig(**SMALL)).eval(), pairs.choose_supports(2)
        objects = (pairs.train * 5)[:40]
        assert len(objects) == 40
        whole, first = (scores_of(network, some, supports) for some in (objects, objects[:35]))
        rest = scores_of(network, objects[35:], supports)
        names = set(whole.counts)
        assert sum(whole.counts[n].frame.sum() for n in names) == 40 * 64 * 64
        for name in names:
            parts = [scores.counts[name].frame for scores in (first, rest) if name in scores.counts]
            assert torch.equal(whole.counts[name].frame, torch.stack(parts).sum(0))


class TestBestCheckpoint:
    """The preset `release` keeps the checkpoint of the best validation AC, over 500 passes; `paper` the last of 30."""

    def test_it_is_a_setting_of_the_release(self):
        assert loop_of(preset("release"), 12) == {
            "steps": 1000,
            "batch_size": 6,
            "ema_decay": 0.0,
            "schedule": "constant",
            "keep_best": "ac_pooled",
        }
        assert loop_of(preset("paper"), 12).get("keep_best") is None
        assert loop_of(preset("paper"), 12)["steps"] == 60

    @pytest.mark.parametrize(("given", "kept"), [({}, "ac_pooled"), ({"keep_best": "no"}, None)])
    def test_the_model_folder_is_the_best_steps(self, pairs, tmp_path, monkeypatch, given, kept):
        """Given a measure that falls from step to step, the model is that of the first checkpoint."""
        values = iter((0.9, 0.8, 0.7))
        monkeypatch.setattr(training, "_measured", lambda partnet, metric, **_: next(values))
        loop = {"steps": 3, "checkpoint_every": 1, "keep": 3, "sample_every": 0, "tensorboard": False, **given}
        trained = train_system(task(), tmp_path / "run", loop=loop, device="cpu", progress=False, data=pairs)
        best = read_best(trained.run.checkpoints)
        assert (best and best.metric) == kept
        step = 1 if kept else 3
        from safetensors.torch import load_file

        checkpoint = load_file(trained.run.checkpoints / f"step-{step}" / "partnet.safetensors")
        found = trained.model.partnet.state_dict()
        assert all(torch.equal(found[name], tensor) for name, tensor in checkpoint.items())


class TestSeenBefore:
    """Validation objects that PartNet was told are no test of it, and one sentence says so."""

    def test_drawings_that_are_training_validation_and_supports_at_once(self, pairs, capsys):
        few = [pair for pair in pairs.train if pair.category == "car"][:3]
        data = PartData(few, few, {"car": pairs.part_names["car"]}, ())
        prepare(task("toy"), seed=0, resume=False, data=data)
        said = capsys.readouterr().out
        assert "3 of 3 validation objects are training objects or supports, too. So their scores, 99 % say" in said

    def test_objects_of_their_own_are_a_test(self, pairs):
        assert seen_before(pairs, pairs.choose_supports(2)) == ""
