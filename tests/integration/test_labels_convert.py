"""`ipose labels`: real commands on real maps, right and wrong use."""

import json

import numpy as np
import pytest
from PIL import Image

from helpers.published_scenes import write_cityscapes, write_coco_stuff


def pixels(path):
    with Image.open(path) as image:
        return np.array(image)


@pytest.fixture
def coco(tmp_path):
    """COCO-Stuff's label maps, as published."""
    write_coco_stuff(tmp_path / "coco")
    return tmp_path / "coco" / "train_label"


class TestConvert:
    """A file or a folder becomes another one, and what is lost is said."""

    def test_a_folder_there_and_back_is_the_same(self, ipose, coco, tmp_path):
        for form in (":color", ":classes"):
            there, back = tmp_path / f"there{form[1:]}", tmp_path / f"back{form[1:]}"
            done = ipose("labels", "convert", coco, there, "--from", "coco-stuff", "--to", f"coco-stuff{form}")
            assert done.code == 0, done.err
            assert f"2 maps written to {there}\nNothing was lost" in done.out
            assert (
                ipose("labels", "convert", there, back, "--from", f"coco-stuff{form}", "--to", "coco-stuff").code == 0
            )
            for path in coco.iterdir():
                assert (pixels(path) == pixels(back / path.name)).all()

    def test_class_ids_are_label_plus_one_with_0_for_255(self, ipose, coco, tmp_path):
        path = min(coco.iterdir())
        out = tmp_path / "ids.png"
        assert ipose("labels", "convert", path, out, "--from", "coco-stuff", "--to", "coco-stuff:classes").code == 0
        assert (pixels(out) == pixels(path) + np.uint8(1)).all()

    def test_losses_are_named_with_pixels_and_maps(self, ipose, coco, tmp_path):
        done = ipose("labels", "convert", coco, tmp_path / "out", "--from", "coco-stuff", "--to", "cityscapes")
        assert done.code == 0
        grass, zebras = (sum(int((pixels(path) == i).sum()) for path in coco.iterdir()) for i in (123, 23))
        assert done.out.splitlines()[2:] == [
            "  pixels  maps  class -> becomes",
            f"  {grass:>6,}     2  grass -> terrain    (a wider class)",
            f"  {zebras:>6,}     2  zebra -> unlabeled  (no class of that meaning)",
        ]

    def test_cityscapes_files_of_the_code_are_taken_and_renamed(self, ipose, tmp_path):
        write_cityscapes(tmp_path / "data")
        fine, out = tmp_path / "data" / "gtFine", tmp_path / "train-ids"
        done = ipose("labels", "convert", fine, out, "--from", "cityscapes", "--to", "cityscapes-trainids")
        assert done.code == 0, done.err
        written = sorted(path.relative_to(out).as_posix() for path in out.rglob("*.png"))
        assert len(written) == 4
        assert written[0] == "train/aachen/aachen_000000_000019_gtFine_labelTrainIds.png"
        assert set(np.unique(pixels(out / written[0]))) == {0, 2, 10, 11, 12, 13, 18, 255}

    def test_the_same_command_goes_on_where_it_was_interrupted(self, ipose, coco, tmp_path):
        words = ["labels", "convert", coco, tmp_path / "out", "--from", "coco-stuff", "--to", "coco-stuff:color"]
        assert ipose(*words).code == 0
        first, second = sorted((tmp_path / "out").glob("*.png"))
        second.unlink()
        Image.new("RGB", (1, 1)).save(first)  # would be mended, if it were written again
        done = ipose(*words)
        assert "1 map written" in done.out
        assert "1 map there already (--overwrite converts again)" in done.out
        assert second.is_file()
        assert pixels(first).shape == (1, 1, 3)
        assert "2 maps written" in ipose(*words, "--overwrite").out
        assert pixels(first).shape != (1, 1, 3)

    def test_maps_at_fault_are_listed_and_the_others_converted(self, ipose, coco, tmp_path):
        strange = coco / "strange.png"
        Image.new("L", (4, 4), 200).save(strange)
        done = ipose("labels", "convert", coco, tmp_path / "out", "--from", "coco-stuff", "--to", "ade20k")
        assert done.code == 1
        assert "2 maps written" in done.out
        assert f"FAULT {strange}: ids that no class of 'coco-stuff' has: found 200: 16 pixels" in done.out
        assert not (tmp_path / "out" / "strange.png").exists()

    def test_no_more_than_fifty_maps_at_fault_are_listed(self, ipose, coco, tmp_path):
        for i in range(52):
            Image.new("L", (4, 4), 200).save(coco / f"strange{i}.png")
        done = ipose("labels", "convert", coco, tmp_path / "out", "--from", "coco-stuff", "--to", "ade20k")
        assert done.out.count("FAULT") == 50
        assert "... and 2 more (2 x ids that no class of 'coco-stuff' has)" in done.out

    def test_compare_shows_what_becomes_of_each_class(self, ipose):
        done = ipose("labels", "compare", "--from", "cityscapes", "--to", "coco-stuff:color")
        assert done.code == 0
        assert len(done.out.splitlines()) == 35
        assert " 26 car                  -> #68b200 car\n" in done.out
        assert "rider" in done.out


