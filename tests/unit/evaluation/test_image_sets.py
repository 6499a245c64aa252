"""Claims about folders of images."""

import pytest
from PIL import Image

from ipose.errors import DataError
from ipose.evaluation.image_sets import find_images, matched, one_of_each


def fill(folder, *names):
    folder.mkdir(exist_ok=True)
    for name in names:
        Image.new("RGB", (4, 4)).save(folder / name)
    return folder


class TestFindImages:
    """find_images reads anybody's folder, and those of `ipose generate`."""

    def test_hidden_files_are_passed_over(self, tmp_path):
        found = find_images(fill(tmp_path / "a", "x.png", "._x.png"))
        assert [image.path.name for image in found] == ["x.png"]

    def test_every_image_is_a_scene_of_its_name(self, tmp_path):
        found = find_images(fill(tmp_path / "a", "y.png", "x.jpg"))
        assert [(image.scene, image.seed) for image in found] == [("x", None), ("y", None)]

    def test_of_generated_ones_the_seed_is_read_and_maps_beside_them_are_left_out(self, tmp_path):
        found = find_images(fill(tmp_path / "a", "x_seed10.png", "x_seed9.png", "x_part.png", "x_sheet.png"))
        assert [(image.scene, image.seed) for image in found] == [("x", 9), ("x", 10)]
        assert [image.seed for image in one_of_each(found)] == [9]

    def test_two_files_of_one_name_are_refused(self, tmp_path):
        with pytest.raises(DataError, match="two images of one name"):
            find_images(fill(tmp_path / "a", "x.png", "x.jpg"))

    def test_no_folder_and_an_empty_one_are_refused(self, tmp_path):
        with pytest.raises(DataError, match="no such folder"):
            find_images(tmp_path / "nowhere")
        with pytest.raises(DataError, match="no images"):
            find_images(tmp_path)


class TestMatched:
    """matched pairs by name, whatever the order and the suffix."""

    def test_partners_come_in_the_order_of_the_generated(self, tmp_path):
        generated = find_images(fill(tmp_path / "a", "x_seed0.png", "y_seed0.png"))
        real = find_images(fill(tmp_path / "b", "y.jpg", "x.jpg"))
        for some in (generated, generated[::-1]):
            found = [image.scene for image in matched(some, real[::-1], tmp_path)]
            assert found == [image.scene for image in some]

    @pytest.mark.parametrize(
        ("there", "words"), [(["x.png"], "no y here"), (["x.png", "y.png", "z.png"], "z here only")]
    )
    def test_lonely_images_are_named(self, there, words, tmp_path):
        generated = find_images(fill(tmp_path / "a", "x.png", "y.png"))
        with pytest.raises(DataError, match=words):
            matched(generated, find_images(fill(tmp_path / "b", *there)), tmp_path / "b")
