"""The models that come with the package: small, whole, and found by their names."""

from pathlib import Path

import pytest
import torch

import ipose.weights
from ipose import IPose
from ipose.cli.main import main
from ipose.data.part_pairs import pairs_from_scenes
from ipose.editing.noise_edits import Resample
from ipose.editing.support_edits import EditSupports
from ipose.errors import RunError
from ipose.evaluation.part_evaluation import PartGuess, evaluate_parts
from ipose.model_folder import open_model
from ipose.partnet.added_supports import add_supports
from ipose.partnet.scene_parts import predict_objects
from ipose.partworld.categories import PARTWORLD
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import PartWorld
from ipose.weights import bundled

FOLDER = Path(ipose.weights.__file__).parent / "partworld"


class TestPartWorld:
    """`partworld`: iPOSE for all categories of PartWorld."""

    def test_its_name_is_a_model_wherever_one_is_asked_for(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert open_model("partworld").path == open_model(Path("partworld")).path == FOLDER

    def test_a_folder_of_that_name_comes_first(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        IPose.from_pretrained("partworld").save_pretrained("partworld")
        assert open_model("partworld").path == Path("partworld")

    def test_knows_every_category(self):
        model = IPose.from_pretrained("partworld")
        assert model.spec == PARTWORLD
        assert model.categories_without_supports == ()

    def test_weights_and_supports_take_at_most_5_mb(self):
        assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) <= 5 * 2**20

    def test_is_not_changed_by_a_command(self, tmp_path):
        with pytest.raises(RunError, match=r"comes with the package is not changed.*--supports"):
            add_supports("partworld", tmp_path)


@pytest.fixture(scope="module")
def model():
    return IPose.from_pretrained("partworld")


def scene_of(category):
    size, scale = (96, 96), (0.6, 0.95)
    config = PartWorldConfig(
        split="val", count=1, size=size, categories=(category,), objects=(1, 1), object_scale=scale
    )
    return PartWorld(config)[0]


def objects_of(split, count):
    size, scale = (96, 96), (0.6, 0.95)
    config = PartWorldConfig(split=split, count=count, size=size, objects=(1, 2), object_scale=scale)
    return pairs_from_scenes(PartWorld(config), PARTWORLD)


def test_its_partnet_infers_parts_better_than_copying_a_support_and_than_the_most_frequent_part(model):
    """On objects that were not trained on, it removes a third of the better baseline's errors; of the cat's, too,
    whose part maps were never trained on."""

    def infer(shapes, categories):
        with torch.no_grad():
            answer = predict_objects(model.partnet, shapes, categories, model.supports)
        return PartGuess(frame=answer.part_maps(), inside=answer.part_maps(shapes))

    found = evaluate_parts(infer, objects_of("val", 40), model.supports, objects_of("train", 150), novel=("cat",))
    assert min(found.error_removed(group) for group in ("basis", "novel")) > 1 / 3


class TestControl:
    """A trained model changes where it is asked to, by at least this factor."""

    @pytest.mark.parametrize("category", ["car", "bird", "sheep", "washer"])
    def test_a_new_texture_of_an_object_changes_it_twice_as_much_as_the_rest(self, model, category):
        scene = scene_of(category)
        before, after = model(scene, seed=1).image, model(scene, seed=1, edit=Resample(object=0)).image
        change, inside = (after - before).abs().mean(0), scene.instance > 0
        assert change[inside].mean() > 2 * change[~inside].mean()

    @pytest.mark.parametrize(("category", "part"), [("stop sign", "word"), ("tvmonitor", "screen"), ("bird", "head")])
    def test_a_part_less_changes_its_place_four_times_as_much_as_the_rest(self, model, category, part):
        scene = scene_of(category)
        before, after = model(scene, seed=1), model(scene, seed=1, edit=EditSupports(category, drop=part))
        place, change = before.parts != after.parts, (after.image - before.image).abs().mean(0)
        assert change[place].mean() > 4 * change[~place].mean()


@pytest.mark.parametrize("name", ["", ".", "..", "no-such-model", "partworld/supports", "/tmp"])
def test_other_names_are_no_bundled_model(name):
    assert bundled(name) is None


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    words = "--scenes 2 --val-scenes 2 --size 96 96 --categories car"
    main(["partworld", "--out", str(folder / "my-world"), *words.split()])
    return folder


class TestCommands:
    """The name stands for the model on the command line, and nothing is written into the package."""

    @pytest.mark.parametrize(
        ("words", "leaves"),
        [
            ("info partworld", "my-world"),
            ("parts my-world/val_label/val_0_000000.png --model partworld --out p", "p"),
            ("generate my-world/val_label --instances my-world/val_inst --model partworld --out g", "g"),
            ("edit my-world/val_label/val_0_000000.png --model partworld --resample object=0 --out e", "e"),
            pytest.param(
                "evaluate partworld --data my-world --features random", "partworld-on-my-world", marks=pytest.mark.slow
            ),
        ],
    )
    def test_a_command_takes_it(self, world, monkeypatch, words, leaves):
        monkeypatch.chdir(world)
        before = {file: file.stat().st_mtime for file in FOLDER.rglob("*")}
        main(words.split())
        assert (world / leaves).is_dir()
        assert {file: file.stat().st_mtime for file in FOLDER.rglob("*")} == before
