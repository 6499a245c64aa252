"""PartImageNet's JSON gives the pairs that were drawn; an object is the union of its parts; faults name their entry."""

import builtins
import json

import pytest
import torch

from helpers.published_parts import compressed_runs, drawn_pairs, run_lengths, write_partimagenet
from ipose.data.part_sources.coco_json import Place, part_vocabulary
from ipose.data.part_sources.partimagenet import find_annotations, open_partimagenet
from ipose.errors import DataError, MissingDependencyError

pytest.importorskip("pycocotools", reason='pip install "ipose[data]" brings pycocotools')

SIZE = {"height": 40, "width": 50}
TORSO, HEAD = [10, 5, 30, 5, 30, 20, 10, 20], [25, 2, 38, 2, 38, 10, 25, 10]


def write(root, shapes, *, name="train.json", **changes):
    """A JSON of one image with these segmentations (category id, segmentation); `changes` replace its keys."""
    table = {
        "images": [{"id": 5, "file_name": "n01/a.JPEG", **SIZE}],
        "annotations": [
            {"id": number, "image_id": 5, "category_id": category, "segmentation": shape}
            for number, (category, shape) in enumerate(shapes)
        ],
        "categories": [
            {"id": 0, "name": "Quadruped Head", "supercategory": "Quadruped"},
            {"id": 1, "name": "Quadruped Body", "supercategory": "Quadruped"},
            {"id": 2, "name": "Car Side Mirror", "supercategory": "Car"},
        ],
    }
    root.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(json.dumps({**table, **changes}))
    return root


def read_all(root):
    source = open_partimagenet(root)
    return [pair for item in source.items for pair in source.reader.read(item)]


class TestPartImageNet:
    """One object a super-category and image, its shape the union of its parts."""

    def test_gives_the_pairs_that_were_drawn(self, tmp_path, same_pairs):
        scenes = write_partimagenet(tmp_path)
        source = open_partimagenet(tmp_path)
        for split in ("train", "val"):
            found = [p for item in source.items if item.split == split for p in source.reader.read(item)]
            renamed = {"quadruped": "dog", "bottle": "bottle"}
            found = [type(p)(renamed[p.category], p.shape, p.part_map, p.name) for p in found]
            assert same_pairs(found, drawn_pairs(scenes[split]))

    def test_part_names_are_those_of_the_file_in_order_of_id(self, tmp_path):
        write_partimagenet(tmp_path)
        names = open_partimagenet(tmp_path).part_names
        assert names == {"quadruped": ("head", "body", "foot", "tail"), "bottle": ("mouth", "body")}

    def test_polygons_are_drawn_and_the_smaller_part_shows(self, tmp_path):
        (pair,) = read_all(write(tmp_path, [(0, [HEAD]), (1, [TORSO])]))
        assert (pair.category, pair.name) == ("quadruped", "n01/a-quadruped-0")
        assert torch.equal(pair.shape, pair.part_map > 0)
        areas = torch.bincount(pair.part_map.flatten().long(), minlength=3)[1:]
        head, overlap, torso = 13 * 8, 5 * 5, 20 * 15
        assert areas[0] / areas[1] == pytest.approx(head / (torso - overlap), rel=0.1)

    def test_the_order_of_annotations_means_nothing(self, tmp_path):
        (one,) = read_all(write(tmp_path / "a", [(0, [HEAD]), (1, [TORSO])]))
        (other,) = read_all(write(tmp_path / "b", [(1, [TORSO]), (0, [HEAD])]))
        assert torch.equal(one.part_map, other.part_map)

    def test_all_ways_to_write_a_mask_say_the_same(self, tmp_path):
        pixels = torch.zeros(40, 50, dtype=torch.bool)
        pixels[3:20, 11:31] = True
        square = [[11, 3, 31, 3, 31, 20, 11, 20]]
        ways = [square, compressed_runs(pixels), {"size": [40, 50], "counts": run_lengths(pixels)}]
        pairs = [read_all(write(tmp_path / str(number), [(1, way)]))[0] for number, way in enumerate(ways)]
        assert all(torch.equal(pair.part_map, pairs[0].part_map) for pair in pairs)

    def test_super_categories_in_one_image_are_objects_of_their_own(self, tmp_path):
        pairs = read_all(write(tmp_path, [(1, [TORSO]), (2, [[32, 25, 46, 25, 46, 36, 32, 36]])]))
        assert [(pair.category, pair.part_map.unique().tolist()) for pair in pairs] == [
            ("quadruped", [0, 2]),
            ("car", [0, 1]),
        ]

    def test_the_few_shot_edition_reads_like_the_other(self, tmp_path):
        write(tmp_path / "annotations" / "test", [(1, [TORSO])], name="test.json")
        write(tmp_path / "annotations" / "train", [(1, [TORSO])], name="instances.json")
        assert list(find_annotations(tmp_path)) == ["train", "test"]

    def test_reading_needs_pycocotools_and_says_so(self, tmp_path, monkeypatch):
        write(tmp_path, [(1, [TORSO])])
        real = builtins.__import__

        def without(name, *more):
            if name.startswith("pycocotools"):
                raise ImportError(name)
            return real(name, *more)

        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(MissingDependencyError, match=r'pip install "ipose\[data\]"'):
            read_all(tmp_path)


