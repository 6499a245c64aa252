"""`ipose export` of any system: files that give the model's answers at any size, or a sentence why there are none."""

import json

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ipose.errors import ConfigError, MissingDependencyError, RunError
from ipose.systems import exporting
from ipose.systems.exporting import Exports, Program, export_model, frozen


class Blur(nn.Module):
    """A convolution, and the mean of each image beside it."""

    def __init__(self):
        super().__init__()
        self.conv = spectral_norm(nn.Conv2d(3, 2, 3, padding=1))

    def forward(self, image):
        return self.conv(image), image.mean((1, 2, 3))


class Wrong(Blur):
    """Another answer in an export: as a layer would give whose fast form is wrong."""

    def forward(self, image):
        maps, mean = super().forward(image)
        return maps + (0.1 if torch.compiler.is_exporting() else 0), mean


class Ragged(nn.Module):
    """Its size depends on the data."""

    def forward(self, image):
        return image.new_zeros(int(image.sum()))


def program(module, name="blur"):
    return Program(
        name,
        module,
        axes={"batch": 1, "height": 4, "width": 4},
        inputs={"image": "batch 3 height width"},
        outputs={"maps": "batch 2 height width", "mean": "batch"},
        example=lambda sizes: (torch.rand(sizes["batch"], 3, sizes["height"], sizes["width"]),),
    )


@pytest.fixture
def line(stranger, tmp_path):
    """A saved model of a system that has these programs."""

    def make(*programs, left_out=()):
        stranger.define(exports=lambda model: Exports(programs, {"colours": 3}, left_out))
        stranger.register(exporting="stranger:exports")
        return stranger.save(tmp_path / "model")

    return make


@pytest.mark.slow
def test_both_forms_take_any_batch_height_and_width(line, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra `export`")
    blur, image = frozen(Blur()), torch.rand(5, 3, 4, 24)
    lines = export_model(line(program(blur), left_out=["No more."]), tmp_path / "out")
    names = [f"{tmp_path / 'out' / name}" for name in ("blur.onnx", "blur.pt2", "export.json")]
    assert [text.split(" (")[0] for text in lines] == [*names, "No more."]
    assert "differs from the model by at most" in lines[0]
    about = json.loads((tmp_path / "out" / "export.json").read_text())
    assert about["colours"] == 3
    assert about["programs"]["blur"] == {
        "axes": {"batch": "any multiple of 1", "height": "any multiple of 4", "width": "any multiple of 4"},
        "inputs": {"image": "batch 3 height width"},
        "outputs": {"maps": "batch 2 height width", "mean": "batch"},
    }
    session = onnxruntime.InferenceSession(tmp_path / "out" / "blur.onnx")
    maps, mean = map(torch.from_numpy, session.run(["maps", "mean"], {"image": image.numpy()}))
    torch.testing.assert_close((maps, mean), blur(image))
    torch.testing.assert_close(torch.export.load(tmp_path / "out" / "blur.pt2").module()(image), blur(image))


def test_only_the_programs_that_are_asked_for_are_written(line, tmp_path):
    model = line(program(frozen(Blur()), "first"), program(frozen(Blur()), "second"))
    export_model(model, tmp_path / "out", ["pt2"], ["second"])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["export.json", "second.pt2"]
    with pytest.raises(ConfigError, match=r"\[only\] no such program.*found third, expected first, second"):
        export_model(model, tmp_path / "again", ["pt2"], ["third"])


def test_a_frozen_network_gives_the_answers_and_is_a_copy():
    blur, image = Blur(), torch.rand(1, 3, 4, 4)
    blur.eval()
    copied = frozen(blur)
    assert {name for name, _ in copied.named_parameters()} == {"conv.weight", "conv.bias"}
    assert not any(parameter.requires_grad for parameter in copied.parameters())
    torch.testing.assert_close(copied(image)[0], blur(image)[0])
    assert all(parameter.requires_grad for parameter in blur.parameters())


class TestRefusals:
    """A sentence names what cannot be exported, and nothing is written."""

    def test_a_system_without_an_export(self, stranger, tmp_path):
        stranger.register(instead="Draw it by hand.")
        model = stranger.save(tmp_path / "model")
        with pytest.raises(ConfigError, match=r"no export: found line, expected PartNet, iPOSE\. Draw it by hand\."):
            export_model(model, tmp_path / "out")

    def test_a_taken_folder(self, line, tmp_path):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").touch()
        with pytest.raises(RunError, match=r"must be new or empty: found mine\.txt"):
            export_model(line(program(Blur())), tmp_path / "out")

    def test_missing_packages(self, line, tmp_path, monkeypatch):
        monkeypatch.setattr(exporting, "find_spec", lambda name: None)
        with pytest.raises(MissingDependencyError, match=r'onnxscript.*pip install "ipose\[export\]".*--forms pt2'):
            export_model(line(program(Blur())), tmp_path / "out")

    def test_a_network_whose_sizes_depend_on_the_data(self, line, tmp_path):
        with pytest.raises(RunError, match=r"torch cannot export blur: found .*An own block must not"):
            export_model(line(program(Ragged())), tmp_path / "out", ["pt2"])
        assert not (tmp_path / "out").exists()

    def test_a_program_that_gives_other_answers(self, line, tmp_path):
        with pytest.raises(RunError, match=r"does not give the model's answers.*expected at most 1e-04"):
            export_model(line(program(frozen(Wrong()))), tmp_path / "out", ["pt2"])
        assert not (tmp_path / "out").exists()
