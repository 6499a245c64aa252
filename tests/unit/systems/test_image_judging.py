"""Image cards of any model that makes images of label maps."""

import os
from dataclasses import replace

import pytest
import torch

from ipose.data.data_config import DataConfig
from ipose.data.png import read_photo
from ipose.data.scene_folder import write_scene_folder
from ipose.errors import DataError, SpecError
from ipose.evaluation.image_cards import ONE_SCENE
from ipose.evaluation.judges import EvaluateOptions
from ipose.images import image_float
from ipose.systems.image_judging import NO_SEGMENTER, generate_set, judge, judge_images
from ipose.testing.tiny_scenes import SPEC, make_scene, write_scenes

SIZE = (32, 48)


class Copyist:
    """Makes the photograph itself, darker with every seed."""

    spec, size = SPEC, SIZE

    def __init__(self, darker=0.2):
        self.darker, self.asked, self.device = darker, [], None

    def to(self, device):
        self.device = device
        return self

    def images(self, scenes, seeds):
        self.asked.append((len(scenes), list(seeds)))
        photos = image_float(torch.stack([scene.image for scene in scenes]))
        for seed in seeds:
            yield photos - self.darker * seed


@pytest.fixture
def data(tmp_path):
    for split in ("train", "val"):
        write_scenes(tmp_path / "scenes", split, 6, SIZE)
    return DataConfig(data=str(tmp_path / "scenes"))


class TestGenerateSet:
    """The images of all validation scenes, with what they are judged beside."""

    def test_images_are_in_order_of_scene_and_seed(self, data, tmp_path):
        made = generate_set(Copyist(), data, tmp_path / "out", EvaluateOptions(seeds=(3, 1)))
        assert [(image.scene, image.seed) for image in made.images] == [
            (f"scene00{i}", seed) for i in range(6) for seed in (1, 3)
        ]
        assert [photo.scene for photo in made.real] == [f"scene00{i}" for i in range(6)]
        assert {path.name for path in (tmp_path / "out").glob("*.png")} == {
            f"scene00{i}_seed{seed}.png" for i in range(6) for seed in (1, 3)
        }

    def test_each_file_is_the_models_image_of_that_scene_and_seed(self, data, tmp_path):
        made = generate_set(Copyist(darker=0), data, tmp_path / "out", EvaluateOptions(seeds=(0,)))
        for image, photo in zip(made.images, made.real, strict=True):
            assert torch.equal(image.pixels(), photo.pixels())
        dark = generate_set(Copyist(darker=2), data, tmp_path / "dark", EvaluateOptions(seeds=(1,)))
        assert read_photo(dark.images[0].path).max() == 0

    def test_scenes_are_handed_over_in_batches_with_all_seeds_at_once(self, data, tmp_path):
        model = Copyist()
        generate_set(model, data, tmp_path / "out", EvaluateOptions(seeds=(0, 1), limit=5))
        assert model.asked == [(4, [0, 1]), (1, [0, 1])]

    def test_the_models_own_spec_says_which_objects_have_parts(self, data, tmp_path):
        """Given a model whose spec gives parts to a class that has none in the data's spec, its objects have parts."""
        thing = next(i for i, item in enumerate(SPEC.classes) if item.thing and item.part_category is None)
        classes = [replace(item, part_category="slot") if i == thing else item for i, item in enumerate(SPEC.classes)]
        model, seen = Copyist(), []
        model.spec = replace(SPEC, classes=tuple(classes))
        model.images = lambda scenes, seeds: seen.extend(scenes) or Copyist.images(model, scenes, seeds)
        generate_set(model, data, tmp_path / "out", EvaluateOptions(seeds=(0,)))
        objects = [item for scene in seen for item in scene.objects]
        assert {item.class_id for item in objects if item.part_category == "slot"} == {thing}

    def test_data_of_other_classes_are_refused(self, tmp_path):
        with pytest.raises(SpecError, match=r"of other classes than the model: found \d+ classes.*expected 5 classes"):
            generate_set(Copyist(), DataConfig(scenes=1, val_scenes=1), tmp_path / "out", EvaluateOptions(seeds=(0,)))
        assert not (tmp_path / "out").exists()


class TestImagesThatStand:
    """Images are made once: a second call goes on, and makes anew what was made of something else."""

    def make(self, data, out, **settings):
        model = Copyist()
        made_by = settings.pop("made_by", "a")
        made = generate_set(model, data, out, EvaluateOptions(**settings), made_by=made_by)
        return model.asked, made

    def test_a_second_call_makes_nothing_and_gives_the_same_set(self, data, tmp_path, capsys):
        _, first = self.make(data, tmp_path / "out")
        asked, second = self.make(data, tmp_path / "out")
        assert asked == []
        assert (second.images, second.real) == (first.images, first.real)
        assert "12 of 12 images stand already" in capsys.readouterr().err

    def test_what_is_missing_is_made(self, data, tmp_path):
        _, made = self.make(data, tmp_path / "out")
        for number in (2, 3, 9):  # scene 1, both seeds; scene 4, seed 1
            made.images[number].path.unlink()
        asked, _ = self.make(data, tmp_path / "out")
        assert asked == [(1, [0, 1]), (1, [1])]

    def test_more_scenes_and_more_seeds_keep_those_before(self, data, tmp_path):
        self.make(data, tmp_path / "out", limit=2, seeds=(0,))
        assert self.make(data, tmp_path / "out", limit=4, seeds=(0,))[0] == [(2, [0])]
        assert self.make(data, tmp_path / "out", limit=4)[0] == [(4, [1])]

    @pytest.mark.parametrize(
        ("other", "why"), [({"made_by": "b"}, "by another model"), ({"split": "train"}, "of another split")]
    )
    def test_of_another_model_or_split_they_are_made_anew_and_it_is_said(self, data, tmp_path, capsys, other, why):
        self.make(data, tmp_path / "out")
        asked, _ = self.make(data, tmp_path / "out", **other)
        assert [count for count, _ in asked] == [4, 2]
        assert f"the 12 images in it were made {why}. They are made anew." in capsys.readouterr().err

    def test_of_another_precision_they_are_made_anew(self, data, tmp_path, capsys):
        self.make(data, tmp_path / "out")
        asked, _ = self.make(data, tmp_path / "out", precision="bf16")
        assert [count for count, _ in asked] == [4, 2]
        assert "were made in another precision" in capsys.readouterr().err

    def test_a_changed_map_costs_its_own_scene_alone(self, data, tmp_path, capsys):
        self.make(data, tmp_path / "out")
        path = tmp_path / "scenes" / "val_label" / "scene003.png"
        os.utime(path, (1, 1))
        assert self.make(data, tmp_path / "out")[0] == [(1, [0, 1])]
        assert "the maps of 1 scene were changed" in capsys.readouterr().err

    def test_photographs_are_the_files_themselves(self, data, tmp_path):
        _, made = self.make(data, tmp_path / "out")
        assert [photo.path.parent.name for photo in made.real] == ["val_img"] * 6


