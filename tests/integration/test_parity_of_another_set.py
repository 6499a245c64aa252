"""The parity tests know nothing of the files: another set of the same form passes them as they are."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.golden_set import GoldenConfig, write_golden_set

ROOT = Path(__file__).parents[2]


def golden_tests(folder: Path) -> subprocess.CompletedProcess[str]:
    """What `pytest -k golden` says of the set in `folder`."""
    files = sorted({str(file.parent) for file in (ROOT / "tests").rglob("test_golden_*.py")})
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "golden", *files]
    environment = {**os.environ, "IPOSE_GOLDEN": str(folder)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=1800)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "original"),
    [
        (GoldenConfig(), (4, 3)),  # wide, k = 2, other widths, classes and categories; a portrait photograph
        (GoldenConfig(seed=2, image_height=128, image_width=64, supports=1, unknown=2, attention_blocks=1), (3, 7)),
    ],
    ids=["wide", "tall"],
)
def test_another_set_passes_without_a_change(tmp_path, config, original):
    write_golden_set(tmp_path, config, original=original)
    done = golden_tests(tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "failed" not in done.stdout
    assert int(done.stdout.rsplit(" passed", 1)[0].split()[-1]) > 20
