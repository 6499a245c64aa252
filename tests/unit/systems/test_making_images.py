"""Which system makes the images, which options it takes, and how often its config is read."""

import builtins
import io

import pytest

from ipose.cli.main import main
from ipose.errors import ConfigError, RunError
from ipose.systems.generating import Request, make_images


class TestOptions:
    """An option that the model's system does not have is refused; None, empty and False mean that it was not given."""

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"parts": "parts.png"}, r"\[parts\] GANSeg has no such option: found parts\.png, expected --move"),
            ({"without_parts": True}, r"\[without_parts\] GANSeg has no such option"),
            ({"resample": ("car",)}, r"\[resample\] GANSeg has no such option"),
        ],
    )
    def test_of_another_system(self, folders, tmp_path, given, said):
        with pytest.raises(ConfigError, match=said):
            list(make_images(folders["ganseg"], Request(out=tmp_path / "out"), given=given))
        assert not (tmp_path / "out").exists()

    def test_that_were_not_given(self, folders, tmp_path):
        given = {"parts": None, "without_parts": False, "resample": (), "move": ()}
        made = list(make_images(folders["ganseg"], Request(out=tmp_path / "out"), given=given))
        assert [path.name for path in made] == ["seed0_0.png", "seed0_0_part.png", "seed0_sheet.png"]

    def test_a_system_of_noise_reads_no_maps(self, folders, maps, tmp_path):
        with pytest.raises(ConfigError, match=r"\[inputs\] GANSeg makes images of noise"):
            list(make_images(folders["ganseg"], Request(out=tmp_path / "out", inputs=maps / "label")))

    @pytest.mark.parametrize("system", ["synthesis", "groupdnet"])
    def test_a_system_of_maps_asks_for_them(self, folders, tmp_path, system):
        with pytest.raises(ConfigError, match=r"\[inputs\] no label map\. Name an index PNG"):
            list(make_images(folders[system], Request(out=tmp_path / "out")))

    def test_no_images_at_all_are_not_asked_for(self, tmp_path):
        with pytest.raises(ConfigError, match="nothing to make"):
            Request(out=tmp_path, count=0)


class TestModels:
    """A model that makes no images, or of a system that is not installed, is refused in a sentence."""

    @pytest.mark.parametrize(
        ("config", "said"),
        [
            (None, r"no model in here"),
            ("{", r"config\.json cannot be read"),
            ('{"format": "robots"}', r"not here: found robots, expected ipose-partnet, ipose.*Install the package"),
            ('{"format": "ipose-partnet"}', r"this model makes no images.*ipose parts"),
        ],
        ids=["nothing", "damaged", "not installed", "PartNet"],
    )
    def test_what_is_said(self, tmp_path, config, said):
        if config is not None:
            (tmp_path / "config.json").write_text(config)
        with pytest.raises((ConfigError, RunError), match=said):
            list(make_images(tmp_path, Request(out=tmp_path / "out")))


@pytest.mark.parametrize("system", ["synthesis", "groupdnet", "ganseg"])
def test_the_config_is_read_once_from_command_to_image(folders, maps, tmp_path, monkeypatch, system):
    read, opened = [], io.open

    def counting(file, *rest, **more):
        if str(file).endswith("config.json"):
            read.append(str(file))
        return opened(file, *rest, **more)

    monkeypatch.setattr(io, "open", counting)
    monkeypatch.setattr(builtins, "open", counting)
    words = ["generate", "--model", str(folders[system]), "--out", str(tmp_path / "out")]
    main([*words, *([] if system == "ganseg" else [str(maps / "label")])])
    assert list((tmp_path / "out").glob("*.png"))
    assert read == [str(folders[system] / "config.json")]
