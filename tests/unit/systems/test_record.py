"""The record: what it needs, what follows by itself, and whether the built-in ones keep what they promise."""

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ipose.cli.evaluate import OF_RUNS
from ipose.configs import config_from_plain, plain
from ipose.errors import ConfigError
from ipose.systems.record import System, TrainOptions, function_named
from ipose.systems.registry import systems

NEEDED = {"name": "mine", "summary": "s", "config": dict, "training": "a:b", "loading": "a:b"}
NAMED = ("training", "loading", "describing", "making", "judging", "class_noise", "page", "figures", "finishing")


def functions(system: System) -> list[str]:
    """All that a record names."""
    released = [one.making for one in system.released.values()]
    return [name for name in (*(getattr(system, field) for field in NAMED), system.to_release, *released) if name]


class TestRecord:
    """Five fields make a system; the rest is a default, or nothing."""

    def test_its_other_names_follow_from_its_name(self):
        system = System(**NEEDED)
        assert (system.title, system.kind, system.formats, system.config_key) == ("mine", "mine", ("mine",), "mine")

    def test_they_can_differ(self):
        system = System(**NEEDED, title="Mine", kind="k", formats=("f", "g"), config_key="c")
        assert (system.title, system.kind, system.formats, system.config_key) == ("Mine", "k", ("f", "g"), "c")

    @pytest.mark.parametrize(
        ("fields", "fault"),
        [
            ({"presets": ("small",)}, "preset and presets need each other, and preset is missing"),
            ({"preset": dict}, "preset and presets need each other, and preset is there"),
            ({"judged_by": {"images": ()}}, "judging and judged_by need each other, and judging is missing"),
            ({"judging": "a:b"}, "judging and judged_by need each other, and judging is there"),
            ({"judging": "a:b", "judged_by": {"classes": ()}, "class_noise": "a:b"}, "and judging is there"),
            ({"judged_by": {"classes": ()}}, "class_noise and .* need each other, and class_noise is missing"),
            ({"tables": "a:b"}, "rows and tables need each other, and rows is missing"),
            ({"rows": "a:b"}, "rows and tables need each other, and rows is there"),
            ({"class_noise": "a:b"}, "class_noise and .* need each other, and class_noise is there"),
        ],
    )
    def test_fields_that_need_each_other(self, fields, fault):
        with pytest.raises(ConfigError, match=f"record 'mine'.*{fault}"):
            System(**NEEDED, **fields)

    def test_the_default_preset_is_the_first(self):
        system = System(**NEEDED, preset=lambda name: {"name": name}, presets=("a", "b"))
        assert system.default_config() == {"name": "a"}
        assert system.default_config("b") == {"name": "b"}
        assert System(**NEEDED).default_config() == {}

    def test_options_go_to_run_json_as_plain_values(self):
        @dataclass(frozen=True, kw_only=True)
        class Options(TrainOptions):
            weights: Path | None = None
            init: Path | None = None

        described = Options(weights=Path("a") / "b").described()
        assert json.loads(json.dumps(described)) == {"weights": "a/b", "init": None}


class TestFunctionNamed:
    """function_named imports what a record names."""

    def test_finds_functions_and_methods(self):
        assert function_named("json:dumps") is json.dumps
        assert function_named("pathlib:Path.cwd")() == Path.cwd()

    @pytest.mark.parametrize("name", ["no_such_module:f", "json:no_such_function", "json", "", ":f"])
    def test_tells_what_is_not_there(self, name):
        with pytest.raises(ConfigError, match="a record names what cannot be imported"):
            function_named(name)


@pytest.mark.parametrize("system", systems(), ids=lambda system: system.name)
class TestBuiltInRecords:
    """What each built-in record says is so."""

    def test_its_functions_can_be_imported(self, system):
        assert all(callable(function_named(name)) for name in functions(system))

    def test_its_presets_are_configs_of_its_kind_and_survive_json(self, system):
        for name in system.presets or (None,):
            config = system.default_config(name)
            assert type(config) is system.config
            assert config_from_plain(system.config, json.loads(json.dumps(plain(config)))) == config

    def test_what_was_published_is_about_fields_of_its_config(self, system):
        known = {field.name for field in dataclasses.fields(system.config)}
        for name in system.presets if system.published is not None else ():
            assert set(system.published(name)) <= known

    def test_what_was_published_has_a_page_that_explains_the_differences(self, system):
        assert (system.published is not None) == bool(system.differences)
        page = Path(__file__).parents[3] / system.differences
        assert page.is_file() or not system.differences

    def test_its_options_of_evaluate_are_options_of_that_command(self, system):
        assert {option for options in system.judged_by.values() for option in options} <= set(OF_RUNS)

    def test_it_says_what_comes_next_with_the_run_in_place(self, system):
        assert "runs/mine" in system.next_step.format(run="runs/mine")

    def test_it_says_what_to_do_where_it_makes_no_images_or_no_cards(self, system):
        assert system.instead or (system.making and system.judged_by and system.page)


def test_records_and_their_configs_import_no_torch():
    script = "import sys; from ipose.systems.registry import systems; systems(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
