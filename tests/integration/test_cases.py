"""Cases from public bug reports, as scripts in the shared folder: each exits with 0 where the behaviour is right.

What they hold is tested where it belongs, too. Here they run as a user's shell would run them.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ipose
from helpers.forked_python import forked_python

FORKED = ("01", "02", "04", "05", "23", "26", "27")
"""These scripts get processes forked from one that has imported torch."""
STARTED = ("08", "10", "13")
"""These need processes of their own: another encoding, another /dev/shm, a limit to the size of files."""
LONG = ("08", "10", "13", "23", "26", "27")  # 15 to 60 seconds each; the short session tests in pieces what they hold
CASES = [pytest.param(n, marks=[pytest.mark.slow] * (n in LONG)) for n in sorted(FORKED + STARTED)]
SOURCE = Path(ipose.__file__).parents[1]


@pytest.fixture(scope="module")
def forked(tmp_path_factory):
    with forked_python(tmp_path_factory.mktemp("python"), SOURCE) as program:
        yield program


def run(*command: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        env=os.environ | environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )


@pytest.mark.parametrize("number", CASES)
def test_a_case_from_a_public_report(shared, tmp_path, number, request):
    script = shared / "cases" / f"case_{number}.sh"
    if not script.is_file():
        pytest.skip(f"no {script.name} in the shared folder")
    python = request.getfixturevalue("forked") if number in FORKED else sys.executable
    said = run("bash", script, folder=tmp_path, PY=str(python), SRC=str(SOURCE), TMPDIR=str(tmp_path))
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.mark.parametrize("words", [("info", "nowhere"), ("--version",), ("doctor", "."), ("info", "--no-such-word")])
def test_a_forked_process_answers_as_a_started_one(forked, tmp_path, words):
    answers = [run(python, "-m", "ipose", *words, folder=tmp_path) for python in (forked, sys.executable)]
    assert len({(said.returncode, said.stdout, said.stderr) for said in answers}) == 1, answers


def test_every_script_is_run(shared):
    scripts = {path.stem.removeprefix("case_") for path in (shared / "cases").glob("case_*.sh")}
    assert scripts <= {*FORKED, *STARTED}
