"""`ipose generate` of any system: which one it is, and what it can be asked for."""

from pathlib import Path

import pytest
import torch

from ipose.errors import ConfigError, RunError
from ipose.systems.generating import Request, _in_bfloat16, make_images

MAPS = Path("maps")


@pytest.fixture
def line(stranger, tmp_path):
    """A saved model of a system that "makes" a file for each seed, and notes what it was asked for."""

    def make(model, request):
        stranger.called("make", model, request)
        yield from (request.out / f"{seed}.png" for seed in request.seeds)

    stranger.define(make=make)
    stranger.register(making="stranger:make", make_options=stranger.module.MakeOptions)
    return stranger.save(tmp_path / "model")


def images(model, *, device="cpu", given=None, **asked):
    return list(make_images(model, Request(out=Path("out"), **asked), device=device, given=given))


class TestMakeImages:
    """The model says which system it is of; that system does the rest."""

    def test_the_systems_own_function_gets_model_and_request(self, stranger, line):
        assert images(line, inputs=MAPS, seed=5, count=2) == [Path("out/5.png"), Path("out/6.png")]
        ((model, request),) = stranger.calls["make"]
        assert model.device == "cpu"
        assert (request.maps, list(request.seeds), request.options.twist) == (MAPS, [5, 6], None)

    def test_a_run_is_as_good_as_its_model(self, stranger, line, tmp_path):
        assert images(stranger.run(tmp_path / "run").folder, inputs=MAPS) == [Path("out/0.png")]

    def test_its_options_are_taken_from_all_that_were_given(self, stranger, line):
        images(line, inputs=MAPS, given={"twist": 2.0, "move": (), "parts": None})
        assert stranger.calls["make"][0][1].options == stranger.module.MakeOptions(twist=2.0)

    @pytest.mark.parametrize("given", [{"move": ("part=1:0,0",)}, {"parts": MAPS}, {"resample": ("sky",)}])
    def test_an_option_of_another_system_is_refused_by_name(self, stranger, line, given):
        (name,) = given
        with pytest.raises(ConfigError, match=rf"\[{name}\] line has no such option.*expected --twist"):
            images(line, inputs=MAPS, given=given)
        assert "make" not in stranger.calls

    def test_label_maps_must_be_named_where_they_are_read(self, line):
        with pytest.raises(ConfigError, match=r"\[inputs\] no label map"):
            images(line)

    @pytest.mark.parametrize("asked", [{"inputs": MAPS}, {"instances": MAPS}, {"keep_size": True}])
    def test_where_images_come_from_noise_maps_mean_nothing(self, stranger, line, asked):
        stranger.register(making="stranger:make", make_options=stranger.module.MakeOptions, reads_maps=False)
        (name,) = asked
        with pytest.raises(ConfigError, match=rf"\[{name}\] line makes images of noise"):
            images(line, **asked)
        assert images(line) == [Path("out/0.png")]

    def test_a_system_that_makes_no_images_says_what_to_do(self, stranger, line):
        stranger.register(instead="Take a ruler.")
        with pytest.raises(ConfigError, match=r"this model makes no images\. Take a ruler\."):
            images(line, inputs=MAPS)

    def test_a_model_of_a_system_that_is_not_here(self, line):
        (line / "config.json").write_text('{"format": "circle"}')
        with pytest.raises(RunError, match=r"a system that is not here: found circle, .*Install the package"):
            images(line, inputs=MAPS)

    def test_no_model_at_all(self, stranger, tmp_path):
        with pytest.raises(RunError, match="no such run or model folder"):
            images(tmp_path / "nowhere", inputs=MAPS)

    def test_the_device_is_looked_at_first(self, line):
        with pytest.raises(ConfigError, match="no such device"):
            images(line / "nowhere", device="nonsense")


def test_no_image_is_nothing_to_make():
    with pytest.raises(ConfigError, match=r"\[count\]"):
        Request(out=Path("out"), count=0)


def test_in_bfloat16_autocast_is_on_while_a_file_is_made_and_off_while_the_caller_has_it():
    def files():
        for name in ("a", "b"):
            made.append(torch.is_autocast_enabled("cpu"))
            yield Path(name)

    made: list[bool] = []
    between = [(file.name, torch.is_autocast_enabled("cpu")) for file in _in_bfloat16(files(), "cpu")]
    assert made == [True, True]
    assert between == [("a", False), ("b", False)]