BAD_SHAPES = {
    "no polygon": [],
    "two corners": [[1, 1, 5, 5]],
    "odd number of coordinates": [[1, 1, 5, 5, 9, 9, 2]],
    "a word": "polygon",
    "words for numbers": [["1", "2", "3", "4", "5", "6"]],
    "flat list": [1, 1, 5, 5, 9, 9],
    "runs too short": {"size": [40, 50], "counts": [5, 5]},
    "negative runs": {"size": [40, 50], "counts": [2010, -10]},
    "runs of another size": {"size": [50, 40], "counts": [2000]},
    "no counts": {"size": [40, 50]},
    "damaged counts": {"size": [40, 50], "counts": "zzzzzzzzz"},
    "a point that is no number": [[1, 1, float("nan"), 5, 9, 9]],
    "a point far away": [[1, 1, 5, 5, 1e300, 9]],
}


class TestFaults:
    """The file, the entry, and the way out."""

    @pytest.mark.parametrize("shape", BAD_SHAPES.values(), ids=BAD_SHAPES)
    def test_a_segmentation_at_fault_is_dropped_and_named_and_the_rest_is_used(self, tmp_path, shape):
        (pair,) = read_all(write(tmp_path / "good", [(1, [TORSO])]))
        source = open_partimagenet(write(tmp_path / "bad", [(1, [TORSO]), (0, shape)]))
        (fault,) = source.dropped if shape != BAD_SHAPES["flat list"] else source.dropped[:1]
        assert str(fault).startswith("train.json, image n01/a.JPEG: annotation 1: ")
        assert torch.equal(read_all(tmp_path / "bad")[0].part_map, pair.part_map)

    @pytest.mark.parametrize("shape", BAD_SHAPES.values(), ids=BAD_SHAPES)
    def test_a_file_of_faults_alone_is_an_error(self, tmp_path, shape):
        with pytest.raises(DataError, match=r"train\.json, image n01/a\.JPEG: annotation 0"):
            open_partimagenet(write(tmp_path, [(0, shape)]))

    def test_of_two_polygons_the_good_one_is_drawn(self, tmp_path):
        (pair,) = read_all(write(tmp_path / "good", [(1, [TORSO])]))
        slips = ([1, 1, 5, 5], [float("nan")] * 6, [1e300, 0, 1e300, 9, 0, 9], [0, 0, 10**9, 0, 10**9, 9])
        source = open_partimagenet(write(tmp_path / "bad", [(1, [slips[0], TORSO, *slips[1:]])]))
        assert len(source.dropped) == len(slips)
        assert torch.equal(read_all(tmp_path / "bad")[0].part_map, pair.part_map)
        assert source.fingerprint != open_partimagenet(tmp_path / "good").fingerprint

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"images": []}, "annotation 0 of no image: found 5"),
            ({"images": [{"id": 5, "file_name": "a"}]}, "image entry without height, width"),
            ({"categories": [{"id": 0, "name": "Quadruped Head"}]}, "annotation 0 of no category: found 1"),
            ({"categories": [{"id": 1, "name": "Quadruped"}]}, "category that names no part: found 'Quadruped'"),
            ({"categories": [{"name": "Quadruped Head"}]}, "category without id or name"),
            ({"categories": [{"id": i, "name": "Cat Leg"} for i in (1, 2)]}, "part twice: found Cat Leg"),
            ({"categories": [{"id": i, "name": f"Cat P{i}"} for i in range(9)]}, "more parts than PartNet has"),
            ({"categories": [{"id": 1, "name": "../x Leg"}]}, "category that names no part"),
            ({"annotations": [{"id": 1}]}, "annotation without image_id or category_id"),
            ({"annotations": None}, "not COCO-style annotations: found images, annotations, categories"),
        ],
    )
    def test_a_json_at_fault_says_what_is_wrong(self, tmp_path, changes, words):
        write(tmp_path, [(1, [TORSO])], **changes)
        with pytest.raises(DataError, match=words) as caught:
            open_partimagenet(tmp_path)
        assert str(tmp_path / "train.json") in str(caught.value)

    def test_a_damaged_json_says_so(self, tmp_path):
        (tmp_path / "train.json").write_text("{")
        with pytest.raises(DataError, match="not a JSON file"):
            open_partimagenet(tmp_path)

    def test_no_json_says_what_was_expected(self, tmp_path):
        with pytest.raises(DataError, match=r"no annotations of parts: expected train\.json"):
            open_partimagenet(tmp_path)

    def test_both_editions_in_one_folder_ask_for_one(self, tmp_path):
        for edition in ("Seg", "OOD"):
            write(tmp_path / f"PartImageNet_{edition}", [(1, [TORSO])])
        with pytest.raises(DataError, match=r"several files of split 'train': found PartImageNet_OOD/train\.json"):
            open_partimagenet(tmp_path)

    def test_splits_with_other_parts_are_refused(self, tmp_path):
        write(tmp_path, [(1, [TORSO])])
        write(tmp_path, [(1, [TORSO])], name="val.json", categories=[{"id": 1, "name": "Cat Leg"}])
        with pytest.raises(DataError, match="splits with different part categories"):
            open_partimagenet(tmp_path)


def test_names_of_several_words_are_taken_apart_by_the_super_category(tmp_path):
    entries = [
        {"id": 3, "name": "Car Side Mirror", "supercategory": "Car"},
        {"id": 1, "name": "Fire Truck Side Door", "supercategory": "Fire Truck"},
        {"id": 2, "name": "car body"},
    ]
    assert part_vocabulary(entries, tmp_path) == {
        1: Place("fire truck", "side door", 1),
        2: Place("car", "body", 1),
        3: Place("car", "side mirror", 2),
    }
