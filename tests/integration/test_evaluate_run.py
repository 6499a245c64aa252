"""`ipose evaluate RUN`: part cards and image cards of a run, and runs compared by their cards."""

import json
import shutil
from dataclasses import replace

import pytest
from PIL import Image

from ipose.data.data_config import DataConfig
from ipose.errors import ConfigError, DataError, MissingWeightsError, SpecError
from ipose.evaluation.eval_card import read_cards, write_card
from ipose.evaluation.evaluate_images import ImageEvaluation, evaluate_images
from ipose.evaluation.judges import EvaluateOptions
from ipose.reports.blocks import short_name
from ipose.systems.judging import evaluate_run
from ipose.testing.tiny_scenes import write_scenes
from ipose.training.run import Run

pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")

PART_METRICS = {f"Part {metric}, basis" for metric in ("AC", "AC (pooled)", "object-pixel accuracy", "mIoU")}
"""The tiny synthesis run knows of no novel category."""


def run_cards(folder, data=None, **options):
    """The cards of a run."""
    return evaluate_run(folder, data, EvaluateOptions(**options)).cards


@pytest.fixture
def run(tiny, tmp_path):
    """A copy of the tiny synthesis run, without what other tests had it judged by."""
    return shutil.copytree(
        tiny.synthesis, tmp_path / "run", ignore=shutil.ignore_patterns("checkpoints", "cards", "generated")
    )


