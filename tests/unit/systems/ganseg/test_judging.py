"""Cards of a GANSeg: numbered images beside photographs that are no pairs of them."""

from dataclasses import replace

import pytest
import torch

from helpers.published_photographs import write_cub
from ipose.configs import plain
from ipose.data.data_config import DataConfig, PhotoConfig
from ipose.data.object_photos import ObjectPhotos
from ipose.data.png import read_photo, write_photo
from ipose.errors import ConfigError, MissingWeightsError, RunError
from ipose.evaluation.judges import EvaluateOptions
from ipose.ganseg.pretrained import save_ganseg
from ipose.images import image_uint8
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.saved_part_segmenter import save_part_segmenter
from ipose.systems.ganseg.judging import IMAGES, NumberedImages, objects_of
from ipose.systems.judging import evaluate_run
from ipose.training.config import TrainConfig
from ipose.training.run import Run


@pytest.fixture
def photographs(tmp_path):
    (tmp_path / "photographs").mkdir()
    for i in range(5):
        draw = torch.Generator().manual_seed(i)
        photo = torch.randint(0, 256, (3, 20, 30), generator=draw, dtype=torch.uint8)
        write_photo(tmp_path / "photographs" / f"{i}.png", photo)
    return DataConfig(data=str(tmp_path / "photographs"))


def evaluate(folders, photographs, tmp_path, **settings):
    options = EvaluateOptions(**{"features": "random", "count": 3, "out": tmp_path / "out", **settings})
    return evaluate_run(folders["ganseg"], photographs, options).cards


def test_the_paper_takes_50_000_images():
    assert IMAGES == 50_000


def test_the_sets_may_differ_in_number(folders, photographs, tmp_path):
    cards = evaluate(folders, photographs, tmp_path)
    assert [card.metric.split(" (")[0] for card in cards] == ["Frechet distance", "Kernel distance"]
    assert {tuple(card.counts.items()) for card in cards} == {(("images", 3), ("real", 5))}
    assert evaluate(folders, photographs, tmp_path, limit=4)[0].counts["real"] == 4


def test_images_lie_on_the_disk_by_number_and_are_those_of_generate(folders, photographs, ganseg_model, tmp_path):
    evaluate(folders, photographs, tmp_path, batch_size=2)
    files = sorted((tmp_path / "out" / "generated").glob("*.png"))
    assert [file.name for file in files] == [f"seed0_00000{i}.png" for i in range(3)]
    for number, file in enumerate(files):
        image = image_uint8(NumberedImages(ganseg_model).numbered(0, [number])[0])
        assert torch.from_numpy(read_photo(file)).permute(2, 0, 1).sub(image).abs().max() <= 1  # a batch may round


def test_a_run_on_objects_is_judged_beside_its_objects_without_moves(ganseg_model, tmp_path):
    trained = PhotoConfig(crops=True, category="car", ground="grey", scenes=5, val_scenes=1, crop_shift=0.3)
    config = {"data": plain(trained)}
    run = Run.create(tmp_path / "run", kind="ganseg", config=config, train=TrainConfig(steps=1, batch_size=1))
    save_ganseg(run.model, ganseg_model)
    options = EvaluateOptions(features="random", count=3, out=tmp_path / "out", limit=4)
    assert evaluate_run(run.folder, None, options).cards[0].counts["real"] == 4
    still = ObjectPhotos(replace(trained, crop_shift=0.0), "train", 32)
    for number, photo in enumerate(objects_of(run, trained.scenes_config(), 32, None)):
        assert torch.equal(photo.pixels(), still[number])


def test_more_images_keep_those_before(folders, photographs, tmp_path, capsys):
    evaluate(folders, photographs, tmp_path)
    assert evaluate(folders, photographs, tmp_path, count=4)[0].counts["images"] == 4
    assert "3 of 4 images stand already" in capsys.readouterr().err


class TestParts:
    """With a part segmenter, landmark errors and IoU stand beside the distances of images."""

    @pytest.fixture
    def birds(self, tmp_path):
        return DataConfig(data=str(write_cub(tmp_path / "birds")))

    @pytest.fixture
    def segmenter(self, tmp_path):
        save_part_segmenter(tmp_path / "segmenter", PartSegmenter(2, "lraspp_mobilenet_v3_large"), 32)
        return tmp_path / "segmenter"

    def judged(self, folders, data, tmp_path, **settings):
        options = EvaluateOptions(**{"features": "random", "count": 2, "out": tmp_path / "out", **settings})
        return evaluate_run(folders["ganseg"], data, options)

    def test_of_a_named_part_segmenter(self, folders, birds, segmenter, tmp_path):
        judged = self.judged(folders, birds, tmp_path, segmenter=segmenter)
        metrics = [card.metric.split(" (")[0] for card in judged.cards]
        assert metrics[:3] == ["Frechet distance", "Kernel distance", "Foreground IoU"]
        assert [metric.split(",")[0] for metric in metrics[3:]] == ["Landmark error over the edge length"] * 2

    def test_without_inception_the_parts_are_judged_all_the_same(
        self, folders, birds, segmenter, tmp_path, monkeypatch
    ):
        monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
        judged = self.judged(folders, birds, tmp_path, segmenter=segmenter, features="inception")
        assert judged.cards[0].metric == "Foreground IoU"
        assert judged.left_out[0].startswith("No distances of images: ")

    def test_what_is_missing_is_said(self, folders, photographs, segmenter, tmp_path):
        judged = self.judged(folders, photographs, tmp_path)
        assert (
            "No landmark errors and no IoU: they need a part segmenter (ipose train part-segmenter --pairs"
            in (judged.left_out[0])
        )
        judged = self.judged(folders, photographs, tmp_path, segmenter=segmenter)
        assert "No landmark errors and no IoU: " in judged.left_out[0]
        assert "photographs without a truth to judge by" in judged.left_out[0]

    def test_another_model_is_no_part_segmenter(self, folders, photographs, tmp_path):
        with pytest.raises(RunError, match="no part segmenter: found ganseg, expected part-segmenter"):
            self.judged(folders, photographs, tmp_path, segmenter=folders["ganseg"])


def test_objects_and_missing_networks_are_refused_before_any_image(folders, photographs, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    with pytest.raises(ConfigError, match=r"\[protocol\] images from noise have no objects"):
        evaluate(folders, photographs, tmp_path, protocols=("objects-128",))
    with pytest.raises(MissingWeightsError, match="Inception"):
        evaluate(folders, photographs, tmp_path, features="inception")
    assert not (tmp_path / "out").exists()
