"""A wheel holds all that the package needs, and works where there is no source tree."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def call(*command, cwd, **environment):
    """What a command prints; its errors are the test's."""
    said = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built without isolation, hence without the network."""
    pytest.importorskip("hatchling", reason="building a wheel offline needs hatchling (the extra `test` has it)")
    folder = tmp_path_factory.mktemp("wheel")
    call(
        *(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"),
        *("-w", str(folder), str(ROOT)),
        cwd=folder,
    )
    (path,) = folder.glob("ipose-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder with the installed wheel: what lies there, and nothing else of ipose, can be imported."""
    target = tmp_path_factory.mktemp("site")
    install = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-compile")
    call(*install, "--target", str(target), str(wheel), cwd=target)
    return target


@pytest.fixture(scope="module")
def python(installed, tmp_path_factory):
    """Runs code in an empty folder with the installed wheel first on the path."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    start = f"import ipose, pathlib; assert pathlib.Path(ipose.__file__).is_relative_to({str(installed)!r}); "
    return lambda code: call(sys.executable, "-c", start + code, cwd=elsewhere, PYTHONPATH=str(installed))


class TestWheel:
    """Given the wheel alone, typed, with its data files, and with its command."""

    def test_holds_every_file_of_the_package_and_nothing_beside_it(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            inside = {name for name in archive.namelist() if ".dist-info/" not in name}
        source = ROOT / "src"
        files = {path.relative_to(source).as_posix() for path in (source / "ipose").rglob("*") if path.is_file()}
        assert inside == {name for name in files if "__pycache__" not in name}

    @pytest.mark.parametrize("name", ["py.typed", "data/specs/coco-stuff.toml", "reports/templates/report.html.jinja"])
    def test_holds_the_files_that_are_no_modules(self, installed, name):
        assert (installed / "ipose" / name).is_file()

    def test_carries_its_licence(self, wheel):
        with zipfile.ZipFile(wheel) as archive:
            assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())

    def test_reads_its_own_specs(self, python):
        assert python("from ipose.data.specs import load_spec; print(load_spec('coco-stuff').num_classes)") == "183\n"

    def test_finds_the_report_template(self, python):
        code = """
import tempfile
from ipose.reports.page import ReportContent, Section, write_report
page = write_report(pathlib.Path(tempfile.mkdtemp()) / "report.html", ReportContent("A title", "", [Section("One")]))
print("A title" in page.read_text())
"""
        assert python(code) == "True\n"

    def test_draws_a_scene_and_infers_its_parts(self, python):
        code = """
import torch
from ipose.partworld.config import PartWorldConfig
from ipose.partworld.scene import partworld_scene
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
scene = partworld_scene(PartWorldConfig(size=(32, 32), objects=(1, 1)), 0)
network = PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4), attention_blocks=1))
print(len(scene.objects), network(torch.ones(1, 1, 64, 64), torch.ones(1, 1, 64, 64).byte()).logits.shape[1])
"""
        assert python(code) == "1 9\n"

    @pytest.mark.parametrize("start", ["module", "script"])
    def test_the_command_tells_its_version(self, installed, wheel, tmp_path, start):
        command = [sys.executable, "-m", "ipose"]
        if start == "script":
            command = [sys.executable, str(installed / "bin" / "ipose")]
        version = wheel.name.split("-")[1]
        assert call(*command, "--version", cwd=tmp_path, PYTHONPATH=str(installed)) == f"ipose {version}\n"

    def test_importing_it_does_not_wait_for_torch(self, python):
        assert python("import sys; print('torch' in sys.modules)") == "False\n"
