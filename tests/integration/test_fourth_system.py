"""A system of somebody else's: a package that is installed beside ipose (tests/fourth_system), used by its commands.

Nothing in src/ names it.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

import ipose as package
from ipose.evaluation.eval_card import read_cards

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tests" / "fourth_system"
SEVERAL = """
import contextlib, io, json, sys
from ipose.cli.main import main
answers = []
for words in json.load(sys.stdin):
    code = 0
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main(words)
        except SystemExit as leaving:
            code = leaving.code or 0
    answers.append([code, out.getvalue(), err.getvalue()])
print(json.dumps([answers, "torch" in sys.modules]))
"""


@dataclass(frozen=True)
class Answer:
    """Exit code, and what was printed; of several commands in one process also whether it imported torch."""

    code: int
    out: str
    err: str
    torch_came: bool = False


@dataclass(frozen=True)
class Computer:
    """Where ipose and some packages are installed."""

    site: Path

    def ask(self, *words: object) -> Answer:
        """What `ipose` answers, in a process of its own."""
        done = self.run("-m", "ipose", *map(str, words))
        return Answer(done.returncode, done.stdout, done.stderr)

    def ask_several(self, **commands: tuple[object, ...]) -> dict[str, Answer]:
        """What `ipose` answers to each, by name, all in one process."""
        done = self.run("-c", SEVERAL, typed=json.dumps([list(map(str, words)) for words in commands.values()]))
        assert done.returncode == 0, done.stderr
        answers, torch_came = json.loads(done.stdout)
        return {name: Answer(*answer, torch_came) for name, answer in zip(commands, answers, strict=True)}

    def run(self, *arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        """What Python does with these arguments."""
        path = os.pathsep.join(map(str, [self.site, Path(package.__file__).parents[1]]))  # and the ipose of this test
        environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "200"}
        return subprocess.run(
            [sys.executable, *arguments], env=environment, input=typed, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def computer(tmp_path_factory):
    """The package, installed as a user would, without the network."""
    pytest.importorskip("hatchling", reason="installing a package offline needs hatchling (the extra `test` has it)")
    folder = tmp_path_factory.mktemp("computer")
    source = shutil.copytree(PACKAGE, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    pip = (sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index")
    subprocess.run([*pip, "--target", folder / "site", source], check=True)
    return Computer(folder / "site")


@dataclass(frozen=True)
class Trained:
    """A run of 4 steps that was resumed to 6.

    Args:
        folder: of the run.
        words: that train it, but for `--steps`.
        first: what was printed at 4 steps.
        then: at 6.
    """

    folder: Path
    words: tuple[object, ...]
    first: str
    then: str


@pytest.fixture(scope="module")
def run(computer, scene_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("safm") / "run"
    words = ("train", "safm", "--preset", "tiny", "--device", "cpu", "--sample-every", "2", "--schedule", "linear")
    words = (*words, "--data", scene_folder, "--out", folder)
    first = computer.ask(*words, "--steps", 4)
    assert first.code == 0, first.err
    then = computer.ask(*words, "--steps", 6, "--resume")
    assert then.code == 0, then.err
    return Trained(folder, words, first.out, then.out)


@pytest.fixture(scope="module")
def told(computer):
    """What the commands tell of the system."""
    return computer.ask_several(
        systems=("train", "--help"), flags=("train", "safm", "--help"), preset=("info", "--preset", "small")
    )


class TestHelp:
    """The commands list the system and its flags, without torch."""

    def test_train_lists_it_beside_the_others(self, told):
        assert all(f"• {name} " in told["systems"].out for name in ("partnet", "synthesis", "groupdnet", "safm"))

    def test_its_flags_are_the_fields_of_its_config(self, told):
        assert "Numbers of noise an image. (default: 8)" in told["flags"].out
        assert "--preset {small,tiny}" in told["flags"].out
        assert "--schedule" in told["flags"].out

    def test_its_presets_can_be_described(self, told):
        assert "\nSAFM (toy) preset small\n" in told["preset"].out  # after GANSeg's of the same name

    def test_no_torch_was_imported(self, told):
        assert not told["flags"].torch_came


def page_commands() -> list[list[str]]:
    """The words of each `ipose` line on the page that walks through the package."""
    lines = (ROOT / "docs" / "own-model.md").read_text(encoding="utf-8").splitlines()
    return [shlex.split(line)[2:] for line in lines if line.startswith("$ ipose ")]


def test_every_command_of_the_page_is_one_that_ipose_takes(computer):
    parse = (
        f"from ipose.cli.main import parse\nfor words in {page_commands()!r}:\n    '--help' in words or parse(words)"
    )
    done = computer.run("-c", parse)
    assert done.returncode == 0, done.stderr
    assert {words[0] for words in page_commands()} >= {"train", "generate", "evaluate", "report", "info", "doctor"}


class TestTraining:
    """`ipose train safm`, then `--resume`."""

    def test_it_trains_and_says_what_comes_next(self, run):
        assert "Trained 4 steps" in run.first
        assert f"Make images: ipose generate MAP.png --model {run.folder}" in run.first
        assert f"Report: {run.folder / 'report.html'}" in run.first

    def test_it_goes_on(self, run):
        assert "Trained 6 steps" in run.then
        sheets = sorted(path.name for path in (run.folder / "samples").iterdir())
        assert sheets == [f"step-000000{step}.png" for step in (2, 4, 6)]

    def test_run_json_holds_its_settings_as_the_data_fitted_them(self, run):
        info = json.loads((run.folder / "run.json").read_text())
        assert info["kind"] == "safm"
        assert info["config"]["safm"]["num_classes"] == 23
        assert (info["train"]["schedule"], info["train"]["batch_size"]) == ("linear", 2)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Where images go."""
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def used(computer, run, scene_folder, made):
    """What the other commands answer, used rightly and wrongly."""
    inputs = (scene_folder / "val_label", "--instances", scene_folder / "val_inst", "--count", 2, "--out", made)
    return computer.ask_several(
        generate=("generate", *inputs, "--model", run.folder),
        evaluate=("evaluate", run.folder, "--features", "random", "--seeds", 0, 3),
        report=("report", run.folder),
        info=("info", run.folder),
        doctor=("doctor", scene_folder),
        other_settings=(*run.words, "--steps", 8, "--resume", "--hidden", 5),
        other_protocol=("evaluate", run.folder, "--protocol", "classes"),
        other_option=("generate", *inputs, "--model", run.folder, "--move", "part=2:0.1,0.0"),
        no_release=("convert", run.folder, made / "x.pth", "--to-release"),
    )


