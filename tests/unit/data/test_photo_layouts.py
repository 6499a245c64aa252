"""Published photographs are read by GANSeg's protocol: which split, what is foreground, where landmarks are."""

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.published_photographs import (
    write_aligned_celeba,
    write_celeba,
    write_cub,
    write_flowers,
    write_taichi,
)
from ipose.data.celeba import wild_landmarks
from ipose.data.data_config import PhotoConfig
from ipose.data.photo_doctor import examine_photographs
from ipose.data.photo_folder import find_photographs, open_photographs
from ipose.data.photo_layouts import photo_layout
from ipose.errors import DataError

SPLITS = ("train", "val", "test")


@pytest.fixture
def flowers(tmp_path):
    return write_flowers(tmp_path)


class TestFlowers:
    """The official test list trains; what is not blue is foreground."""

    def test_splits(self, flowers):
        assert photo_layout(flowers).name == "Flowers-102"
        assert [path.name for path in find_photographs(flowers)] == ["image_00003.jpg", "image_00004.jpg"]
        assert [path.name for path in find_photographs(flowers, "test")] == ["image_00001.jpg"]

    def test_foreground(self, flowers):
        layout = photo_layout(flowers)
        found = layout.foreground(flowers, find_photographs(flowers, "test")[0], 16)
        expected = torch.zeros(16, 16, dtype=torch.bool)
        expected[4:12, 4:12] = True
        assert torch.equal(found, expected)

    def test_a_damaged_list(self, flowers):
        (flowers / "setid.mat").write_text("nonsense")
        with pytest.raises(DataError, match=r"setid\.mat cannot be read"):
            find_photographs(flowers)


@pytest.fixture
def cub(tmp_path):
    return write_cub(tmp_path)


class TestCUB:
    """Every photograph is in one split: as the protocol's list says, else in the paper's proportions."""

    def test_the_list_of_the_protocol_decides_in_whatever_order(self, cub):
        lines = [f"{number} {[0, 0, 1, 2][number % 4]}" for number in range(24, 0, -1)]
        (cub / "train_val_test_split.txt").write_text("\n".join(lines))
        numbers = {split: [int(path.stem[5:]) + 1 for path in find_photographs(cub, split)] for split in SPLITS}
        assert numbers == {
            "train": [n for n in range(1, 25) if n % 4 < 2],
            "val": [n for n in range(1, 25) if n % 4 == 2],
            "test": [n for n in range(1, 25) if n % 4 == 3],
        }
        assert photo_layout(cub).own_splits(cub) == ""

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("1 3", "line 1 is no split: found 1 3, expected a photograph's id, then 0"),
            ("1", "line 1 is no split"),
            ("1 0", r"without a split: found Bird_1\.jpg and 22 more"),
        ],
    )
    def test_a_list_that_cannot_be_read(self, cub, line, sentence):
        (cub / "train_val_test_split.txt").write_text(line)
        with pytest.raises(DataError, match=sentence):
            find_photographs(cub)

    def test_without_the_list_the_splits_are_our_own_and_that_is_said(self, cub):
        assert "splits of our own, as train_val_test_split.txt is missing" in photo_layout(cub).own_splits(cub)
        splits = [find_photographs(cub, split) for split in ("train", "test", "val")]
        assert [len(split) for split in splits] == [20, 2, 2]
        assert len({path for split in splits for path in split}) == 24
        assert splits == [find_photographs(cub, split) for split in ("train", "test", "val")]

    def test_foreground(self, cub):
        found = photo_layout(cub).foreground(cub, cub / "images" / "000.Bird" / "Bird_0.jpg", 8)
        assert found[:, 4:].all()
        assert not found[:, :4].any()

    def test_a_mask_is_its_first_channel_whatever_is_transparent(self, cub):
        """Laid on white, a mask that is transparent everywhere would be all foreground."""
        file = cub / "segmentations" / "000.Bird" / "Bird_0.png"
        mask = Image.open(file)
        mask.putalpha(0)
        mask.save(file)
        self.test_foreground(cub)

    def test_landmarks_at_the_size_of_the_network_and_invisible_ones_marked(self, cub):
        bird, other = (cub / "images" / f"00{i % 2}.Bird" / f"Bird_{i}.jpg" for i in (4, 1))
        found = photo_layout(cub).landmarks(cub, [bird, other], 128)
        assert found.shape == (2, 15, 2)
        expected = torch.tensor([[2 * 128 / 40, 4 * 128 / 80], [-1, -1], [6 * 128 / 40, 12 * 128 / 80]])
        torch.testing.assert_close(found[0, :3], expected)
        assert (found[1] > 0).all()

    def test_without_its_parts_it_is_whole_but_has_no_landmarks(self, cub):
        assert photo_layout(cub).has_landmarks(cub)
        (cub / "parts" / "part_locs.txt").unlink()
        assert not photo_layout(cub).has_landmarks(cub)
        assert len(find_photographs(cub)) == 20

    @pytest.mark.parametrize(
        ("before", "after", "sentence"),
        [
            ("1 3 12.0 6.0 1\n", "", r"without all 15 landmarks: found Bird_0\.jpg\. Get the list again"),
            ("1 3 12.0", "1 16 12.0", "line 3 is no landmark: found 1 16 12.0 6.0 1, expected photograph, part"),
            ("1 3 12.0", "1 3 left", "line 3 is no landmark: found 1 3 left"),
            ("1 3 12.0", "1 3 nan", "line 3 is no landmark: found 1 3 nan"),
            ("1 3 12.0 6.0 1", "1 3 12.0 6.0", "line 3 is no landmark"),
            ("1 3 12.0", "1 1 12.0", "stands there twice, again in line 3: found part 1 of photograph 1"),
        ],
    )
    def test_a_list_of_landmarks_that_cannot_be_read(self, cub, before, after, sentence):
        file = cub / "parts" / "part_locs.txt"
        file.write_text(file.read_text().replace(before, after, 1))
        with pytest.raises(DataError, match=sentence):
            photo_layout(cub).landmarks(cub, [cub / "images" / "000.Bird" / "Bird_0.jpg"], 128)


