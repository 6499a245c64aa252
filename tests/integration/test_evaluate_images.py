"""`ipose evaluate --images A --real B`: planted degradations move the right number in the right direction."""

import hashlib
import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image, ImageFilter
from torch import nn

from ipose.errors import DataError
from ipose.evaluation.eval_card import EvalCard, read_cards
from ipose.evaluation.evaluate_images import ImageEvaluation, evaluate_images
from ipose.testing.tiny_scenes import SPEC, write_scenes

pytest.importorskip("torchmetrics", reason="torchmetrics is not installed")

COUNT = 6


class NearestColor(nn.Module):
    """Logits by how near a pixel is to the colour of each class: a segmenter that is never wrong on painted maps."""

    def __init__(self) -> None:
        super().__init__()
        colors = torch.tensor([item.color for item in SPEC.classes]) / 127.5 - 1
        self.register_buffer("weight", 2 * colors[:, :, None, None])
        self.register_buffer("bias", -colors.square().sum(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.conv2d(x, self.weight, self.bias)


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> Path:
    """Scenes with their maps; `painted`: pictures of the label maps in the classes' colours; a segmenter of these."""
    root = tmp_path_factory.mktemp("world")
    scenes = write_scenes(root, "val", COUNT)
    (root / "painted").mkdir()
    colors = np.array([item.color for item in SPEC.classes], dtype=np.uint8)
    for scene in scenes:
        Image.fromarray(colors[scene.label.numpy()]).save(root / "painted" / f"{scene.name}.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript has a successor
        torch.jit.save(torch.jit.trace(NearestColor(), torch.zeros(1, 3, 8, 8)), root / "colors.pt")
    return root


@pytest.fixture(scope="module")
def job(world) -> ImageEvaluation:
    """The painted maps judged beside themselves."""
    return ImageEvaluation(
        images=world / "painted",
        real=world / "painted",
        features="random",
        labels=world / "val_label",
        instances=world / "val_inst",
        spec=str(world / "dataset.toml"),
        segmenter=world / "colors.pt",
    )


@pytest.fixture(scope="module")
def clean(job) -> dict[str, float]:
    """The scores before any damage."""
    return by_kind(evaluate_images(job))


def by_kind(cards: list[EvalCard]) -> dict[str, float]:
    return {card.metric.split(" (")[0]: card.value for card in cards}


def changed(folder: Path, out: Path, change) -> Path:
    out.mkdir()
    for path in sorted(folder.iterdir()):
        with Image.open(path) as image:
            change(image).save(out / path.name)
    return out


class TestPlantedDegradations:
    """Each degradation moves the number that is there to see it, and leaves the other."""

    def test_equal_sets_are_at_no_distance_and_all_right(self, clean):
        assert clean["Frechet distance"] == pytest.approx(0, abs=1e-8)
        assert clean["mIoU"] == clean["Pixel accuracy"] == 1

    def test_the_more_blur_the_larger_the_distances(self, job, world, tmp_path):
        scores = []
        for radius in (1, 3):
            blurred = changed(
                world / "painted", tmp_path / f"{radius}", lambda x, r=radius: x.filter(ImageFilter.GaussianBlur(r))
            )
            scores.append(by_kind(evaluate_images(replace(job, images=blurred))))
        for kind in ("Frechet distance", "Kernel distance"):
            assert 0 < scores[0][kind] < scores[1][kind]
        assert scores[1]["mIoU"] < scores[0]["mIoU"] < 1

    def test_images_of_other_label_maps_are_at_no_distance_but_wrong(self, job, world, tmp_path, clean):
        names = sorted(path.name for path in (world / "painted").iterdir())
        (tmp_path / "shuffled").mkdir()
        for name, other in zip(names, names[1:] + names[:1], strict=True):
            shutil.copy(world / "painted" / other, tmp_path / "shuffled" / name)
        scores = by_kind(evaluate_images(replace(job, images=tmp_path / "shuffled")))
        assert scores["Frechet distance"] == pytest.approx(0, abs=1e-8)
        assert scores["Pixel accuracy"] < clean["Pixel accuracy"]
        assert scores["mIoU"] < 0.7

    def test_a_wrong_class_map_is_seen_by_miou_alone(self, job, tmp_path):
        (tmp_path / "map.json").write_text(json.dumps(["void", "sky", "dog", "car", "box"]))
        scores = by_kind(evaluate_images(replace(job, class_map=tmp_path / "map.json")))
        assert scores["Frechet distance"] == pytest.approx(0, abs=1e-8)
        assert scores["mIoU"] == pytest.approx(2 / 4)  # sky and box are right, car and dog all wrong, void is ignored

    def test_objects_painted_over_are_seen_by_the_object_distance(self, job, world, tmp_path):
        objects = replace(job, protocol="objects-128", segmenter=None)
        assert by_kind(evaluate_images(objects))["Object Frechet distance"] == pytest.approx(0, abs=1e-8)
        plain = changed(
            world / "painted", tmp_path / "plain", lambda x: Image.new("RGB", x.size, SPEC.classes[1].color)
        )
        assert by_kind(evaluate_images(replace(objects, images=plain)))["Object Frechet distance"] > 1e-3


class TestCards:
    """A card says what its number depends on."""

    def test_no_stand_in_is_called_fid(self, job):
        for card in evaluate_images(job):
            assert "FID" not in card.metric
            assert "KID" not in card.metric

    def test_counts_ids_notes_and_hashes_are_there(self, job):
        frechet, _, miou, _ = evaluate_images(job)
        assert frechet.counts == {"images": COUNT, "real": COUNT}
        assert frechet.features is not None
        assert frechet.features.startswith("random@")
        assert "fewer than 2048" in frechet.notes[0]
        assert miou.ignored_ids == (0,)
        assert miou.counts["classes"] == 4
        assert "torch" in miou.versions

    def test_objects_are_counted(self, job):
        card = evaluate_images(replace(job, protocol="objects-128", segmenter=None))[0]
        assert COUNT < card.counts["objects"] <= 3 * COUNT

    def test_batches_change_nothing(self, job):
        one, all_at_once = (evaluate_images(replace(job, batch_size=size, protocol="images-256")) for size in (1, 9))
        assert by_kind(one) == pytest.approx(by_kind(all_at_once), abs=1e-6)

    def test_real_images_of_another_size_are_brought_to_the_generated(self, job, world, tmp_path):
        large = changed(world / "painted", tmp_path / "large", lambda x: x.resize((96, 64), Image.Resampling.NEAREST))
        assert by_kind(evaluate_images(replace(job, real=large)))["Frechet distance"] < 0.05

    def test_objects_are_cropped_at_the_same_place_from_real_images_of_another_size(self, job, world, tmp_path):
        # given photographs of twice the size, of which the boxes, left as they are, would cut out something else
        large = changed(world / "painted", tmp_path / "large", lambda x: x.resize((96, 64), Image.Resampling.NEAREST))
        objects = replace(job, protocol="objects-128", segmenter=None, real=large)
        assert by_kind(evaluate_images(objects))["Object Frechet distance"] < 0.1  # the wrong place: 7

    def test_several_seeds_give_a_diversity_and_one_image_of_each_scene_the_distance(self, job, world, tmp_path):
        for path in (world / "painted").iterdir():
            shutil.copy(path, tmp_path / f"{path.stem}_seed0.png")
            with Image.open(path) as image:
                image.filter(ImageFilter.GaussianBlur(2)).save(tmp_path / f"{path.stem}_seed3.png")
        cards = evaluate_images(replace(job, images=tmp_path, segmenter=None))
        assert by_kind(cards)["Frechet distance"] == pytest.approx(0, abs=1e-8)
        assert [card.seeds for card in cards] == [(0,), (0,), (0, 3)]
        assert by_kind(cards)["Diversity between seeds"] > 0

    def test_lpips_is_given_beside_the_stand_in_where_its_alexnet_is(self, job, world, tmp_path, monkeypatch):
        torch.save(torchvision.models.alexnet(weights=None).state_dict(), tmp_path / "alexnet.pth")
        digest = hashlib.sha256((tmp_path / "alexnet.pth").read_bytes()).hexdigest()
        monkeypatch.setattr("ipose.evaluation.lpips.ALEXNET_HASH", digest[:8])  # random weights under the known hash
        for path in (world / "painted").iterdir():
            for seed in (0, 1):
                shutil.copy(path, tmp_path / f"{path.stem}_seed{seed}.png")
        both = replace(job, images=tmp_path, protocol="images-256", segmenter=None, lpips=tmp_path / "alexnet.pth")
        card = evaluate_images(both)[-1]
        assert (card.metric, card.value, card.features) == ("LPIPS between seeds", 0, f"alexnet@{digest[:12]}")

    def test_scenes_of_different_seeds_are_refused(self, job, world, tmp_path):
        for i, path in enumerate(sorted((world / "painted").iterdir())):
            shutil.copy(path, tmp_path / f"{path.stem}_seed{i % 2}.png")
        with pytest.raises(DataError, match="different seeds"):
            evaluate_images(replace(job, images=tmp_path))


class TestTheCommand:
    """`ipose evaluate --images ... --real ...`, then `--compare`."""

    def words(self, world, images="painted", out="cards"):
        return f"evaluate --images {world / images} --real {world / 'painted'} --features random --out {out}".split()

    def test_cards_are_written_printed_and_compared(self, ipose, world, tmp_path):
        blurred = changed(world / "painted", tmp_path / "blurred", lambda x: x.filter(ImageFilter.GaussianBlur(2)))
        done = ipose(*self.words(world, out=tmp_path / "a"))
        assert done.code == 0, done.err
        assert "Frechet distance (features random@" in done.out
        assert done.err == ""
        assert ipose(*self.words(world, blurred, tmp_path / "b")).code == 0
        assert len(read_cards(tmp_path / "b")) == 2
        words = ["evaluate", "--compare", tmp_path / "a", tmp_path / "b", "--plot", tmp_path / "plot.png"]
        table = ipose(*words)
        assert table.code == 0, table.err
        assert "Kernel distance" in table.out
        assert (tmp_path / "plot.png").stat().st_size > 0
        again = ipose(*words)
        assert again.code == 2
        assert "a file already" in again.err

    def test_other_protocols_are_compared_only_when_told_so(self, ipose, world, tmp_path):
        assert ipose(*self.words(world, out=tmp_path / "a")).code == 0
        assert ipose(*self.words(world, out=tmp_path / "b"), "--protocol", "images-256").code == 0
        words = ["evaluate", "--compare", tmp_path / "a", tmp_path / "b"]
        refused = ipose(*words)
        assert refused.code == 2
        assert "another protocol" in refused.err
        assert ipose(*words, "--across-protocols").code == 0

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("evaluate", "judges one thing"),
            ("evaluate run --images {painted} --real {painted}", "judges one thing"),
            ("evaluate --images {painted}", "--real DIR"),
            ("evaluate --images {painted} --real {tmp}/nowhere", "no such folder of images"),
            ("evaluate --images {painted} --real {painted} --protocol fid", "objects-128"),
            ("evaluate --images {painted} --real {painted} --features {tmp}/no.pt", "no such network file"),
            ("evaluate --images {painted} --real {painted}", "which make a distance FID"),
            ("evaluate --images {painted} --real {painted} --features random --protocol objects-128", "--labels DIR"),
            ("evaluate --images {painted} --real {painted} --features random --out {painted}", "something already"),
            ("evaluate --images {painted} --real {painted} --features random --batch-size 0", "[batch_size]"),
            ("evaluate --images {painted} --real {painted} --features random --device bogus", "no such device here"),
            ("evaluate --images {painted} --real {painted} --features random --labels {painted}", "--spec NAME"),
            ("evaluate --images {painted} --real {painted} --features random --class-map m.json", "--segmenter FILE"),
            (
                "evaluate --images {painted} --real {painted} --features random --lpips {tmp}/no.pth",
                "no weights of LPIPS",
            ),
            ("evaluate run --plot a.png", "[plot] an option of --compare"),
            ("evaluate run --real {painted}", "[real] an option of --images"),
            ("evaluate --compare {painted}", "two cards or folders"),
            ("evaluate --compare {painted} {tmp}", "no eval cards"),
        ],
    )
    def test_wrong_use_is_answered_in_a_sentence(self, ipose, world, tmp_path, monkeypatch, words, said):
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        done = ipose(*words.format(painted=world / "painted", tmp=tmp_path).split())
        assert done.code == 2, done
        assert said in " ".join(done.err.split())
        assert "Traceback" not in done.err
        assert list(tmp_path.iterdir()) == []
