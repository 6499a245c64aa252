"""Edits in words, as the command line takes them: each form gives its edit, another form is told what is expected."""

import numpy as np
import pytest
import torch
from PIL import Image

from ipose.editing import parsing
from ipose.editing.layout_edits import MoveObject, RemoveObject
from ipose.editing.noise_edits import Resample
from ipose.editing.support_edits import EditSupports
from ipose.errors import ConfigError


def drawn(path, rows):
    Image.fromarray(np.array(rows, dtype=np.uint8)).save(path)
    return path


@pytest.mark.parametrize(
    ("parse", "words", "edit"),
    [
        (parsing.parse_resample, "everything", Resample(everything=True)),
        (parsing.parse_resample, "object=12", Resample(object=12)),
        (parsing.parse_resample, "part=2:wheel", Resample(part=(2, "wheel"))),
        (parsing.parse_drop, "car:license", EditSupports("car", drop="license")),
        (parsing.parse_rename, "car:light:chassis", EditSupports("car", rename=("light", "chassis"))),
        (parsing.parse_move, "2:10:-4", MoveObject(2, down=10, right=-4)),
        (parsing.parse_move, "0:-1:0", MoveObject(0, down=-1, right=0)),
        (parsing.parse_remove, "3", RemoveObject(3)),
    ],
)
def test_words_are_edits(parse, words, edit):
    assert parse(words).record() == edit.record()


@pytest.mark.parametrize(
    ("parse", "words", "flag"),
    [
        (parsing.parse_resample, "object=x", "--resample"),
        (parsing.parse_drop, "car", "--drop"),
        (parsing.parse_rename, "car:light", "--rename"),
        (parsing.parse_move, "2:10", "--move"),
        (parsing.parse_remove, "-1", "--remove"),
        (parsing.parse_add, "car:shape.png:1,2,3", "--add"),
    ],
)
def test_other_words_are_told_what_is_expected(parse, words, flag):
    with pytest.raises(ConfigError, match=rf"\[{flag}\] unclear edit|unclear edit.*{flag}"):
        parse(words)


def test_the_seed_of_a_resampling_is_handed_on():
    assert [parsing.parse_resample(words, seed=7).seed for words in ("everything", "object=1", "part=1:a")] == [7] * 3


def test_an_added_object_has_its_silhouette_and_its_box(tmp_path):
    path = drawn(tmp_path / "shape.png", [[0, 1], [255, 0]])
    edit = parsing.parse_add(
        f"car:{path}:10, 20,16,24",
    )
    assert (edit.category, edit.box) == ("car", (10, 20, 16, 24))
    assert edit.shape.tolist() == [[False, True], [True, False]]


def test_a_region_has_the_scenes_size_and_is_where_something_is_drawn(tmp_path):
    path = drawn(tmp_path / "region.png", [[0, 1], [2, 0]])
    edit = parsing.parse_label(f"grass:{path}", (4, 4))
    assert edit.class_name == "grass"
    assert (
        edit.region.tolist()
        == torch.tensor([[0, 1], [1, 0]]).bool().repeat_interleave(2, 0).repeat_interleave(2, 1).tolist()
    )


def test_a_painting_keeps_its_part_ids_at_the_scenes_size(tmp_path):
    path = drawn(tmp_path / "parts.png", [[0, 1], [2, 3]])
    edit = parsing.parse_paint(f"2:{path}", (4, 4))
    assert edit.object == 2
    assert edit.part_map[::2, ::2].tolist() == [[0, 1], [2, 3]] == edit.part_map[1::2, 1::2].tolist()
    assert edit.part_map.dtype == torch.uint8


def test_drawn_supports_are_in_the_object_frame(tmp_path):
    frame = np.zeros((64, 64), dtype=np.uint8)
    frame[8:32] = 3
    edit = parsing.parse_replace(f"car:{drawn(tmp_path / 'drawn.png', frame)}")
    assert edit.category == "car"
    assert torch.equal(edit.replace, torch.from_numpy(frame))
    with pytest.raises(ConfigError, match=r"found 32x64 \(height x width\), expected 64x64 pixels"):
        parsing.parse_replace(f"car:{drawn(tmp_path / 'half.png', frame[:32])}")