@pytest.fixture
def no_inception(tmp_path, monkeypatch):
    """A torch.hub cache without Inception's weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


class TestRunCards:
    """The cards of a run lie in its cards/, and say what they depend on."""

    def test_a_synthesis_run_gets_part_image_and_object_cards(self, run):
        cards = run_cards(run, features="random", seeds=(0, 3))
        assert sorted(read_cards(run), key=str) == sorted(cards, key=str)
        kinds = {short_name(card.metric) for card in cards}
        images = {"Frechet distance", "Kernel distance", "Diversity between seeds"}
        assert kinds == PART_METRICS | images | {"Object Frechet distance", "Object kernel distance"}
        names = {path.name for path in (run / "generated").glob("*.png")}
        assert names == {f"val_0_00000{i}_seed{seed}.png" for i in (0, 1) for seed in (0, 3)}

    def test_every_card_names_the_weights_and_the_commit_of_the_training(self, run):
        info = json.loads((run / "run.json").read_text())
        for card in run_cards(run, features="random", limit=2):
            assert set(card.model) == {"generator", "PartNet", "supports", "training commit"}
            assert card.model["training commit"] == (info["commit"] or "unknown")
            assert len(card.model["generator"]) == 64
            assert card.versions["torch"] == info["versions"]["torch"]

    def test_the_protocol_classes_says_how_much_the_noise_of_one_class_changes(self, run, ipose):
        done = ipose("evaluate", run, "--protocol", "classes", "--maps", "2", "--pairs", "3")
        assert done.code == 0, done.err
        cards = {card.metric.split(" (")[0]: card for card in read_cards(run) if card.protocol == "classes-multiply"}
        assert set(cards) == {"mCSD", "mOCD", "Diversity mean absolute difference"}
        assert all(card.value > 0 for card in cards.values())
        assert cards["mCSD"].counts == {"label maps": 2, "pairs a class": 3}
        assert cards["mCSD"].value < cards["Diversity mean absolute difference"].value

    @pytest.mark.parametrize("protocol", ["classes", "parts"])
    def test_a_partnet_is_judged_without_a_protocol(self, tiny, ipose, protocol):
        done = ipose("evaluate", tiny.partnet, "--protocol", protocol)
        assert done.code == 2
        assert "[protocol] PartNet is not judged by this protocol" in done.err
        assert f"found {protocol}, expected no --protocol (it is judged by parts)" in done.err

    def test_seeds_that_are_copies_have_no_diversity_and_others_some(self, run, monkeypatch):
        diverse = {card.metric.split(" (")[0]: card for card in run_cards(run, features="random")}
        assert diverse["Diversity between seeds"].value > 0
        from ipose.pipeline import IPose

        paint = IPose.paint
        monkeypatch.setattr(IPose, "paint", lambda self, batch, parts, seed: paint(self, batch, parts, seed=7))
        shutil.rmtree(run / "generated")
        copies = {card.metric.split(" (")[0]: card for card in run_cards(run, features="random")}
        assert copies["Diversity between seeds"].value == pytest.approx(0, abs=1e-9)

    def test_are_what_the_two_folders_give(self, run, scene_folder, ipose, tmp_path):
        data = DataConfig(data=str(scene_folder), spec=str(scene_folder / "dataset.toml"))
        cards = run_cards(run, data, features="random", out=tmp_path / "own")
        words = ["generate", scene_folder / "val_label", "--instances", scene_folder / "val_inst", "--model", run]
        assert ipose(*words, "--count", "2", "--out", tmp_path / "made").code == 0
        folders = ImageEvaluation(
            images=tmp_path / "made",
            real=scene_folder / "val_img",
            features="random",
            labels=scene_folder / "val_label",
            instances=scene_folder / "val_inst",
            spec=str(scene_folder / "dataset.toml"),
        )
        made = {
            card.metric: card
            for name in ("images", "objects-128")
            for card in evaluate_images(replace(folders, protocol=name))
        }
        ours = {card.metric: card for card in cards if card.protocol != "parts"}
        assert {name: card.data for name, card in ours.items()} == {name: card.data for name, card in made.items()}
        # a batch rounds a pixel otherwise now and then
        assert {name: card.value for name, card in ours.items()} == pytest.approx(
            {name: card.value for name, card in made.items()}, abs=1e-4
        )

    def test_cards_of_other_data_lie_apart(self, run, scene_folder):
        result = evaluate_run(run, DataConfig(data=str(scene_folder)), EvaluateOptions(features="random", seeds=(0,)))
        assert {path.parent for path in result.files} == {run / "cards" / "on-scenes"}
        assert (run / "generated-on-scenes").is_dir()

    def test_cards_of_earlier_weights_step_aside(self, run):
        cards = run_cards(run, features=None)
        old = replace(cards[0], model={**cards[0].model, "generator": "f" * 64}, metric="Of earlier weights")
        write_card(old, run / "cards" / "old.json")
        (run / "cards" / "notes.json").write_text("{}")
        run_cards(run, features=None)
        assert read_cards(run / "cards" / "earlier" / "ffffffffffff") == [old]
        assert (run / "cards" / "notes.json").is_file()
        assert not (run / "cards" / "old.json").exists()

    def test_without_inception_a_sentence_says_so_and_the_parts_are_judged(self, run, no_inception):
        result = evaluate_run(run)
        assert {card.metric for card in result.cards} == PART_METRICS
        assert len(result.left_out) == 2
        assert "--features random" in result.left_out[0]
        assert "--segmenter" in result.left_out[1]
        assert not (run / "generated").exists()

    def test_features_that_were_named_must_be_there(self, run, no_inception):
        with pytest.raises(MissingWeightsError, match="no such network file"):
            run_cards(run, features=str(run / "no.pt"))

    def test_data_without_part_maps_leave_the_images(self, run, scene_folder, tmp_path):
        data = shutil.copytree(scene_folder, tmp_path / "data", ignore=shutil.ignore_patterns("*_part"))
        result = evaluate_run(run, DataConfig(data=str(data)), EvaluateOptions(features="random", seeds=(0,)))
        assert result.table == ""
        assert "no part annotations here" in result.left_out[-1]
        assert len(result.cards) == 4  # of one seed there is no diversity

    def test_data_whose_only_category_is_novel_and_has_no_supports_leave_the_images(self, run):
        data = DataConfig(scenes=3, val_scenes=2, categories=("human",), scene_size=64, novel=("human",))
        result = evaluate_run(run, data, EvaluateOptions(features="random", seeds=(0,), without_parts=True))
        why = "No part cards: no validation object whose parts can be judged: found human, expected objects of car, dog"
        assert result.left_out[-1].startswith(why)
        assert any(card.metric.startswith("Frechet distance") for card in result.cards)

    def test_data_of_other_classes_are_refused(self, run, tmp_path):
        write_scenes(tmp_path / "other", "train", 1)
        write_scenes(tmp_path / "other", "val", 1)
        with pytest.raises(SpecError, match="other classes"):
            run_cards(run, DataConfig(data=str(tmp_path / "other")), features="random")

    def test_nothing_at_all_to_judge_by_is_an_error_that_says_both(self, run, scene_folder, tmp_path, no_inception):
        data = shutil.copytree(scene_folder, tmp_path / "data", ignore=shutil.ignore_patterns("*_part"))
        with pytest.raises(DataError, match=r"Inception.*no part annotations here"):
            run_cards(run, DataConfig(data=str(data)))
        assert not (run / "cards").exists()

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"seeds": ()}, "seeds"),
            ({"seeds": (1, 1)}, "seeds"),
            ({"limit": 1}, "limit"),
            ({"limit": 0, "features": None}, "limit"),
            ({"protocols": ("fid",)}, "no such protocol"),
            ({"batch_size": 0}, "batch_size"),
        ],
    )
    def test_options_check_themselves(self, wrong, said):
        with pytest.raises(ConfigError, match=said):
            EvaluateOptions(**wrong)


class TestTheCommand:
    """`ipose evaluate RUN`, then `ipose evaluate --compare RUN RUN`."""

    def test_prints_the_table_and_a_line_a_card(self, ipose, run):
        done = ipose("evaluate", run, "--features", "random", "--protocol", "images", "--seeds", "4")
        assert done.code == 0, done.err
        assert "mean of basis" in done.out
        assert f"{run}/cards/parts_part-ac-basis.json: Part AC, basis = " in done.out
        assert "seeds 4" in done.out
        assert "Object" not in done.out.replace("object", "")

    def test_runs_are_compared_by_their_cards(self, ipose, run, tiny, tmp_path):
        other = shutil.copytree(run, tmp_path / "other")
        parts = shutil.copytree(tiny.partnet, tmp_path / "parts")
        for folder in (run, other, parts):
            words = () if folder == parts else ("--features", "random", "--limit", "2")
            assert ipose("evaluate", folder, *words).code == 0
        with Image.open(run / "generated" / "val_0_000000_seed0.png") as image:
            assert image.size == (64, 64)
        plot = tmp_path / "plot.png"
        done = ipose("evaluate", "--compare", run, other, parts, "--plot", plot)
        assert done.code == 0, done.err
        line = next(line for line in done.out.splitlines() if line.startswith("Frechet distance"))
        assert line.split()[-3:] == [*[line.split()[-2]] * 2, "-"]  # the run and its copy; PartNet makes no images
        assert plot.stat().st_size > 0

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("{partnet} --segmenter x.pt", "makes no images"),
            ("{partnet} --features random", "[features] an option that means nothing for PartNet judged by parts"),
            ("{run} --maps 2", "[maps] an option that means nothing for iPOSE judged by images"),
            ("{run} --protocol classes --features random", "nothing for iPOSE judged by classes"),
            ("{run} --protocol objects-128 --lpips x.pth", "[lpips] LPIPS is between whole images"),
            ("{run} --across-protocols", "[across_protocols] an option of --compare"),
            ("{run} --segmenter x.pt --features random", "no such network file"),
            ("{run} --segmenter {partnet} --features random", "ipose train segmenter"),
            ("{run} --class-map x.json", "--segmenter FILE"),
            ("{run} --labels x", "[labels] an option of --images"),
            ("{run} --spec partworld", "the spec of no data"),
            ("{run} --seeds 1 --lpips x.pth", "between seeds"),
            ("--images a --real b --seeds 1", "[seeds] an option of a run or model"),
            ("--images a --real b --data d", "[data] an option of a run or model"),
            ("--images a --real b --maps 2", "[maps] an option of a run or model"),
            ("--images a --real b --pairs 2", "[pairs] an option of a run or model"),
            ("--images a --real b --masking map", "[masking] an option of a run or model"),
            ("--images a --real b --protocol objects-128 --lpips x.pth", "[lpips] LPIPS is between whole images"),
            ("--compare a b --features random", "[features] an option of a run or model, or of --images"),
            ("--compare a b --spec partworld", "[spec] an option of a run or model, or of --images"),
            ("--compare a b --masking map", "[masking] an option of a run or model"),
            ("--compare {run} {partnet}", "ipose evaluate {run}"),
            ("--compare a b --out c", "[out] an option of a run or model, or of --images"),
        ],
    )
    def test_wrong_use_is_answered_in_a_sentence(self, ipose, run, tiny, words, said, no_inception):
        places = {"run": run, "partnet": tiny.partnet}
        done = ipose("evaluate", *words.format(**places).split())
        assert done.code == 2, done
        assert said.format(**places) in " ".join(done.err.split())
        assert "Traceback" not in done.err
        assert not (run / "cards").exists()

    def test_other_kinds_of_runs_are_refused(self, ipose, run):
        info = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps({**info, "kind": "third party"}))
        assert Run.open(run).kind == "third party"
        done = ipose("evaluate", run)
        assert done.code == 2
        assert "found third party" in done.err