@pytest.fixture
def celeba(tmp_path):
    return write_celeba(tmp_path)


class TestCelebA:
    """MAFL's test list, and no other, is kept out of training; small faces are dropped; landmarks are (row, column)."""

    @pytest.mark.parametrize(
        ("split", "names"), [("train", ["000001", "000003"]), ("regression", ["000003"]), ("test", ["000005"])]
    )
    def test_splits(self, celeba, split, names):
        assert [path.stem for path in find_photographs(celeba, split)] == names

    def test_landmarks_at_the_size_of_the_network(self, celeba):
        found = wild_landmarks(celeba, find_photographs(celeba), 128)
        torch.testing.assert_close(found[0, :3], torch.tensor([[12.8, 12.8], [12.8, 115.2], [64.0, 64.0]]))

    def test_boxes_and_landmarks_are_of_the_stored_pixels_so_exif_turns_nothing(self, celeba):
        file, exif = celeba / "img_celeba" / "000001.jpg", Image.Exif()
        exif[0x0112] = 6
        Image.open(file).save(file, exif=exif)
        stored = torch.from_numpy(np.array(Image.open(file).resize((16, 16), Image.Resampling.BILINEAR)))
        assert torch.equal(
            open_photographs(PhotoConfig(data=str(celeba)), "train", 16).images[0].movedim(0, -1), stored
        )
        assert len(find_photographs(celeba)) == 2
        self.test_landmarks_at_the_size_of_the_network(celeba)
        assert not examine_photographs(celeba).notes

    def test_a_photograph_without_landmarks(self, celeba):
        with pytest.raises(DataError, match=r"without landmarks: found 9\.jpg"):
            wild_landmarks(celeba, [celeba / "9.jpg"])

    def test_a_list_that_is_not_there(self, celeba):
        (celeba / "training.txt").unlink()
        with pytest.raises(DataError, match=r"training\.txt.*cannot be read"):
            find_photographs(celeba)


class TestAlignedCelebA:
    """The aligned photographs: the same lists, but no face is dropped, and landmarks of their own."""

    @pytest.mark.parametrize(("split", "numbers"), [("train", [1, 2, 5]), ("regression", [5, 6]), ("test", [3])])
    def test_splits(self, tmp_path, split, numbers):
        root = write_aligned_celeba(tmp_path)
        assert photo_layout(root).name == "CelebA aligned"
        assert [int(path.stem) for path in find_photographs(root, split)] == numbers

    def test_landmarks(self, tmp_path):
        root = write_aligned_celeba(tmp_path)
        found = photo_layout(root).landmarks(root, find_photographs(root, "test"), 128)
        torch.testing.assert_close(found[0, :2], torch.tensor([[12.8, 12.8], [12.8, 115.2]]))


@pytest.fixture
def taichi(tmp_path):
    return write_taichi(tmp_path)


class TestTaichi:
    """Every video trains; only 255 is a person; landmarks are (row, column) in pixels of the frame."""

    def test_splits(self, taichi):
        assert photo_layout(taichi).name == "Taichi"
        (taichi / "train" / "a" / "._0.png").write_text("what macOS leaves behind")
        assert [path.parent.name for path in find_photographs(taichi)] == ["a", "b"]
        assert [len(find_photographs(taichi, split)) for split in ("regression", "test", "val")] == [2, 1, 0]

    def test_foreground_is_exactly_255(self, taichi):
        found = photo_layout(taichi).foreground(taichi, taichi / "test" / "0.png", 16)
        assert found.sum() == 64
        assert found[4:12, 4:12].all()

    def test_landmarks_keep_the_scale_of_the_frame_and_the_mark_of_missing_ones(self, taichi):
        found = photo_layout(taichi).landmarks(taichi, find_photographs(taichi, "test"), 128)
        assert found.shape == (1, 18, 2)
        assert found[0, :3].tolist() == [[10, 30], [-1, -1], [6, 5]]

    def test_a_frame_without_landmarks(self, taichi):
        with pytest.raises(DataError, match=r"without landmarks: found 9\.png and 1 more.*Add a row"):
            photo_layout(taichi).landmarks(taichi, [taichi / "test" / "9.png", taichi / "test" / "8.png"], 128)

    @pytest.mark.parametrize(
        ("row", "sentence"),
        [("test/0.png,1,2", "wrong count of numbers in line 2: found 2"), ("test/0.png,a", "no number.*'a' in line 2")],
    )
    def test_a_row_that_cannot_be_read(self, taichi, row, sentence):
        (taichi / "landmarks.csv").write_text(f"photograph,x1\n{row}\n")
        with pytest.raises(DataError, match=sentence):
            photo_layout(taichi).landmarks(taichi, [taichi / "test" / "0.png"], 128)

    def test_a_split_without_frames(self, taichi):
        (taichi / "test" / "0.png").unlink()
        with pytest.raises(DataError, match="test: a split without frames"):
            find_photographs(taichi)


def test_any_other_folder_is_none_of_them(tmp_path):
    assert photo_layout(tmp_path) is None
