"""Faults as values: said like errors, listed up to a limit."""

import pytest

from ipose.data.faults import Fault, counted, counted_faults, fault_lines, folded, raise_faults
from ipose.errors import DataError

FAULTS = [Fault(f"{i}.png", "sizes differ" if i % 4 else "empty file") for i in range(12)]


class TestFault:
    """A fault says what an error says, and is made of one."""

    def test_it_has_the_sentence_of_its_error(self):
        error = DataError("id outside", file="a.png", found=9, expected="0..8", mend="Repaint it.")
        assert str(Fault.of(error)) == str(error)
        assert str(Fault.of(error).error()) == str(error)

    def test_a_field_stands_in_its_message_and_a_file_is_given_where_the_error_has_none(self):
        fault = Fault.of(DataError("not a name", field="classes"), "dataset.toml")
        assert (fault.file, fault.message) == ("dataset.toml", "[classes] not a name")


class TestFaultLines:
    """Long lists are cut, and what is cut off is counted by kind."""

    def test_all_are_shown_up_to_the_limit(self):
        assert fault_lines(FAULTS[:3], 3, before="FAULT ") == [f"FAULT {fault}" for fault in FAULTS[:3]]
        assert fault_lines([], 3) == []

    def test_the_others_are_counted_by_their_messages(self):
        *shown, last = fault_lines(FAULTS, 2)
        assert shown == ["0.png: empty file.", "1.png: sizes differ."]
        assert last == "  ... and 10 more (8 x sizes differ; 2 x empty file)"

    def test_at_most_five_kinds_are_counted(self):
        kinds = [Fault("a.png", f"kind {i}") for i in range(7)]
        assert fault_lines(kinds, 1)[1].endswith("; 1 x kind 5; ...)")


class TestFolded:
    """What many files have alike is one fault for a person."""

    def test_four_files_of_one_folder_are_one_line_and_three_are_three(self):
        colours = [Fault(f"maps/{i}.png", "not an index PNG", "RGB", mend="Save ids.") for i in range(40)]
        (one,) = folded(colours)
        assert str(one) == "maps/0.png and 39 more files: not an index PNG: found RGB. Save ids."
        assert folded(colours[:3]) == colours[:3]
        assert len(folded([*colours[:4], Fault("other/0.png", "not an index PNG", "RGB", mend="Save ids.")])) == 2


class TestRaiseFaults:
    """One error for all faults; none where there is no fault."""

    def test_ten_are_listed(self):
        raise_faults([], "data set x")
        with pytest.raises(DataError, match=r"12 faults in data set x:\n  0\.png") as caught:
            raise_faults(FAULTS, "data set x")
        assert str(caught.value).count(".png: ") == 10

    def test_numbers_agree_with_their_nouns(self):
        assert (counted(1, "fault"), counted(1200, "fault")) == ("1 fault", "1,200 faults")
        assert counted_faults([FAULTS[0], FAULTS[0], FAULTS[1]]) == "3 faults in 2 files"
