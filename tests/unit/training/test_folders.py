"""What is said about a folder that should be a run's."""

import pytest

from ipose.errors import RunError
from ipose.training.folders import are_several, nearby, refuse_taken, what_is, writes


class TestRefuseTaken:
    """refuse_taken: a new run begins in a new or an empty folder."""

    def test_a_new_or_an_empty_folder_will_do(self, tmp_path):
        refuse_taken(tmp_path)
        refuse_taken(tmp_path / "new" / "folder")

    def test_a_run_is_refused_with_the_way_to_go_on(self, tmp_path):
        (tmp_path / "run.json").write_text("{}")
        with pytest.raises(RunError, match=r"there is a run here already.*--resume"):
            refuse_taken(tmp_path)

    def test_a_folder_that_holds_something_else_is_refused_with_what_it_holds(self, tmp_path):
        (tmp_path / "thesis.tex").touch()
        with pytest.raises(RunError, match=r"must be new or empty: found thesis\.tex"):
            refuse_taken(tmp_path)

    def test_a_file_is_refused(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(RunError, match="found a file"):
            refuse_taken(tmp_path / "file")


class TestWhatIs:
    """what_is: a path in a few words."""

    def test_nothing_a_file_and_an_empty_folder_are_called_so(self, tmp_path):
        (tmp_path / "file").touch()
        (tmp_path / "folder").mkdir()
        assert what_is(tmp_path / "none") == "nothing"
        assert what_is(tmp_path / "file") == "a file"
        assert what_is(tmp_path / "folder") == "an empty folder"

    def test_a_folder_is_six_of_its_names_in_order(self, tmp_path):
        for name in "fbecda":
            (tmp_path / name).touch()
        assert what_is(tmp_path) == "a, b, c, d, e, f"
        (tmp_path / "g").touch()
        assert what_is(tmp_path) == "a, b, c, d, e, f, ..."


class TestNearby:
    """nearby: where a run may be, for a path that has none."""

    def test_a_folder_inside_of_a_run_points_up(self, tmp_path):
        (tmp_path / "run.json").touch()
        (tmp_path / "samples").mkdir()
        assert nearby(tmp_path / "samples") == f"The run is one level up: {tmp_path}."

    def test_a_folder_of_runs_names_five_of_them_in_order(self, tmp_path):
        for name in "gfedcba":
            (tmp_path / name).mkdir()
            (tmp_path / name / "run.json").touch()
        named = ", ".join(str(tmp_path / name) for name in "abcde")
        assert nearby(tmp_path) == f"There are runs inside: {named}."

    def test_a_folder_of_supports_is_told_to_be_one(self, tmp_path):
        (tmp_path / "car").mkdir()
        (tmp_path / "car" / "0_part.png").touch()
        assert "supports" in nearby(tmp_path)

    @pytest.mark.parametrize("there", [True, False])
    def test_anything_else_is_told_how_to_start_a_run(self, tmp_path, there):
        assert nearby(tmp_path if there else tmp_path / "none") == (
            "Start one with ipose train, or give the folder that ipose train wrote."
        )


class TestSeveralProcesses:
    """What a launcher says: whether there are several processes, and whether this one writes."""

    @pytest.mark.parametrize(
        ("world", "rank", "several", "written"),
        [(None, None, False, True), ("1", "0", False, True), ("2", "0", True, True), ("2", "1", True, False)],
    )
    def test_the_first_process_alone_writes(self, monkeypatch, world, rank, several, written):
        for name, value in (("WORLD_SIZE", world), ("RANK", rank)):
            monkeypatch.delenv(name, raising=False)
            if value is not None:
                monkeypatch.setenv(name, value)
        assert (are_several(), writes()) == (several, written)
