"""`ipose convert` reads the authors' files in every form in which the PyTorch of their days (1.7) saved them.

The forms are written with today's torch: the files of 1.7 have the same pickles (protocol 2) in an archive that lacks
the entries which later versions added, or, as before 1.6, one after another in a file without an archive.
"""

import zipfile
from collections import OrderedDict

import pytest
import torch
from PIL import Image
from torch import nn

from ipose import IPose
from ipose.data.specs import load_spec
from ipose.data.support_folder import save_supports
from ipose.interop.release import partnet, to_release
from ipose.interop.weight_files import read_weights
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import preset
from ipose.systems.converting import read_network

SMALL = {"channels": 1, "spade_hidden": 2, "part_hidden": 2, "part_feature_channels": 2}

LATER = (".format_version", ".storage_alignment", "byteorder", ".data/serialization_id")
"""Entries that torch's archives have since later versions than 1.7."""


@pytest.fixture(scope="module")
def state():
    """A generator of the release's form with its PartNet, 151 classes of ADE20K, narrow and random."""
    torch.manual_seed(0)
    network = to_release(Generator(preset("ade20k-release", init_gain=1.0, **SMALL)))
    carried = to_release(PartNet(PartNetConfig(encoder_channels=(2, 3, 3, 4))))
    unused = {name: torch.randn_like(value) for name, value in network.items() if name.startswith("conv_nos.5.")}
    return {**network, **unused, **{f"partnet.model.{name}": value for name, value in carried.items()}}


def optimizer_state():
    """Adam's state after a step, as a checkpoint holds it."""
    weight = nn.Parameter(torch.ones(2))
    optimizer = torch.optim.Adam([weight], betas=(0.0, 0.999))
    weight.sum().backward()
    optimizer.step()
    found = optimizer.state_dict()
    found["state"][0]["step"] = 1  # a number in those days, a tensor today
    return found


def with_metadata(state):
    """As `Module.state_dict` makes it: ordered, with the versions of the modules as an attribute."""
    ordered = OrderedDict(state)
    ordered._metadata = OrderedDict({"": {"version": 1}, "body.0.norm_p": {"version": 2}})
    return ordered


def parallel(state):
    """As saved of `nn.DataParallel`, with PartNet wrapped once more inside."""
    inside = "partnet.model."
    return {
        f"module.{inside}module.{name[len(inside) :]}" if name.startswith(inside) else f"module.{name}": tensor
        for name, tensor in state.items()
    }


FORMS = {
    "plain": with_metadata,
    "parallel": lambda state: with_metadata(parallel(state)),
    "parameters": lambda state: {
        name: nn.Parameter(value) if value.is_floating_point() else value for name, value in state.items()
    },
    "checkpoint": lambda state: {"epoch": 500, "netG": state, "optimizer_G": optimizer_state(), "best": 0.5},
    "checkpoint with optimizers alone": lambda state: {
        "generator": parallel(state),
        "optim_gen": optimizer_state(),
        "optim_disc": optimizer_state(),
        "scheduler": {"last_epoch": 3, "_last_lr": [1e-4], "base_lrs": [1e-4]},
        "scaler": {"scale": 65536.0, "growth_factor": 2.0},
    },
    "both networks": lambda state: {"generator": state, "discriminator": {"layer_up_last.weight": torch.ones(1)}},
}


def save(found, path, *, archive: bool, gpu: bool = False):
    """Write a file of torch 1.7 (`archive`), or of before 1.6. `gpu`: its tensors were on a GPU."""
    with pytest.MonkeyPatch.context() as patch:
        if gpu:
            patch.setattr("torch.serialization.location_tag", lambda storage: "cuda:1")
        torch.save(found, path, _use_new_zipfile_serialization=archive)
    if archive:
        with zipfile.ZipFile(path) as written:
            entries = {item: written.read(item) for item in written.namelist() if not item.endswith(LATER)}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as old:
            for item, content in entries.items():
                old.writestr(item, content)


def equal(found, expected):
    return found.keys() == expected.keys() and all(torch.equal(found[name], expected[name]) for name in expected)


