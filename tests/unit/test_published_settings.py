"""The published settings: presets beside paper and release, parameter counts, `ipose info --preset`, the page on it."""

import ast
import re
from dataclasses import asdict, fields, replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from ipose.cli.main import main
from ipose.errors import ConfigError
from ipose.partnet import presets as partnet_presets
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PUBLISHED, PartNetConfig
from ipose.synthesis import presets as synthesis_presets
from ipose.synthesis.discriminator import Discriminator
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.published import published
from ipose.systems.describing import describe_preset

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "paper-vs-release.md").read_text(encoding="utf-8")
DATA_SETS = ("cityscapes", "ade20k", "coco-stuff")
OURS = {"zero_empty_masks", "best_checkpoint"}
"""Fields of which the paper says nothing, and whose value in `paper` is not the release's: see the page."""

CONFIGS = {"PartNetConfig": PartNetConfig(), "SynthesisConfig": synthesis_presets.preset("ade20k")}

RELEASE_FORMS = {"part_input", "spectral_norm", "global_loss", "style_crops", "style_block", "normalization"}
"""Where even the paper's presets follow the release: its weights load, or the paper's words leave it open."""

OWN_CHOICES = {"label_mix_mask"}
"""Where no preset follows the release."""


def differing(config, known, column):
    """Fields whose value is not what the column says, where it says something."""
    said = {name: getattr(entry, column) for name, entry in known.items()}
    return {name for name, value in asdict(config).items() if said[name] is not None and said[name] != value}


class TestPresetsAgainstThePublishedNumbers:
    """A paper preset has the paper's numbers, a release preset the scripts'; the exceptions are listed."""

    @pytest.mark.parametrize("name", DATA_SETS)
    def test_synthesis_presets_have_the_papers_numbers(self, name):
        differences = differing(synthesis_presets.preset(name), published(name), "paper")
        assert differences == (RELEASE_FORMS | OWN_CHOICES) - {"normalization"}

    @pytest.mark.parametrize("name", DATA_SETS)
    def test_their_twins_have_the_scripts_numbers(self, name):
        twin = f"{name}-release"
        assert differing(synthesis_presets.preset(twin), published(twin), "release") == OWN_CHOICES

    def test_the_paper_preset_of_partnet_has_the_papers_numbers(self):
        assert differing(partnet_presets.preset("paper"), PUBLISHED, "paper") == {"normalization"}

    def test_the_release_preset_of_partnet_has_the_releases_numbers(self):
        assert differing(partnet_presets.preset("release"), PUBLISHED, "release") == set()

    @pytest.mark.parametrize("name", DATA_SETS)
    def test_where_the_paper_is_silent_its_presets_have_the_releases(self, name):
        for preset, known in (
            (synthesis_presets.preset(name), published(name)),
            (partnet_presets.preset("paper"), PUBLISHED),
        ):
            silent = [field for field, entry in known.items() if entry.paper is None and field not in OURS]
            assert silent
            assert all(getattr(preset, field) == known[field].release for field in silent)

    def test_the_rates_that_differ(self):
        """As printed in the paper, and in the release's scripts."""
        rates = {name: synthesis_presets.preset(name).lr_generator for name in synthesis_presets.PRESETS}
        assert {rates[name] for name in DATA_SETS} == {1e-4}
        assert (rates["cityscapes-release"], rates["ade20k-release"]) == (4e-4, 2e-4)

    def test_every_setting_has_a_row_and_a_docstring_that_names_a_source(self):
        assert list(PUBLISHED) == [field.name for field in fields(PartNetConfig)]
        for module, config in ((partnet_presets, PartNetConfig), (synthesis_presets, SynthesisConfig)):
            documented = docstrings(Path(module.__file__), config.__name__)
            assert set(documented) == {field.name for field in fields(config)}
            own = {"num_classes", "unknown"}  # the data set says
            unsourced = [name for name, text in documented.items() if not re.search(r"\bP\b|\bR\b|OASIS|SPADE", text)]
            assert set(unsourced) <= own