class TestUse:
    """All other commands know what to do with the run."""

    def test_generate_makes_images_and_sheets(self, used, made, scene_folder):
        names = sorted(path.stem for path in (scene_folder / "val_label").iterdir())
        expected = {f"{name}_{what}.png" for name in names for what in ("seed0", "seed1", "sheet")}
        said = {Path(path).name for path in used["generate"].out.split()}
        assert {path.name for path in made.iterdir()} == expected == said
        assert (made / f"{names[0]}_seed0.png").read_bytes() != (made / f"{names[0]}_seed1.png").read_bytes()

    def test_evaluate_judges_its_images(self, used, run):
        cards = read_cards(run.folder)
        assert {card.metric.split(" (")[0] for card in cards} == {
            *("Frechet distance", "Kernel distance", "Diversity between seeds"),
            *("Object Frechet distance", "Object kernel distance"),
        }
        assert all(set(card.model) == {"generator", "training commit"} for card in cards)
        assert sum("cards/" in line for line in used["evaluate"].out.splitlines()) == 5

    def test_the_report_has_gallery_cards_curves_and_settings(self, used, run):
        assert used["report"].out == f"{run.folder / 'report.html'}\n"
        page = (run.folder / "report.html").read_text()
        places = [page.index(f">{title}<") for title in ("Validation scenes", "Eval cards", "Training", "Settings")]
        assert places == sorted(places)
        assert all(word in page for word in ("SAFM (toy)", "discriminator_channels", "Object kernel distance"))
        assert page.count("data:image/png") > 2 * 4  # two scenes of label map, instances, images; and the curves

    def test_info_says_what_the_model_is(self, used):
        assert "(safm), 23 classes, images of 64x64" in used["info"].out
        assert "step-4, step-6" in used["info"].out

    def test_doctor_reads_its_data(self, used, scene_folder):
        assert f"{scene_folder}: no faults" in used["doctor"].out

    @pytest.mark.parametrize(
        ("name", "words"),
        {
            "other_settings": "safm.hidden 4 there, 5 here",
            "other_protocol": "SAFM (toy) is not judged by this protocol: found classes, expected images",
            "other_option": "[move] SAFM (toy) has no such option",
            "no_release": "no release of SAFM (toy)",
        }.items(),
    )
    def test_what_it_cannot_do_is_told(self, used, name, words):
        assert used[name].code == 2
        assert words in used[name].err

    def test_without_the_package_its_run_says_so(self, run, tmp_path):
        answer = Computer(tmp_path).ask("info", run.folder)
        assert answer.code == 2
        assert "a model of a system that is not here: found safm" in answer.err