def holds(folder, state):
    """Whether a model folder's weights are the file's."""
    model = IPose.from_pretrained(folder)
    found = to_release(model.generator)
    assert all(torch.equal(tensor, state[name]) for name, tensor in found.items())
    own, expected = model.partnet.state_dict(), partnet(state).state_dict()
    return all(torch.equal(tensor, expected[name]) for name, tensor in own.items())


class TestEveryForm:
    """Whatever stands around the weights, they are read."""

    @pytest.mark.parametrize("archive", [True, False], ids=["archive", "no archive"])
    @pytest.mark.parametrize("form", FORMS)
    def test_the_weights_come_through(self, form, archive, state, tmp_path):
        save(FORMS[form](state), tmp_path / "latest.pth", archive=archive)
        assert equal(read_network(tmp_path / "latest.pth"), state)

    @pytest.mark.parametrize("archive", [True, False], ids=["archive", "no archive"])
    def test_the_command_makes_a_model_of_them_though_their_gpu_is_not_here(self, archive, state, ipose, tmp_path):
        save(FORMS["checkpoint with optimizers alone"](state), tmp_path / "latest.pth", archive=archive, gpu=True)
        assert b"cuda:1" in (tmp_path / "latest.pth").read_bytes()
        done = ipose("convert", tmp_path / "latest.pth", tmp_path / "model")
        assert done.code == 0, done.err
        assert holds(tmp_path / "model", state)

    def test_views_of_one_storage_and_any_suffix(self, tmp_path):
        """Tensors of a flat buffer share their storage in the file."""
        flat = torch.arange(12.0)
        save({"a": flat[:6].view(2, 3), "b": flat[6:].view(3, 2).T}, tmp_path / "a.tar", archive=True)
        found = read_weights(tmp_path / "a.tar")
        assert found["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert found["b"].tolist() == [[6, 8, 10], [7, 9, 11]]

    def test_an_optimizer_beside_the_weights_is_no_network(self, ipose, tmp_path):
        save(optimizer_state(), tmp_path / "optim.pth", archive=True)
        done = ipose("convert", tmp_path / "optim.pth", tmp_path / "model")
        assert done.code == 2
        assert "the file holds no state dict: found state (dict), param_groups (list)" in " ".join(done.err.split())


class TestHalfPrecision:
    """Weights saved in 16 bits become a model in 32, which computes what they say."""

    @pytest.fixture(scope="class")
    @staticmethod
    def half(state):
        return {name: value.half() if value.is_floating_point() else value for name, value in state.items()}

    @pytest.fixture(scope="class")
    @staticmethod
    def model(half, ipose, tmp_path_factory):
        folder = tmp_path_factory.mktemp("half")
        save(half, folder / "latest.pth", archive=False)
        maps = torch.zeros(3, 64, 64, dtype=torch.uint8)
        maps[:, 10:50, 10:50], maps[:, 20:30, 20:40] = 1, 2
        save_supports(SupportSet({"car": ("body", "window")}, {"car": maps}), folder / "supports")
        done = ipose("convert", folder / "latest.pth", folder / "model", "--supports", folder / "supports")
        assert done.code == 0, done.err
        return folder / "model"

    def test_the_model_is_in_32_bits(self, model, half):
        loaded = IPose.from_pretrained(model)
        assert {p.dtype for p in [*loaded.generator.parameters(), *loaded.partnet.parameters()]} == {torch.float32}
        wide = {name: value.float() if value.is_floating_point() else value for name, value in half.items()}
        assert holds(model, wide)

    def test_it_makes_images(self, model, ipose, tmp_path):
        names = {item.name.split(",")[0]: item.file_id for item in load_spec("ade20k").classes}
        label = torch.full((64, 64), names["road"], dtype=torch.uint8)
        label[20:50, 10:56] = names["car"]
        Image.fromarray(label.numpy()).save(tmp_path / "map.png")
        words = ("--model", model, "--keep-size", "--out", tmp_path / "out")
        made = ipose("generate", tmp_path / "map.png", *words)
        assert made.code == 0, made.err
