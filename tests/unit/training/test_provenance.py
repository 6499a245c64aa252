"""Which code made a run: the command, the versions, the commit."""

import platform
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import ipose
from ipose.training.provenance import command_line, git_commit, versions


class TestCommandLine:
    """command_line: what was typed, to be typed again."""

    @pytest.mark.parametrize(
        ("argv", "line"),
        [
            (["ipose", "train", "partnet"], "ipose train partnet"),
            (["ipose", "--out", "my runs/a"], "ipose --out 'my runs/a'"),
            (["/site/ipose/__main__.py", "demo"], f"{sys.executable} -m ipose demo"),
        ],
        ids=["command", "with a space", "as a module"],
    )
    def test_is_what_a_shell_reads_back(self, monkeypatch, argv, line):
        monkeypatch.setattr(sys, "argv", argv)
        assert command_line() == line


class TestVersions:
    """versions: of ipose, Python and the libraries that a result depends on."""

    def test_are_those_installed(self):
        found = versions()
        assert found["ipose"] == ipose.__version__
        assert found["python"] == platform.python_version()
        assert found["torch"] == metadata.version("torch")
        assert set(found) == {"ipose", "python", "torch", "torchvision", "accelerate", "numpy"}

    def test_a_library_that_is_not_there_is_absent(self, monkeypatch):
        def version(name):
            if name == "accelerate":
                raise metadata.PackageNotFoundError(name)
            return "1"

        monkeypatch.setattr(metadata, "version", version)
        assert versions()["accelerate"] == "absent"
        assert versions()["torch"] == "1"


def commit(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "m", "--allow-empty"]):
        subprocess.run([*git, *command], check=True)


@pytest.fixture
def checkout(tmp_path):
    """The package's folder in a checkout of its own."""
    package = tmp_path / "src" / "ipose"
    package.mkdir(parents=True)
    (package / "a.py").write_text("1")
    (tmp_path / "README.md").write_text("as committed")
    commit(tmp_path)
    return package.resolve()


class TestGitCommit:
    """git_commit is the checkout's own, never a surrounding repository's."""

    def test_a_package_installed_inside_somebodys_repository_has_none(self, tmp_path):
        package = tmp_path / "venv" / "ipose"
        package.mkdir(parents=True)
        commit(tmp_path)
        assert git_commit(package) is None

    def test_a_checkout_has_its_own(self, checkout):
        known = git_commit(checkout)
        head = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
        assert known == subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
        (checkout / "a.py").write_text("2")
        assert git_commit(checkout) == f"{known}-dirty"

    def test_files_that_git_does_not_track_and_files_outside_of_the_package_do_not_make_it_dirty(self, checkout):
        known = git_commit(checkout)
        (checkout / "new.py").write_text("3")
        (checkout.parents[1] / "README.md").write_text("changed")
        assert git_commit(checkout) == known

    def test_no_repository_has_none(self, tmp_path):
        (tmp_path / "src" / "ipose").mkdir(parents=True)
        assert git_commit((tmp_path / "src" / "ipose").resolve()) is None

    def test_without_git_there_is_none(self, checkout, monkeypatch):
        monkeypatch.setattr(shutil, "which", lambda _: None)
        assert git_commit(checkout) is None