def install(site: Path, name: str, **modules: str) -> None:
    """A package, as pip would leave it: modules, and in its metadata an entry point that names NAME:SYSTEM."""
    facts = site / f"{name}-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[ipose.systems]\n{name} = {name}:SYSTEM\n")
    for module, text in modules.items():
        (site / f"{module}.py").write_text(text)


RECORD = """
from dataclasses import dataclass
from ipose.systems.record import MakeOptions, System

@dataclass(frozen=True, kw_only=True)
class Config:
    width: int = 1
    \"\"\"Of something.\"\"\"

@dataclass(frozen=True, kw_only=True)
class Options(MakeOptions):
    {option}

SYSTEM = System(name="{name}", summary="s", config=Config, training="x:y", loading="x:y", make_options=Options)
"""


class TestBrokenPackages:
    """One that cannot be loaded, or takes what is another's, is told and passed over; the commands go on."""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("import nothing_of_this_name", "No module named 'nothing_of_this_name'"),
            ("raise RuntimeError('no luck')", "no luck"),
            ("SYSTEM = 1 +", "invalid syntax"),
            ("", "has no attribute 'SYSTEM'"),
            ("SYSTEM = 3", "no record of a system: found int"),
            (RECORD.format(name="ganseg", option="x: int = 0"), "[name] this name is taken"),
            (RECORD.format(name="new", option="move: int = 0"), "[make_options] this name is taken"),
            (RECORD.format(name="new", option="twist: int = 5"), "an option with a default"),
        ],
        ids=["import", "error", "syntax", "nothing", "no record", "name", "option", "default"],
    )
    def test_is_told_and_passed_over(self, tmp_path, text, reason):
        install(tmp_path, "broken", broken=text)
        answer = Computer(tmp_path).ask("info", "--preset", "paper")
        assert answer.code == 0
        assert "ipose: the system 'broken' of an installed package is passed over: " in answer.err
        assert reason in answer.err
        assert "Traceback" not in answer.err
        assert answer.out.startswith("PartNet preset paper\n")

    def test_a_whole_one_beside_it_is_there(self, tmp_path):
        install(tmp_path, "broken", broken="import nothing_of_this_name")
        install(tmp_path, "whole", whole=RECORD.format(name="whole", option="twist: int = 0"))
        assert "• whole " in Computer(tmp_path).ask("train", "--help").out

    def test_a_function_that_is_not_there_is_told_when_it_is_needed(self, tmp_path):
        install(tmp_path, "hollow", hollow=RECORD.format(name="hollow", option="twist: int = 0"))
        answer = Computer(tmp_path).ask("train", "hollow", "--out", tmp_path / "run")
        assert answer.code == 2
        assert "ipose: [x:y] a record names what cannot be imported: found No module named 'x'" in answer.err
        assert not (tmp_path / "run").exists()


def test_nothing_in_src_names_it():
    named = [
        path for path in (ROOT / "src").rglob("*.py") if "safm_toy" in path.read_text() or '"safm"' in path.read_text()
    ]
    assert named == []
