"""Who judges images: options that cannot work are refused, and networks that are not here are left out or named."""

from pathlib import Path

import pytest

from ipose.errors import ConfigError, MissingWeightsError
from ipose.evaluation.judges import EvaluateOptions, JudgeOptions, judges_of
from ipose.evaluation.protocols import PROTOCOLS


@pytest.fixture(autouse=True)
def no_inception(tmp_path, monkeypatch):
    """A torch.hub cache without Inception's weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))


class TestOptions:
    """Options check themselves."""

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"protocols": ()}, r"\[protocols\] nothing to judge by"),
            ({"protocols": ("fid",)}, "no such protocol"),
            ({"seeds": ()}, r"\[seeds\] nothing to judge by"),
            ({"seeds": (1, 1)}, "expected 1 or more, each once"),
            ({"limit": 1}, r"\[limit\] nothing to judge by: found 1, expected 2 or more"),
            ({"limit": 0, "features": None}, "expected 1 or more"),
            ({"maps": 0}, r"\[maps\] nothing to judge by"),
            ({"pairs": 0}, r"\[pairs\] nothing to judge by"),
            ({"batch_size": 0}, r"\[batch_size\] nothing to compute at once"),
            ({"class_map": Path("map.json")}, r"\[class_map\] a class map of no segmenter"),
            ({"ignore": ("road",)}, r"\[ignore\] an option of no segmenter"),
            ({"segmenter_size": (8, 8)}, r"\[segmenter_size\] an option of no segmenter"),
            ({"segmenter": Path("a.pt"), "segmenter_size": (8, 0)}, r"\[segmenter_size\] no size"),
            ({"lpips": Path("alex.pth"), "seeds": (0,)}, "LPIPS is between seeds"),
            ({"lpips": Path("alex.pth"), "protocols": ("objects-128",)}, "LPIPS is between whole images"),
        ],
    )
    def test_that_cannot_work_are_refused(self, wrong, said):
        with pytest.raises(ConfigError, match=said):
            EvaluateOptions(**wrong)

    def test_one_scene_is_enough_where_nothing_spreads(self):
        assert EvaluateOptions(limit=1, features=None).limit == 1

    def test_lpips_of_the_protocol_classes_needs_one_seed(self):
        assert EvaluateOptions(lpips=Path("alex.pth"), protocols=("classes",), seeds=(0,)).image_protocols == ()

    def test_without_a_name_there_are_two_protocols_of_images(self):
        assert EvaluateOptions().image_protocols == ("images", "objects-128")


class TestLoad:
    """JudgeOptions.load gives the networks that have something to say by a protocol."""

    def test_lpips_is_not_asked_about_objects(self, spec):
        options = JudgeOptions(features="random", lpips=Path("nowhere.pth"))
        assert options.load(PROTOCOLS["objects-128"], spec).perceptual is None
        with pytest.raises(MissingWeightsError, match=r"nowhere\.pth"):
            options.load(PROTOCOLS["images"], spec)

    def test_a_segmenter_needs_the_spec_of_the_label_maps(self, spec):
        options = JudgeOptions(features=None, segmenter=Path("nowhere.pt"))
        assert not options.load(PROTOCOLS["images"], None)
        with pytest.raises(MissingWeightsError, match=r"nowhere\.pt"):
            options.load(PROTOCOLS["images"], spec)


class TestJudgesOf:
    """judges_of gives the networks for each protocol of a run."""

    def test_each_protocol_has_its_features(self, spec):
        found, missing = judges_of(EvaluateOptions(features="random"), spec)
        assert missing is None
        assert [protocol.name for protocol, _ in found] == ["images", "objects-128"]
        assert all(judges.features.name == "random" for _, judges in found)

    def test_without_inception_a_sentence_says_so(self, spec):
        found, missing = judges_of(EvaluateOptions(), spec)
        assert found == []
        assert missing.startswith("No distances of images: ")
        assert "--features random" in missing

    def test_a_network_that_was_named_must_be_there(self, spec):
        for options in (EvaluateOptions(features="nowhere.pt"), EvaluateOptions(segmenter=Path("nowhere.pt"))):
            with pytest.raises(MissingWeightsError, match=r"nowhere\.pt"):
                judges_of(options, spec)

    def test_where_no_features_are_asked_for_there_is_nothing_to_look_with(self, spec):
        assert judges_of(EvaluateOptions(features=None), spec) == ([], None)
