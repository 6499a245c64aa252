"""A folder of generated images remembers what made them."""

import json

import pytest

from ipose.errors import DataError
from ipose.systems.made_images import MADE_FROM, MadeImages, file_stem, hash_of_model

FACTS = {"model": "a", "split": "val", "spec": "s", "size": "4x4"}


def write(folder, *names):
    for name in names:
        folder.write(name, lambda path: path.write_bytes(b"image"))


class TestMadeImages:
    """Images stand as long as nothing that they depend on is different."""

    def test_what_was_written_stands(self, tmp_path):
        write(MadeImages(tmp_path / "out", FACTS), "x_seed0.png")
        again = MadeImages(tmp_path / "out", FACTS)
        assert again.place("x_seed0.png").is_file()
        assert not again.place("y_seed0.png").is_file()
        assert again.place("x_seed0.png") == tmp_path / "out" / "x_seed0.png"

    @pytest.mark.parametrize(
        ("fact", "said"),
        [
            ("model", "by another model"),
            ("split", "of another split"),
            ("spec", "under another spec"),
            ("size", "at another size"),
        ],
    )
    def test_another_fact_removes_them_and_says_which(self, tmp_path, capsys, fact, said):
        write(MadeImages(tmp_path, FACTS), "x_seed0.png", "seed0_000001.png")
        assert not MadeImages(tmp_path, {**FACTS, fact: "other"}).place("x_seed0.png").is_file()
        assert f"the 2 images in it were made {said}. They are made anew." in capsys.readouterr().err

    def test_another_version_of_the_code_too(self, tmp_path, capsys):
        write(MadeImages(tmp_path, FACTS), "x_seed0.png")
        content = json.loads((tmp_path / MADE_FROM).read_text())
        (tmp_path / MADE_FROM).write_text(json.dumps({**content, "code": "ipose 0.0"}))
        assert not MadeImages(tmp_path, FACTS).place("x_seed0.png").is_file()
        assert "by another version of ipose" in capsys.readouterr().err

    @pytest.mark.parametrize("content", ["", "[]", '{"format": "else"}'])
    def test_images_of_nobody_knows_what_are_made_anew(self, tmp_path, capsys, content):
        write(MadeImages(tmp_path, FACTS), "x_seed0.png")
        (tmp_path / MADE_FROM).write_text(content)
        assert not MadeImages(tmp_path, FACTS).place("x_seed0.png").is_file()
        assert "by an earlier version of ipose" in capsys.readouterr().err

    def test_a_scene_in_another_state_loses_its_own_images(self, tmp_path):
        write(MadeImages(tmp_path, FACTS, {"x": "1", "x[1]": "1"}), "x_seed0.png", "x_seed12.png", "x[1]_seed0.png")
        MadeImages(tmp_path, FACTS, {"y": "1"})  # other scenes of the same data
        again = MadeImages(tmp_path, FACTS, {"x": "2", "x[1]": "1"})
        assert sorted(path.name for path in tmp_path.glob("*.png")) == ["x[1]_seed0.png"]
        assert again.place("x[1]_seed0.png").is_file()

    def test_files_of_somebody_else_are_not_touched(self, tmp_path):
        (tmp_path / "holiday.png").touch()
        with pytest.raises(DataError, match=r"holds other files: found holiday\.png.*--out"):
            MadeImages(tmp_path, FACTS)
        assert (tmp_path / "holiday.png").is_file()

    def test_a_kill_leaves_no_half_image(self, tmp_path):
        folder = MadeImages(tmp_path, FACTS)

        def killed(path):
            path.write_bytes(b"half")
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            folder.write("x_seed0.png", killed)
        assert not folder.place("x_seed0.png").is_file()


def test_a_name_with_folders_is_one_file():
    assert file_stem("city/scene") == "city__scene"


def test_the_hash_of_a_model_is_of_all_its_files_but_the_model_card(tmp_path):
    (tmp_path / "supports").mkdir()
    (tmp_path / "model.safetensors").write_bytes(b"1")
    first = hash_of_model(tmp_path)
    (tmp_path / "README.md").write_text("words")
    assert hash_of_model(tmp_path) == first
    (tmp_path / "supports" / "a.png").write_bytes(b"2")
    assert hash_of_model(tmp_path) != first
