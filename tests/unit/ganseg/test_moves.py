"""Moves are read from the command line, and shift the points of one part."""

import pytest
import torch

from ipose.errors import ConfigError
from ipose.ganseg.moves import MovePart, move_parts, parts_off_the_picture


class TestMovePart:
    """part=NUMBER:DOWN,RIGHT."""

    def test_is_read(self):
        assert MovePart.parse("part=2:0.1,-0.25") == MovePart(2, 0.1, -0.25)

    @pytest.mark.parametrize("words", ["2:0.1,0", "part=2", "part=2:0.1", "part=x:0,0", "part=1:0.1.1,0", ""])
    def test_else_one_sentence_says_how(self, words):
        with pytest.raises(ConfigError, match=r"expected part=NUMBER:DOWN,RIGHT"):
            MovePart.parse(words)

    def test_moves_its_parts_points_and_no_others(self):
        points = torch.rand(2, 12, 2)
        shift = move_parts(points, 3, [MovePart(2, 0.5, -0.25), MovePart(2, 0.5, 0.0)]) - points
        torch.testing.assert_close(shift[:, 4:8], torch.tensor([1.0, -0.25]).expand(2, 4, 2))
        assert not shift[:, :4].any()
        assert not shift[:, 8:].any()

    @pytest.mark.parametrize("part", [0, 4])
    def test_a_part_that_there_is_not(self, part):
        with pytest.raises(ConfigError, match=rf"found {part}, expected 1\.\.3"):
            move_parts(torch.zeros(1, 12, 2), 3, [MovePart(part, 0.0, 0.0)])


class TestPartsOffThePicture:
    """A part is off the picture where none of its points is within [-1, 1]."""

    def test_by_hand(self):
        points = torch.zeros(2, 6, 2)
        moved = move_parts(points, 3, [MovePart(2, 1.5, 0.0), MovePart(3, 0.0, -1.5)])
        moved[1, 2] = 0.0  # one of the two points of part 2 comes back in the second image
        assert parts_off_the_picture(points, 3) == {}
        assert parts_off_the_picture(moved, 3) == {2: [0], 3: [0, 1]}
