"""Cases from public bug reports, as scripts in the shared folder: each exits with 0 where the behaviour is right.

What they hold is tested where it belongs, too. Here they run as a user's shell would run them.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import ipose

CASES = ("01", "02", "04", "05", "08", "10", "13", "23", "26", "27")


@pytest.mark.parametrize("number", CASES)
def test_a_case_from_a_public_report(shared, tmp_path, number):
    script = shared / "cases" / f"case_{number}.sh"
    if not script.is_file():
        pytest.skip(f"no {script.name} in the shared folder")
    places = {"PY": sys.executable, "SRC": str(Path(ipose.__file__).parents[1]), "TMPDIR": str(tmp_path)}
    said = subprocess.run(
        ["bash", script],
        env=os.environ | places,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert said.returncode == 0, said.stdout + said.stderr


def test_every_script_is_run(shared):
    scripts = {path.stem.removeprefix("case_") for path in (shared / "cases").glob("case_*.sh")}
    assert scripts <= set(CASES)
