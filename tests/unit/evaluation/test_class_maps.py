"""Claims about what the channels of a segmenter stand for."""

import json
from pathlib import Path

import pytest

from ipose.data.specs import load_spec
from ipose.errors import ConfigError, DataError
from ipose.evaluation.class_maps import ClassMap, class_maps, classes_named
from ipose.testing.tiny_scenes import SPEC


class TestClassMaps:
    """A class map names the class of each channel."""

    def test_names_and_ids_of_the_files_become_class_ids(self, tmp_path):
        (tmp_path / "map.json").write_text(json.dumps(["sky", 11, "sky", 255]))
        assert class_maps(SPEC, tmp_path / "map.json") == [ClassMap("map.json", (1, 4, 1, 0))]

    def test_without_one_the_channels_are_all_classes_or_all_but_the_unknown_one(self):
        assert [item.ids for item in class_maps(SPEC)] == [(0, 1, 2, 3, 4), (1, 2, 3, 4)]

    def test_a_built_in_one_has_the_classes_of_a_spec_without_its_unknown_one(self):
        assert class_maps(load_spec("ade20k"), Path("ade20k"))[0].ids == tuple(range(1, 151))
        assert class_maps(load_spec("coco-stuff"), Path("coco-stuff"))[0].ids == tuple(range(1, 183))
        trained = class_maps(load_spec("cityscapes"), Path("cityscapes-trainids"))[0].ids
        assert trained == (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("{", "no class map"),
            ("[]", "no class map"),
            ('["skies"]', "'skies'"),
            ("[3]", "found 3"),
            ("[true]", "True"),
        ],
    )
    def test_refuses_others(self, text, words, tmp_path):
        (tmp_path / "map.json").write_text(text)
        with pytest.raises(DataError, match=words):
            class_maps(SPEC, tmp_path / "map.json")

    def test_names_a_missing_file(self, tmp_path):
        with pytest.raises(DataError, match=r"nowhere\.json"):
            class_maps(SPEC, tmp_path / "nowhere.json")


class TestIgnored:
    """What does not count: classes without a channel, the unknown one, and those that the user names."""

    def test_unites_the_three(self):
        assert ClassMap("", (0, 1, 2, 3)).ignored(SPEC) == (0, 4)
        assert ClassMap("", (1, 2, 3, 4)).ignored(SPEC, (2,)) == (0, 2)

    def test_classes_are_named_by_name_or_by_the_id_of_the_files(self):
        assert classes_named(("dog", "7"), SPEC) == (3, 2)
        with pytest.raises(ConfigError, match=r"\[ignore\] no class of 'tiny': found '3'"):
            classes_named(("3",), SPEC)
