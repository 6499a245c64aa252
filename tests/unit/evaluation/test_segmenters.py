"""Claims about segmenters that come as files."""

import json
import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from ipose.data.specs import load_spec
from ipose.errors import ConfigError, DataError, MissingWeightsError
from ipose.evaluation.segmenters import ClassMap, Segmenter, class_maps, classes_named, load_segmenter
from ipose.testing.tiny_scenes import BOX, CAR, DOG, SPEC


class Reds(nn.Module):
    """Channel 0 where red is low, channel 1 where it is high, at half the image's size."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        red = nn.functional.avg_pool2d(x[:, :1], 2)
        return torch.cat([-red, red], dim=1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript has a successor
        torch.jit.save(torch.jit.trace(Reds(), torch.zeros(1, 3, 8, 8)), tmp_path / "reds.pt")
    return tmp_path / "reds.pt"


class TestSegmenter:
    """A segmenter answers with class ids of the spec, at the size of the image."""

    def test_channels_become_their_classes(self, file):
        image = torch.zeros(3, 8, 8, dtype=torch.uint8)
        image[0, :, 4:] = 255
        found = Segmenter(file, [ClassMap("two", (4, 2))])(image)
        assert found[:, :3].eq(4).all()
        assert found[:, 5:].eq(2).all()

    def test_a_channel_may_stand_for_a_part_of_a_class(self, file):
        image = torch.zeros(3, 8, 8, dtype=torch.uint8)
        image[0, :, 4:] = 255
        classes, parts = Segmenter(file, [ClassMap("two", (4, 4))], parts=(0, 3)).regions(image)
        assert classes.eq(4).all()
        assert (parts[:, :3].eq(0) & parts[:, 5:].eq(3)).all()
        assert Segmenter(file, [ClassMap("two", (4, 2))]).regions(image)[1] is None

    def test_its_logits_are_enlarged_bilinearly(self, file):
        """Given red of -1 and 0.2 side by side: between the middles of two pixels of the answer, the line is crossed
        five sixths of the way, within the image's fifth pixel."""
        image = torch.zeros(3, 8, 8, dtype=torch.uint8)
        image[0, :, 4:] = 153
        found = Segmenter(file, [ClassMap("two", (4, 2))])(image)
        assert found.tolist() == [[4] * 5 + [2] * 3] * 8

    def test_another_number_of_channels_asks_for_a_class_map(self, file):
        with pytest.raises(ConfigError, match="--class-map"):
            Segmenter(file, [ClassMap("three", (0, 1, 2))])(torch.zeros(3, 8, 8, dtype=torch.uint8))

    def test_the_first_answer_decides_among_class_maps(self, file):
        maps = [ClassMap("three", (0, 1, 2)), ClassMap("two", (4, 2)), ClassMap("others", (1, 1))]
        judge = Segmenter(file, maps)
        assert set(judge(torch.zeros(3, 8, 8, dtype=torch.uint8)).flatten().tolist()) == {4}
        assert judge.channels == "channels as two, by their number (2)"

    def test_its_way_tells_apart_what_changes_its_scores_and_stays_as_it_is(self, file):
        maps = [ClassMap("three", (0, 1, 2)), ClassMap("two", (4, 2))]
        judge = Segmenter(file, maps)
        others = [
            Segmenter(file, maps[1:]),
            Segmenter(file, maps, ignored=(1,)),
            Segmenter(file, maps, input_size=(8, 8)),
        ]
        assert len({judge.way, *(other.way for other in others)}) == 4
        before = judge.way
        judge(torch.zeros(3, 8, 8, dtype=torch.uint8))
        assert judge.way == before == Segmenter(file, maps).way

    def test_the_network_sees_the_input_size_and_the_answer_has_the_images(self, file):
        image = torch.zeros(3, 6, 10, dtype=torch.uint8)
        image[0, :, 6:] = 255
        for size, found in ((None, {2, 4}), ((2, 2), {4})):  # of 2x2 pixels, the network gives one answer
            answer = Segmenter(file, [ClassMap("two", (4, 2))], input_size=size)(image)
            assert answer.shape == (6, 10)
            assert set(answer.flatten().tolist()) == found

    def test_logits_may_come_under_the_key_out(self, file, tmp_path):
        class Keyed(Reds):
            def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
                return {"out": super().forward(x), "aux": x}

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.jit.save(torch.jit.trace(Keyed(), torch.zeros(1, 3, 8, 8), strict=False), tmp_path / "keyed.pt")
        image = torch.randint(0, 256, (3, 8, 8), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
        plain, keyed = (Segmenter(path, [ClassMap("two", (4, 2))])(image) for path in (file, tmp_path / "keyed.pt"))
        assert torch.equal(keyed, plain)


class TestLoadSegmenter:
    """A run's own class map, or a given one; and the classes that do not count."""

    WHITE = torch.full((3, 8, 8), 255, dtype=torch.uint8)

    @pytest.fixture
    def run(self, file, tmp_path):
        """A run whose segmenter has the channels dog and car."""
        model = tmp_path / "run" / "model"
        model.mkdir(parents=True)
        file.rename(model / "segmenter.pt")
        (model / "class_map.json").write_text(json.dumps(["dog", "car"]))
        return tmp_path / "run"

    def test_of_a_run_or_its_model_folder_has_the_runs_class_map(self, run):
        for path in (run, run / "model"):
            assert load_segmenter(path, SPEC)(self.WHITE).eq(CAR).all()

    def test_a_given_class_map_goes_first(self, run, tmp_path):
        (tmp_path / "mine.json").write_text(json.dumps(["sky", "box"]))
        assert load_segmenter(run, SPEC, tmp_path / "mine.json")(self.WHITE).eq(BOX).all()

    def test_unknown_and_ignored_classes_and_those_without_a_channel_do_not_count(self, run):
        judge = load_segmenter(run, SPEC, ignore=("dog",), input_size=(4, 4))
        judge(self.WHITE)
        assert judge.ignored(SPEC) == (0, 1, DOG, BOX)
        assert judge.input_size == (4, 4)

    def test_a_folder_without_one_is_refused(self, tmp_path):
        with pytest.raises(MissingWeightsError, match="no segmenter in this folder"):
            load_segmenter(tmp_path, SPEC)


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
