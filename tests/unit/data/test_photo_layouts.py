"""Published photographs are read by GANSeg's protocol: which split, what is foreground, where landmarks are."""

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.io import savemat

from ipose.data.photo_folder import find_photographs
from ipose.data.photo_layouts import celeba_landmarks, photo_layout
from ipose.errors import DataError


def picture(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(path)


@pytest.fixture
def flowers(tmp_path):
    for n in range(1, 5):
        picture(tmp_path / "jpg" / f"image_{n:05d}.jpg", np.full((20, 30, 3), 99))
    mask = np.zeros((16, 16, 3))
    mask[..., 2] = 254
    mask[4:12, 4:12] = (200, 100, 50)
    picture(tmp_path / "segmim" / "segmim_00001.png", mask)
    (tmp_path / "segmim" / "segmim_00001.png").rename(tmp_path / "segmim" / "segmim_00001.jpg")  # no JPEG noise
    savemat(tmp_path / "setid.mat", {"trnid": [[1]], "valid": [[2]], "tstid": [[3, 4]]})
    return tmp_path


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
    names = [f"00{i % 2}.Bird/Bird_{i}.jpg" for i in range(24)]
    lines = "".join(f"{i + 1} {name}\n" for i, name in enumerate(names))
    (tmp_path / "images.txt").write_text(lines)
    (tmp_path / "images").mkdir()
    mask = np.zeros((8, 8))
    mask[:, 4:] = 255
    picture(tmp_path / "segmentations" / "000.Bird" / "Bird_0.png", mask)
    return tmp_path


class TestCUB:
    """Every photograph is in one split, in the paper's proportions."""

    def test_splits(self, cub):
        splits = [find_photographs(cub, split) for split in ("train", "test", "val")]
        assert [len(split) for split in splits] == [20, 2, 2]
        assert len({path for split in splits for path in split}) == 24
        assert splits == [find_photographs(cub, split) for split in ("train", "test", "val")]

    def test_foreground(self, cub):
        found = photo_layout(cub).foreground(cub, cub / "images" / "000.Bird" / "Bird_0.jpg", 8)
        assert found[:, 4:].all()
        assert not found[:, :4].any()


@pytest.fixture
def celeba(tmp_path):
    names = [f"{i:06d}.jpg" for i in range(1, 7)]
    for name in names:
        picture(tmp_path / "img_celeba" / name, np.full((100, 200, 3), 99))
    boxes = [(0, 0, 100, 100 if i % 2 else 50) for i in range(1, 7)]  # 50 % and 25 % of the image
    rows = "".join(f"{n} {' '.join(map(str, box))}\n" for n, box in zip(names, boxes, strict=True))
    (tmp_path / "list_bbox_celeba.txt").write_text(f"6\nimage_id x_1 y_1 width height\n{rows}")
    rows = "".join(f"{n} 20 10 180 10 100 50 50 90 150 90\n" for n in names)
    (tmp_path / "list_landmarks_celeba.txt").write_text(f"6\nlefteye_x lefteye_y ...\n{rows}")
    (tmp_path / "list_eval_partition.txt").write_text("".join(f"{n} {int(i > 4)}\n" for i, n in enumerate(names)))
    (tmp_path / "training.txt").write_text("000003.jpg\n000004.jpg\n")
    (tmp_path / "testing.txt").write_text("000005.jpg\n")
    return tmp_path


class TestCelebA:
    """MAFL is kept out of training; small faces are dropped; landmarks are (row, column)."""

    @pytest.mark.parametrize(
        ("split", "names"), [("train", ["000001"]), ("regression", ["000003"]), ("test", ["000005"])]
    )
    def test_splits(self, celeba, split, names):
        assert [path.stem for path in find_photographs(celeba, split)] == names

    def test_landmarks_at_the_size_of_the_network(self, celeba):
        found = celeba_landmarks(celeba, find_photographs(celeba), 128)
        torch.testing.assert_close(found[0, :3], torch.tensor([[12.8, 12.8], [12.8, 115.2], [64.0, 64.0]]))

    def test_a_photograph_without_landmarks(self, celeba):
        with pytest.raises(DataError, match=r"without landmarks: found 9\.jpg"):
            celeba_landmarks(celeba, [celeba / "9.jpg"])

    def test_a_list_that_is_not_there(self, celeba):
        (celeba / "training.txt").unlink()
        with pytest.raises(DataError, match=r"training\.txt.*cannot be read"):
            find_photographs(celeba)


def test_any_other_folder_is_none_of_them(tmp_path):
    assert photo_layout(tmp_path) is None
