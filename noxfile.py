"""Every check of the project. `nox -s tests` is what CI runs; sessions that need torch share one environment (5 GB)."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nox

nox.options.sessions = ["tests"]
nox.options.default_venv_backend = "none"

ROOT = Path(__file__).parent
SHARED = ROOT / ".nox" / "shared"
BIN = SHARED / ("Scripts" if os.name == "nt" else "bin")
SHAPES_CHECKED = "--jaxtyping-packages=ipose,beartype.beartype"
IN_PARALLEL = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Two worker processes of one thread each; the integration tests, which take longest, come first."""


def _environment(session: nox.Session) -> None:
    """Install the package with its test extra into the shared environment, unless it is there for this pyproject."""
    stamp = SHARED / "pyproject.sha256"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + sys.version.encode()).hexdigest()
    if not (stamp.is_file() and stamp.read_text() == wanted):
        shutil.rmtree(SHARED, ignore_errors=True)
        session.run(sys.executable, "-m", "venv", str(SHARED), external=True)
        session.run(str(BIN / "python"), "-m", "pip", "install", "-q", "-U", "pip", external=True)
        session.run(str(BIN / "python"), "-m", "pip", "install", "-q", "-e", ".[test]", external=True)
        stamp.write_text(wanted)


def _run(session: nox.Session, *command: str, **environment: str) -> None:
    session.run(str(BIN / "python"), "-m", *command, external=True, env={"MPLBACKEND": "Agg", **environment})


def _pytest(session: nox.Session, *arguments: str, **environment: str) -> None:
    """Tests in parallel; what stands behind `--` on the command line of nox comes last, and so decides."""
    words = ("pytest", *IN_PARALLEL, *arguments, *session.posargs)
    _run(session, *words, OMP_NUM_THREADS="1", **environment)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, import order, docstrings."""
    _environment(session)
    _run(session, "ruff", "check", ".")
    _run(session, "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy at its strict setting over src/."""
    _environment(session)
    _run(session, "mypy")


@nox.session
def tests(session: nox.Session) -> None:
    """Lint, types, unit and integration tests, overfit tests, doctests, README; GPU tests skip where there is none."""
    lint(session)
    types(session)
    _pytest(session, "-m", "not slow", "tests/integration")  # unchecked: that takes a fifth of the time, see thorough
    _pytest(session, "-m", "not slow", SHAPES_CHECKED, "tests", "--ignore=tests/integration")
    _pytest(session, "--doctest-modules", "-q", "src/ipose")


@nox.session
def thorough(session: nox.Session) -> None:
    """Everything, with many more hypothesis examples."""
    _environment(session)
    _pytest(session, SHAPES_CHECKED, "tests", IPOSE_HYPOTHESIS_PROFILE="thorough")


@nox.session
def mutants(session: nox.Session) -> None:
    """Plants faults into a copy of each module and runs its tests; `nox -s mutants -- layers losses/kl.py`: some."""
    _environment(session)
    _run(session, "mutants", *session.posargs, PYTHONPATH="tests", OMP_NUM_THREADS="1")


@nox.session
def docs(session: nox.Session) -> None:
    """The site, in docs/_build. It runs no test: `nox -s docs -- results.xml` shows the results of a JUnit file."""
    _environment(session)
    junit = str(Path(session.posargs[0]).resolve()) if session.posargs else ""
    _run(session, "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build", IPOSE_JUNIT=junit)
    session.log("open docs/_build/index.html")


@nox.session
def gpu(session: nox.Session) -> None:
    """The same claims on CUDA."""
    _environment(session)
    _run(session, "pytest", "-m", "gpu", "tests", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Speed of each fast version against its plain one, as a ratio in the same run; writes docs/results/speed.md."""
    _environment(session)
    page = ("--speed-page", "docs/results/speed.md")
    _run(session, "pytest", "benchmarks", "--benchmark-only", "--benchmark-group-by=group", *page, *session.posargs)


@nox.session
def results(session: nox.Session) -> None:
    """Makes the tables of docs/results again that take under an hour; `nox -s results -- --list` names all of them."""
    _environment(session)
    session.run(str(BIN / "python"), "benchmarks/results.py", *session.posargs, external=True)


@nox.session
def demo(session: nox.Session) -> None:
    """`ipose demo` and `ipose demo --train`, timed against their promises of one and eight minutes."""
    _environment(session)
    for words, minutes in (("demo",), 1), (("demo", "--train"), 8):
        subprocess.run([str(BIN / "ipose"), *words], check=True, timeout=60 * minutes)
