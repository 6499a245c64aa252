"""The planted faults are in order: each can be planted and names a test that there is; the runner does what it says."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mutants.faults import UNIT, Fault, fault_files, read_faults, write_faults
from mutants.running import Outcome
from mutants.table import Result, page, summary

FILES = fault_files()
FAULTS = [fault for path in FILES for fault in read_faults(path)]
FAULT = Fault("losses/kl.py", "-0.5 * (1", "-1.0 * (1")
HAND_COUNT = "losses/test_kl.py::TestKLDivergence::test_matches_a_hand_count"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestTheData:
    """Faults are found in the source as it is, so that the list cannot rot."""

    def test_each_can_be_planted_in_its_module_and_gives_python(self, path):
        for fault in read_faults(path):
            planted = fault.planted()
            assert fault.find != fault.put
            compile(planted, fault.file, "exec")

    def test_each_is_there_once(self, path):
        places = [(fault.file, fault.find, fault.put) for fault in read_faults(path)]
        assert len(set(places)) == len(places)

    def test_the_tests_of_its_module_are_there(self, path):
        for fault in read_faults(path):
            assert all((UNIT / test).is_file() for test in fault.tests), fault

    def test_the_claim_is_a_test_of_the_modules_own(self, path):
        for fault in read_faults(path):
            if fault.claim is not None:
                file, *names = fault.claim.split("::")
                assert file in fault.tests
                assert not names or re.search(rf"(class|def) {names[0]}\b", (UNIT / file).read_text(encoding="utf-8"))

    def test_an_equivalent_one_says_why_and_has_no_claim(self, path):
        for fault in read_faults(path):
            assert fault.equivalent is None or (len(fault.equivalent) > 20 and fault.claim is None)

    def test_writing_them_changes_nothing(self, path, tmp_path):
        write_faults(tmp_path / "copy.toml", read_faults(path))
        assert (tmp_path / "copy.toml").read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_there_are_at_least_three_hundred_of_all_rooms_that_compute():
    rooms = {fault.file.split("/")[0] for fault in FAULTS}
    assert len(FAULTS) >= 300
    assert rooms >= {"layers", "losses", "shapes", "partnet", "synthesis", "groupdnet", "ganseg", "segmentation"}
    assert rooms >= {"evaluation", "training", "data", "editing", "partworld", "seeds.py"}


def test_no_file_with_recorded_numbers_judges_a_fault():
    assert not [test for fault in FAULTS for test in fault.tests if "golden" in test or "interop" in test]


def test_a_piece_that_is_not_there_once_is_refused():
    with pytest.raises(ValueError, match="found 0 times"):
        replace(FAULT, find="no such thing").planted()
    with pytest.raises(ValueError, match=r"found \d+ times"):
        replace(FAULT, find="mean").planted()


FRESH = """
from mutants.running import Job, outcomes
from test_mutants import FAULT, HAND_COUNT
other = HAND_COUNT.replace("matches_a_hand_count", "is_0_at_the_standard_normal_and_nowhere_near")
jobs = [Job(FAULT, [HAND_COUNT]), Job(None, [HAND_COUNT]), Job(FAULT, [other]), Job(FAULT, ["no_such_file.py"])]
found = dict(outcomes(jobs, cores=1))
assert [found[i].noticed_by for i in range(3)] == [HAND_COUNT, None, None], found
assert found[3].noticed_by.startswith("pytest: "), found
"""


@pytest.mark.slow
def test_a_fault_is_noticed_by_the_test_it_breaks_and_by_no_other():
    """Given the hand count with the fault and without it, and a test that it does not break; in a fresh interpreter."""
    here = Path(__file__).parent
    places = os.pathsep.join(map(str, (here, here.parent)))
    done = subprocess.run(
        [sys.executable, "-c", FRESH],
        env={**os.environ, "PYTHONPATH": places},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_page_counts_what_was_noticed():
    equivalent = replace(FAULT, equivalent="it is the same")
    results = [
        Result(FAULT).after(Outcome(HAND_COUNT, 2.0, "")),
        Result(replace(FAULT, put="-2.0 * (1")).after(Outcome(None, 3.0, "")),
        Result(equivalent),
    ]
    assert Result(FAULT).after(Outcome("pytest: <ExitCode.USAGE_ERROR: 4>", 1.0, "")).missed
    assert summary(results) == "2 faults, 1 noticed (50.0 %), 1 missed"
    words = page(results)
    assert "| `losses/kl.py` | 2 | 1 | 1 | 5 | test_matches_a_hand_count |" in words
    assert "- `losses/kl.py`: ``-2.0 * (1`` for ``-0.5 * (1``" in words
    assert "it is the same" in words
