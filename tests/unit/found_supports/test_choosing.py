"""Supports from a segmenter: of one that makes no mistake come exactly the supports that true part maps give."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from PIL import Image

from ipose.data.data_config import CropRule, DataConfig
from ipose.data.object_categories import category_of
from ipose.data.object_photos import cut_out, object_crop
from ipose.data.open_data import PartData, open_scenes, open_spec
from ipose.data.part_pairs import pairs_from_scenes
from ipose.errors import ConfigError, DataError, TooFewObjectsError
from ipose.found_supports.choosing import HARDLY_COVERED, choose_found_supports
from ipose.found_supports.jobs import SegmenterSupportsJob
from ipose.found_supports.segmented_objects import (
    MOSTLY_DROPPED,
    NOTHING_FOUND,
    SegmentedObjects,
    name_parts,
    pairs_of_photographs,
    pairs_of_scenes,
    without_specks,
)
from ipose.part_annotations import PartPair
from ipose.testing import law

WORLD = DataConfig(categories=("car",), objects=(1, 1), scenes=6, val_scenes=1, scene_size=64)
PARTS = ("window", "wheel", "light", "license", "chassis")
JOB = SegmenterSupportsJob(run_folder=Path("nowhere"), data="partworld", k=2)


@pytest.fixture(scope="module")
def scenes():
    return list(open_scenes(WORLD, "train"))


@pytest.fixture(scope="module")
def spec():
    return open_spec(WORLD).labels


def perfect(scenes, order=tuple(range(9))):
    """A segmenter that knows every image by heart; part i is called `order[i]`."""
    table = torch.tensor(order, dtype=torch.uint8)
    known = {scene.image.numpy().tobytes(): table[scene.part.long()] for scene in scenes}
    return lambda image: known[image.numpy().tobytes()]


def drawn(scenes, spec, k=2):
    pairs = pairs_from_scenes(scenes, spec)
    return PartData(pairs, [], {"car": PARTS}, ()).choose_supports(k).part_maps["car"]


class TestPerfectSegmenter:
    """The join adds nothing and loses nothing."""

    @pytest.mark.parametrize("ground", ["photo", "grey", "random"])
    def test_one_that_knows_crops_alone_gives_the_same_objects(self, scenes, spec, ground):
        crops, known = CropRule(margin=0.2, ground=ground), {}
        for scene in scenes:
            for item in scene.objects:
                cut, window, own = object_crop(scene, item, crops)
                truth = cut_out(scene.part.expand(3, -1, -1), own, window)[0]
                known[cut.numpy().tobytes()] = truth
        found = pairs_of_scenes(scenes, spec, lambda cut: known[cut.numpy().tobytes()], "car", crops=crops)
        for pair, true in zip(found.pairs, pairs_from_scenes(scenes, spec), strict=True):
            assert torch.equal(pair.part_map, true.part_map)
            assert torch.equal(pair.shape, true.shape)

    @law(order=st.permutations(range(1, 6)), k=st.integers(1, 3))
    def test_gives_the_supports_that_drawn_maps_give_up_to_channel_order(self, scenes, spec, order, k):
        segment = perfect(scenes, (0, *order, 6, 7, 8))
        pairs = pairs_of_scenes(scenes, spec, segment, "car")
        found = choose_found_supports(pairs, PARTS, replace(JOB, k=k)).supports.part_maps["car"]
        renamed = torch.tensor([0, *order], dtype=torch.uint8)[drawn(scenes, spec, k).long()]
        assert torch.equal(found, renamed)

    def test_does_not_look_at_true_part_maps(self, scenes, spec):
        blind = [replace(scene, part=None) for scene in scenes]
        (first, second) = (pairs_of_scenes(s, spec, perfect(scenes), "car").pairs for s in (scenes, blind))
        assert all(torch.equal(a.part_map, b.part_map) for a, b in zip(first, second, strict=True))

    @pytest.mark.parametrize(("limit", "count"), [(None, 6), (2, 2), (9, 6)])
    def test_looks_at_the_first_scenes_alone_where_asked(self, scenes, spec, limit, count):
        names = [pair.name for pair in pairs_of_scenes(scenes, spec, perfect(scenes), "car", limit=limit).pairs]
        assert names == [pair.name for pair in pairs_from_scenes(scenes[:count], spec)]

    def test_objects_in_which_it_finds_nothing_are_counted(self, scenes, spec):
        seen = pairs_of_scenes(scenes, spec, lambda image: torch.zeros(64, 64, dtype=torch.uint8), "car")
        assert (seen.pairs, seen.passed_over) == ([], {NOTHING_FOUND: len(scenes)})

    def test_what_it_says_beside_the_object_is_not_used(self, scenes, spec):
        right = perfect(scenes)
        noisy = {s.image.numpy().tobytes(): torch.where(s.instance == s.objects[0].instance_id, 0, 1) for s in scenes}

        def segment(image):
            part = right(image)
            return torch.where(part > 0, part, noisy[image.numpy().tobytes()]).to(torch.uint8)

        pairs = [pairs_of_scenes(scenes[:2], spec, one, "car").pairs for one in (right, segment)]
        assert all(torch.equal(a.shape, b.shape) for a, b in zip(*pairs, strict=True))
        assert all(not (b.part_map[~b.shape]).any() for b in pairs[1])


class TestChoice:
    """Only objects that the segmenter saw enough of become supports."""

    def test_objects_without_parts_on_half_of_them_are_passed_over(self, scenes, spec):
        pairs = pairs_of_scenes(scenes, spec, perfect(scenes), "car").pairs
        torn = pairs[0].part_map.clone()
        torn[torch.nonzero(pairs[0].shape)[3:].unbind(1)] = 0
        seen = SegmentedObjects([replace(pairs[0], part_map=torn), *pairs[1:]], {NOTHING_FOUND: 2})
        found = choose_found_supports(seen, PARTS, JOB)
        assert (found.objects, found.passed_over) == (len(pairs) - 1, {NOTHING_FOUND: 2, HARDLY_COVERED: 1})
        assert sum(found.share.values()) == pytest.approx(1)

    @pytest.mark.parametrize(("rows", "kept"), [(4, 3), (3, 2)])
    def test_parts_on_half_of_an_object_are_enough(self, rows, kept):
        """Given objects of 8 rows, of which one shows parts on 4 or on 3, and what part 2 has of all part pixels."""
        shape = torch.zeros(64, 64, dtype=torch.bool)
        shape[10:18, 10:20] = True
        pairs = [PartPair("car", shape, shape.to(torch.uint8), name) for name in "ab"]
        some = torch.zeros(64, 64, dtype=torch.uint8)
        some[10 : 10 + rows, 10:20] = 2
        found = choose_found_supports(SegmentedObjects([*pairs, PartPair("car", shape, some, "c")]), PARTS, JOB)
        assert found.objects == kept
        assert list(found.share) == list(PARTS)
        assert list(found.share.values()) == pytest.approx([0.8, 0.2, 0, 0, 0] if kept == 3 else [1, 0, 0, 0, 0])

    def test_filled_supports_cover_the_object(self, scenes, spec):
        pairs = pairs_of_scenes(scenes, spec, perfect(scenes), "car").pairs
        holes = []
        for pair in pairs:
            part = pair.part_map.clone()
            part[30:34] = 0
            holes.append(replace(pair, part_map=part))
        job = replace(JOB, k=len(pairs), fill=True)
        found = choose_found_supports(SegmentedObjects(holes), PARTS, job).supports.part_maps["car"]
        areas = sorted(int(pair.shape.sum()) for pair in pairs)
        assert sorted(int((part > 0).sum()) for part in found) == areas

    def test_supports_that_lack_a_part_are_named(self, scenes, spec):
        seen = pairs_of_scenes(scenes, spec, perfect(scenes), "car")
        pairs = [replace(pair, part_map=pair.part_map.where(pair.part_map != 2, 5)) for pair in seen.pairs]
        found = choose_found_supports(SegmentedObjects(pairs), PARTS, JOB)
        drawn_parts = [set(part_map.unique().tolist()) for part_map in found.supports.part_maps["car"]]
        assert set(found.lacking) == {1, 2}
        for number, lacking in found.lacking.items():
            assert "wheel" in lacking
            assert {PARTS.index(name) + 1 for name in lacking} == {1, 2, 3, 4, 5} - drawn_parts[number - 1]

    def test_no_object_and_too_few_are_said(self, scenes, spec):
        nothing = pairs_of_scenes(scenes, spec, lambda image: torch.zeros(64, 64, dtype=torch.uint8), "car")
        with pytest.raises(DataError, match="found no object here: found background everywhere"):
            choose_found_supports(nothing, PARTS, JOB)
        with pytest.raises(DataError, match=f"found 4 objects: {MOSTLY_DROPPED}. .* fewer parts background"):
            choose_found_supports(SegmentedObjects([], {MOSTLY_DROPPED: 4}), PARTS, JOB)
        with pytest.raises(DataError, match="no object in these scenes"):
            choose_found_supports(pairs_of_scenes(scenes, spec, perfect(scenes), "dog"), PARTS, JOB)
        pairs = pairs_of_scenes(scenes, spec, perfect(scenes), "car")
        with pytest.raises(TooFewObjectsError, match="too few objects of 'car'"):
            choose_found_supports(pairs, PARTS, replace(JOB, k=20))


class TestCategory:
    """A part category, or the name of a thing class."""

    def test_a_class_without_part_category_serves_by_its_name(self, scenes, spec):
        classes = [replace(item, part_category=None) for item in spec.classes]
        bare = replace(spec, classes=tuple(classes))
        unnamed = [replace(s, objects=tuple(replace(o, part_category=None) for o in s.objects)) for s in scenes]
        name = spec.classes[scenes[0].objects[0].class_id].name
        pairs = pairs_of_scenes(unnamed, bare, perfect(scenes), name).pairs
        assert len(pairs) == len(scenes)
        assert {pair.category for pair in pairs} == {name}

    def test_of_many_one_must_be_named(self, spec):
        with pytest.raises(ConfigError, match="which objects are meant"):
            category_of(spec, None)
        with pytest.raises(ConfigError, match="no such objects: found 'unicorn'"):
            category_of(spec, "unicorn")

    def test_the_only_one_in_the_scenes_is_meant_and_others_are_said_not_to_be_there(self, spec):
        cats, dogs = (frozenset({i}) for name in ("cat", "dog") for i, c in enumerate(spec.classes) if c.name == name)
        assert category_of(spec, None, cats) == "cat"
        with pytest.raises(ConfigError, match=r"which objects are meant\?: expected one of cat, dog\."):
            category_of(spec, None, cats | dogs)
        with pytest.raises(ConfigError, match="the scenes hold no dog: expected one of cat"):
            category_of(spec, "dog", cats)
        with pytest.raises(ConfigError, match="the scenes hold no objects"):
            category_of(spec, None, frozenset())


class TestPhotographs:
    """Without maps, the segmenter's own foreground is the object."""

    def test_the_foreground_is_brought_to_the_object_frame(self, tmp_path):
        Image.fromarray(np.zeros((40, 30, 3), dtype=np.uint8)).save(tmp_path / "a.png")

        def segment(image):
            part = torch.zeros(image.shape[1:], dtype=torch.uint8)
            part[10:20, 5:25], part[20:30, 5:25], part[0, 0] = 1, 2, 2
            return part

        (pair,) = pairs_of_photographs([tmp_path / "a.png"], segment, "thing").pairs
        assert torch.equal(pair.shape, pair.part_map > 0)
        rows, _ = torch.nonzero(pair.shape).unbind(1)
        assert int(rows.min()) > 0  # the speck in the corner is no part of it
        assert int(rows.max() - rows.min()) > 50
        assert (int(pair.part_map[12, 30]), int(pair.part_map[52, 30])) == (1, 2)

    def test_a_photograph_of_nothing_is_passed_over_and_counted(self, tmp_path):
        Image.fromarray(np.zeros((40, 30, 3), dtype=np.uint8)).save(tmp_path / "a.png")
        seen = pairs_of_photographs([tmp_path / "a.png"], lambda image: image[0], "thing")
        assert (seen.pairs, seen.passed_over) == ([], {NOTHING_FOUND: 1})

    @pytest.mark.parametrize("size", [(64, 64), (50, 80)])
    def test_what_a_dropped_part_leaves_is_cut_out_anew(self, tmp_path, size):
        Image.fromarray(np.zeros((*size, 3), dtype=np.uint8)).save(tmp_path / "a.png")

        def segment(image):
            part = torch.zeros(image.shape[1:], dtype=torch.uint8)
            part[10:30, 10:30], part[30:40, 10:30] = 1, 2
            return part

        (pair,) = pairs_of_photographs([tmp_path / "a.png"], segment, "thing", name_parts(["a", "b"], ["a", "-"])).pairs
        rows, columns = torch.nonzero(pair.shape).unbind(1)
        assert min(int(rows.max() - rows.min()), int(columns.max() - columns.min())) > 50
        assert set(pair.part_map.unique().tolist()) <= {0, 1}

    @pytest.mark.parametrize(("rows", "kept"), [(20, 1), (19, 0)])
    def test_a_photograph_that_dropped_parts_halve_is_passed_over(self, tmp_path, rows, kept):
        Image.fromarray(np.zeros((64, 64, 3), dtype=np.uint8)).save(tmp_path / "a.png")

        def segment(image):
            part = torch.zeros(image.shape[1:], dtype=torch.uint8)
            part[10 : 10 + rows, 5:25], part[10 + rows : 50, 5:25] = 1, 2
            return part

        seen = pairs_of_photographs([tmp_path / "a.png"], segment, "thing", name_parts(["a", "b"], ["a", "-"]))
        assert (len(seen.pairs), sum(seen.passed_over.values())) == (kept, 1 - kept)
        assert kept or seen.passed_over == {MOSTLY_DROPPED: 1}

    def test_specks_that_a_dropped_part_leaves_go_too(self, tmp_path):
        """Given a pixel of part 1 that only part 2 held together with the rest of part 1."""
        Image.fromarray(np.zeros((64, 64, 3), dtype=np.uint8)).save(tmp_path / "a.png")

        def segment(image):
            part = torch.zeros(image.shape[1:], dtype=torch.uint8)
            part[10:30, 10:30], part[30:40, 20], part[40, 20] = 1, 2, 1
            return part

        (pair,) = pairs_of_photographs([tmp_path / "a.png"], segment, "thing", name_parts(["a", "b"], ["a", "-"])).pairs
        assert pair.shape[8:56, 8:56].all()  # a square that fills its frame

    def test_pixels_that_touch_at_a_corner_are_one_piece(self):
        part = torch.zeros(20, 20, dtype=torch.uint8)
        part[2:10, 2:10], part[10, 10], part[19, 0] = 1, 2, 3
        assert without_specks(part).unique().tolist() == [0, 1, 2]

    @pytest.mark.parametrize(("pixels", "stays"), [(9, False), (10, True)])
    def test_a_piece_of_a_tenth_of_the_largest_one_stays(self, pixels, stays):
        part = torch.zeros(20, 20, dtype=torch.uint8)
        part[2:12, 2:12], part[15, :pixels] = 1, 2
        assert (2 in without_specks(part)) is stays

    def test_pieces_of_some_size_stay(self):
        part = torch.zeros(20, 20, dtype=torch.uint8)
        part[2:10, 2:10], part[12:15, 12:16], part[19, 0] = 1, 2, 3
        assert without_specks(part).unique().tolist() == [0, 1, 2]
