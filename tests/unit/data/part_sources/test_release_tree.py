"""The authors' tree of numbered categories gives its pairs by name, and its supports as support sets."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from helpers.published_parts import write_release_tree
from ipose.data.part_sources.release_tree import open_release, release_supports
from ipose.errors import DataError


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    root = tmp_path_factory.mktemp("release")
    return root, write_release_tree(root)


@pytest.fixture
def own(published, tmp_path):
    """A copy to damage."""
    return shutil.copytree(published[0], tmp_path / "release")


def read_all(source, split):
    return [pair for item in source.items if item.split == split for pair in source.reader.read(item)]


class TestReleaseTree:
    """`<number>/{train,val}/*_label.png` with `*_part.png`."""

    def test_gives_its_pairs_by_the_names_of_their_numbers(self, published, same_pairs):
        root, made = published
        source = open_release(root)
        for split in ("train", "val"):
            assert same_pairs(read_all(source, split), made[split])

    def test_names_tell_numbers_of_one_category_apart(self, own):
        shutil.copytree(own / "15", own / "24")  # both human
        names = [pair.name for pair in read_all(open_release(own), "train") if pair.category == "human"]
        assert len(set(names)) == len(names)
        assert {name.split("_")[0] for name in names} == {"15", "24"}

    @pytest.mark.parametrize(
        ("gone", "words"), [("_part", r"without 0_part\.png"), ("_label", r"without 0_label\.png")]
    )
    def test_a_file_without_its_partner_is_a_fault(self, own, gone, words):
        (own / "26" / "val" / f"0{gone}.png").unlink()
        with pytest.raises(DataError, match=words):
            open_release(own)

    def test_a_folder_of_no_category_is_a_fault(self, own):
        (own / "26").rename(own / "21")
        with pytest.raises(DataError, match="21: no category of the release: found 21, expected a category's number"):
            open_release(own)

    def test_a_part_that_the_category_lacks_is_reported_with_its_file(self, own):
        path = own / "13" / "train" / next((own / "13" / "train").glob("*_part.png")).name
        ids = np.array(Image.open(path))
        ids[ids == 1] = 5
        Image.fromarray(ids).save(path)
        source = open_release(own)
        with pytest.raises(DataError, match=r"part id that category 'horse' does not have: found 5, expected 0\.\.4"):
            read_all(source, "train")

    def test_maps_in_colour_are_refused(self, own):
        path = own / "26" / "val" / "0_part.png"
        Image.open(path).convert("RGB").save(path)
        with pytest.raises(DataError, match=r"0_part\.png: not an index PNG"):
            read_all(open_release(own), "val")

    def test_an_empty_folder_says_what_was_expected(self, tmp_path):
        with pytest.raises(DataError, match="no part pairs: found an empty folder"):
            open_release(tmp_path)


class TestReleaseSupports:
    """`support_shape/<k>/<number>/` as support sets by name, lent as the release lends them."""

    def test_there_is_a_set_for_every_k(self, published):
        found = release_supports(published[0])
        assert {k: supports.k for k, supports in found.items()} == {1: 1, 2: 2}

    def test_categories_read_the_supports_that_serve_them(self, published):
        root, made = published
        supports = release_supports(root)[2]
        assert set(supports.categories) == {"car", "human", "horse", "van", "zebra"}
        assert torch.equal(supports.part_maps["van"], supports.part_maps["car"])
        assert torch.equal(supports.part_maps["zebra"], supports.part_maps["horse"])
        cars = [pair.part_map for pair in made["train"] if pair.category == "car"][:2]
        assert torch.equal(supports.part_maps["car"], torch.stack(cars))

    def test_own_maps_of_a_borrower_are_not_read(self, own):
        shutil.copytree(own / "support_shape" / "1" / "13", own / "support_shape" / "1" / "15")
        assert torch.equal(release_supports(own)[1].part_maps["human"], release_supports(own)[1].of(["human"])[0])
        shutil.rmtree(own / "support_shape" / "1" / "24")
        assert "human" not in release_supports(own)[1].categories

    def test_another_number_of_maps_than_the_folder_says_is_a_fault(self, own):
        next((own / "support_shape" / "2" / "26").iterdir()).unlink()
        with pytest.raises(DataError, match="2/26: wrong number of supports: found 1, expected 2"):
            open_release(own)

    def test_a_tree_without_supports_has_none(self, own):
        shutil.rmtree(own / "support_shape")
        assert open_release(own).supports == {}