class TestJudge:
    """Cards of a run, of a system whose `load` gives such a model."""

    @pytest.fixture
    def run(self, stranger, data, tmp_path):
        stranger.define(load=lambda folder: Copyist())
        stranger.register(judging="ipose.systems.image_judging:judge", judged_by={"images": ("features",)})
        return stranger.run(tmp_path / "run", data=data)

    def test_a_perfect_copy_is_at_distance_0_and_seeds_differ(self, run, data):
        judged = judge(run, None, EvaluateOptions(features="random", protocols=("images",)), "")
        assert all(card.left_out == judged.left_out == (NO_SEGMENTER,) for card in judged.cards)
        values = {card.metric.split(" (")[0]: card.value for card in judged.cards}
        assert values["Frechet distance"] == pytest.approx(0, abs=1e-4)
        assert values["Diversity between seeds"] > 0
        assert {card.real for card in judged.cards} == {data.data}
        assert len(list((run.folder / "generated").glob("*.png"))) == 12

    def test_one_scene_has_no_distances_and_the_rest(self, run, tmp_path):
        write_scenes(tmp_path / "one", "train", 1, SIZE)
        one = DataConfig(data=str(tmp_path / "one"))
        judged = judge(run, one, EvaluateOptions(features="random", protocols=("images",), split="train"), "")
        assert [card.measure for card in judged.cards] == ["Diversity between seeds"]
        assert judged.left_out == (NO_SEGMENTER, ONE_SCENE)

    def test_images_are_made_in_the_precision_asked_for_and_judged_in_float32(self, run, data, stranger):
        seen = []

        class Asked(Copyist):
            def images(self, scenes, seeds):
                seen.append(torch.is_autocast_enabled("cpu"))
                return super().images(scenes, seeds)

        stranger.define(load=lambda folder: Asked())
        options = {"features": "random", "protocols": ("images",)}
        judged = judge(run, None, EvaluateOptions(**options, precision="bf16"), "")
        assert all(seen)
        assert not torch.is_autocast_enabled("cpu")
        assert all("images made in bf16" in card.notes for card in judged.cards)

    def test_other_data_have_a_folder_of_their_own(self, run, data):
        judge(run, data, EvaluateOptions(features="random", protocols=("images",), seeds=(0,), limit=2), "on-else")
        assert len(list((run.folder / "generated-on-else").glob("*.png"))) == 2

    def test_a_named_folder_gets_the_images_too(self, run, data, tmp_path):
        options = EvaluateOptions(features="random", protocols=("images",), seeds=(0,), out=tmp_path / "out")
        judge(run, data, options, "on-else")
        assert len(list((tmp_path / "out" / "generated").glob("*.png"))) == 6
        assert not (run.folder / "generated-on-else").exists()

    def test_label_maps_without_objects_leave_the_other_cards(self, run, tmp_path):
        sky = [replace(make_scene(i, SIZE, f"{i}"), objects=()) for i in range(2)]
        sky = [replace(scene, label=torch.ones(SIZE, dtype=torch.int64), part=None) for scene in sky]
        write_scene_folder(sky, tmp_path / "sky", "val", SPEC)
        judged = judge(run, DataConfig(data=str(tmp_path / "sky")), EvaluateOptions(features="random"), "on-sky")
        assert {card.protocol for card in judged.cards} == {"images"}
        assert any(sentence.startswith("No cards of objects-128: too few objects") for sentence in judged.left_out)

    def test_without_any_network_there_is_nothing_to_judge_by(self, run):
        with pytest.raises(DataError, match=r"nothing to judge by\. No network"):
            judge(run, None, EvaluateOptions(features=None), "")
        assert not (run.folder / "generated").exists()

    def test_a_missing_inception_is_told(self, run, tmp_path, monkeypatch):
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
        with pytest.raises(DataError, match=r"nothing to judge by\. No distances of images: .*Inception"):
            judge(run, None, EvaluateOptions(), "")

    def test_a_system_that_judges_more_may_go_on_without_images(self, run, data, tmp_path, monkeypatch):
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
        judged = judge_images(run, Copyist(), data, EvaluateOptions(), {}, "")
        assert len(judged.cards) == 0
        assert [sentence.split(":")[0] for sentence in judged.left_out] == [
            "No distances of images",
            "No mIoU and no pixel accuracy",
        ]