def docstrings(file, class_name):
    """The string behind each field of a class."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name).body
    return {
        node.target.id: following.value.value
        for node, following in pairwise(body)
        if isinstance(node, ast.AnnAssign) and isinstance(following, ast.Expr)
    }


@pytest.fixture(scope="module")
def networks():
    """PartNet, generator and discriminator at 183 classes, without memory for their weights."""
    config = synthesis_presets.preset("coco-stuff")
    with torch.device("meta"):
        return PartNet(partnet_presets.preset("release")), Generator(config), Discriminator.from_config(config)


class TestParameterCounts:
    """At the 183 classes of COCO-Stuff, counted on the meta device."""

    def test_partnet_generator_and_discriminator_have_the_published_numbers(self, networks):
        counts = [sum(p.numel() for p in network.parameters()) for network in networks]
        assert counts == [5_133_825, 106_905_275, 22_263_289]

    def test_the_releases_106921691_count_a_doubling_that_nothing_calls(self, networks):
        unused = torch.nn.ConvTranspose2d(32, 32, 4, stride=2, padding=1, device="meta")
        layers = [*networks[1].parameters(), *unused.parameters()]
        assert sum(p.numel() for p in unused.parameters()) == 16_416
        assert sum(p.numel() for p in layers) == 106_921_691


class TestInfoOfAPreset:
    """`ipose info --preset NAME`: setting | paper | release | value."""

    def rows(self, text):
        return {line.split()[0]: re.split(r"  +", line.strip())[1:] for line in text.splitlines() if "  " in line}

    def test_prints_paper_release_and_value_of_every_setting(self, capsys):
        main(["info", "--preset", "cityscapes-release"])
        said = capsys.readouterr().out
        assert said.startswith("iPOSE preset cityscapes-release\n")
        rows = self.rows(said)
        assert rows["setting"] == ["paper", "release", "value"]
        assert set(rows) >= {field.name for field in fields(SynthesisConfig)}
        assert rows["lr_generator"] == ["0.0001", "0.0004", "0.0004"]
        assert rows["label_mix_weight"] == ["10.0", "5.0", "5.0"]
        assert rows["part_hidden"] == ["-", "32", "32"]
        assert rows["part_channels"] == ["-", "9", "9"]
        assert rows["batch_size"] == ["-", "4", "4"]
        assert rows["ema_decay"] == ["-", "0.999", "0.999"]
        assert rows["epochs"] == ["200 (OASIS)", "500", "500"]
        assert "docs/paper-vs-release.md" in said

    def test_says_that_no_script_passes_a_rate_for_coco(self, capsys):
        main(["info", "--preset", "coco-stuff"])
        said = capsys.readouterr().out
        assert self.rows(said)["lr_generator"] == ["0.0001", "0.0001 (none passed: its config.py's default)", "0.0001"]

    def test_of_groupdnet_names_both_widths_of_the_encoder(self, capsys):
        for name, paper, release in (("deepfashion", 64, 32), ("cityscapes", 8, 10), ("ade20k", 3, 4)):
            main(["info", "--preset", name])
            said = capsys.readouterr().out
            row = self.rows(said[said.index("GroupDNet preset") :])["encoder_channels"]
            assert row[0] == f"C = {paper}, the first layer's width for one class (table 4)"
            assert row[1].startswith(f"{release}, {2 * release}, {4 * release}")

    def test_of_partnet(self, capsys):
        main(["info", "--preset", "paper"])
        said = capsys.readouterr().out
        assert said.startswith("PartNet preset paper\n")
        assert "iPOSE preset" not in said
        assert self.rows(said)["cross_entropy"] == ["no", "yes", "no"]
        assert self.rows(said)["normalization"] == ["batch", "instance", "instance"]
        for name in ("batch_size", "ema_decay", "decay_learning_rate"):
            assert self.rows(said)[name][0] == "-", name

    def test_a_name_of_both_kinds_prints_both(self, capsys):
        main(["info", "--preset", "toy"])
        said = capsys.readouterr().out
        assert said.index("PartNet preset toy") < said.index("iPOSE preset toy")
        assert self.rows(said)["num_classes"] == ["by data set", "by data set", "16"]
        assert self.rows(said)["height"] == ["256", "256", "64"]
        assert self.rows(said)["lr_generator"] == ["0.0001", "by data set", "0.0005"]

    @pytest.mark.parametrize("name", sorted({*partnet_presets.PRESETS, *synthesis_presets.PRESETS}))
    def test_every_preset_can_be_described(self, name):
        assert name in describe_preset(name)

    def test_another_name_is_told_which_there_are(self):
        expected = r"found papr, expected .*release \(PartNet\); .*coco-stuff-release \(iPOSE\)"
        with pytest.raises(ConfigError, match=expected):
            describe_preset("papr")

    @pytest.mark.parametrize("args", [["info"], ["info", "somewhere", "--preset", "paper"]], ids=["neither", "both"])
    def test_a_folder_or_a_preset(self, args, capsys):
        with pytest.raises(SystemExit) as stopped:
            main(args)
        assert stopped.value.code == 2
        assert "expected a run or model folder, or --preset NAME" in capsys.readouterr().err


OPTION = re.compile(r"`(\w+)\.(\w+)`: default `([^`]+)`; `([^`]+)`")
OPTIONS = OPTION.findall(PAGE)
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", PAGE)))


class TestThePage:
    """docs/paper-vs-release.md says what the code does."""

    @pytest.mark.parametrize(("config", "field", "default", "other"), OPTIONS, ids=[name for _, name, *_ in OPTIONS])
    def test_every_option_exists_with_that_default_and_takes_the_other_choice(self, config, field, default, other):
        kind = CONFIGS[config]
        assert next(f.default for f in fields(kind) if f.name == field) == ast.literal_eval(default)
        assert getattr(replace(kind, **{field: ast.literal_eval(other)}), field) != ast.literal_eval(default)

    def test_every_option_line_was_read(self):
        assert len(OPTIONS) == PAGE.count("- *Option*:") >= 13

    @pytest.mark.parametrize(("file", "path"), TESTS, ids=[path for _, path in TESTS])
    def test_every_test_that_it_names_exists(self, file, path):
        body = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
        for name in path.split("::"):
            found = [n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef) and n.name == name]
            assert found, f"{file} has no {name}"
            body = found[0].body

    def test_has_an_option_line_for_every_setting_on_which_paper_and_release_differ(self):
        known = [*PUBLISHED.items(), *(item for name in DATA_SETS for item in published(name).items())]
        disputed = {
            name for name, said in known if None not in (said.paper, said.release) and said.paper != said.release
        }
        described = {field for _, field, *_ in OPTIONS}
        assert disputed <= described
        silent = {
            "zero_empty_masks",
            "paste",
            "weight_init",
            "object_shape",
            "style_resize",
            "best_checkpoint",
            "held_out",
        }
        assert described - disputed == silent
