"""Command lines of earlier versions: they do what they did, and say on stderr what to type now."""

from ipose.cli.main import parse
from ipose.systems.part_segmenter.record import SYSTEM as PART_SEGMENTER
from ipose.systems.segmenter.record import SYSTEM as SEGMENTER

PAIRS = ("train", "segmenter", "--pairs")


class TestSegmenterOnPairs:
    """`ipose train segmenter --pairs RUN` is `ipose train part-segmenter` now."""

    def test_it_trains_the_part_segmenter_with_all_that_was_said(self):
        command = parse([*PAIRS, "runs/parts", "--enlarge", "4", "--out", "run"]).which
        assert command.system is PART_SEGMENTER
        assert (str(command.pairs), command.config.enlarge) == ("runs/parts", 4)
        assert parse(["train", "segmenter", "--out", "run", "--pairs=runs/parts"]).which.system is PART_SEGMENTER

    def test_it_says_so(self, ipose, tmp_path):
        done = ipose(*PAIRS, tmp_path / "nowhere", "--out", tmp_path / "run")
        assert "ipose train segmenter --pairs is now: ipose train part-segmenter --pairs" in done.err
        assert "no such run or model folder" in done.err  # and goes on to look for it
        assert done.out == ""

    def test_its_help_is_that_of_the_part_segmenter(self, ipose):
        assert "GANSeg run (or its model folder)" in ipose(*PAIRS, "x", "--help").out

    def test_a_segmenter_of_label_maps_is_what_it_was(self, capsys):
        assert parse(["train", "segmenter", "--out", "run"]).which.system is SEGMENTER
        assert capsys.readouterr().err == ""


class TestSystemOfGenerate:
    """`ipose generate --system NAME`: the model says which system it is of."""

    def test_the_word_is_taken_and_called_needless(self, ipose, tiny, scene_folder, tmp_path):
        label = next((scene_folder / "val_label").iterdir())
        words = ("generate", label, "--model", tiny.synthesis, "--out", tmp_path, "--system", "synthesis")
        done = ipose(*words)
        assert done.code == 0, done.err
        assert done.err == "--system is not needed: the model folder names its system.\n"
        assert (tmp_path / f"{label.stem}_seed0.png").is_file()

    def test_a_wrong_one_changes_nothing(self, ipose, tiny, scene_folder, tmp_path):
        label = next((scene_folder / "val_label").iterdir())
        done = ipose("generate", label, "--model", tiny.synthesis, "--out", tmp_path, "--system", "ganseg")
        assert done.code == 0, done.err
        assert "not needed" in done.err