class TestWrongUse:
    """One sentence with the way out, exit code 2, and nothing written or replaced."""

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("{coco} {tmp}/out --from bogus --to ade20k", "[from] no such code of label maps: found 'bogus'"),
            ("{coco} {tmp}/out --from coco-stuff --to ade20k:colour", "expected ids, color, classes"),
            ("{tmp}/nowhere {tmp}/out --from coco-stuff --to ade20k", "no such file or folder"),
            ("{empty} {tmp}/out --from coco-stuff --to ade20k", "no map in this folder: found an empty folder"),
            ("{coco} {coco} --from coco-stuff --to ade20k", "the output is the input itself"),
            ("{coco} {coco} --from coco-stuff --to ade20k --overwrite", "the output is the input itself"),
            ("{file} {file} --from coco-stuff --to ade20k --overwrite", "the output is the input itself"),
            ("{file} {tmp}/out --from coco-stuff --to ade20k", "not the name of a PNG"),
            ("{file} {other} --from coco-stuff --to ade20k", "file is there already"),
            ("{coco} {taken} --from coco-stuff --to ade20k", "folder is taken: found other files"),
            ("{file} {tmp}/out.png --from coco-stuff:color --to ade20k", "Say --from coco-stuff if these are its ids"),
            ("{coco} {tmp}/out --from coco-stuff:color --to ade20k", "2 faults in label maps"),
            ("{text} {tmp}/out.png --from coco-stuff --to ade20k", "not an image"),
            ("{file} {tmp}/out.png --from coco-stuff --to partworld", "and no unknown class either"),
            ("{coco} {tmp}/out --from coco-stuff", "--to"),
        ],
    )
    def test_it_is_explained(self, ipose, coco, tmp_path, words, said):
        for name in ("empty", "taken"):
            (tmp_path / name).mkdir()
        other = tmp_path / "taken" / "other.png"
        other.write_bytes(b"precious")
        (tmp_path / "text.png").write_text("no image")
        file = sorted(coco.iterdir())[0]
        names = {
            "coco": coco,
            "tmp": tmp_path,
            "file": file,
            "other": other,
            "empty": tmp_path / "empty",
            "taken": other.parent,
            "text": tmp_path / "text.png",
        }
        before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        done = ipose("labels", "convert", *words.format(**names).split())
        assert done.code == 2
        assert said in done.err
        assert "Traceback" not in done.err
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
        assert not (tmp_path / "out").exists()

    def test_a_folder_of_another_conversion_is_refused_by_name(self, ipose, coco, tmp_path):
        words = ["labels", "convert", coco, tmp_path / "out", "--from", "coco-stuff"]
        assert ipose(*words, "--to", "ade20k").code == 0
        done = ipose(*words, "--to", "cityscapes")
        assert done.code == 2
        assert f"found maps from coco-stuff to ade20k of {coco}" in done.err
        assert ipose(*words, "--to", "cityscapes", "--overwrite").code == 0
        assert json.loads((tmp_path / "out" / ".ipose-labels.json").read_text())["to"] == "cityscapes"

    def test_what_was_written_inside_the_input_is_not_converted_again(self, ipose, coco):
        words = ["labels", "convert", coco, coco / "colours", "--from", "coco-stuff", "--to", "coco-stuff:color"]
        assert "2 maps written" in ipose(*words).out
        assert "0 maps written" in ipose(*words).out

    def test_a_folder_around_the_input_can_be_written_to(self, ipose, coco, tmp_path):
        words = ["labels", "convert", coco, coco.parent, "--from", "coco-stuff", "--to", "coco-stuff:color"]
        assert "folder is taken" in ipose(*words).err
        assert "2 maps written" in ipose(*words, "--overwrite").out
