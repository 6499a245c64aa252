"""Claims about feature networks: what they are called, and what files do."""

import warnings
from pathlib import Path

import pytest
import torch
from torch import nn

from ipose.errors import ConfigError, MissingWeightsError
from ipose.evaluation.feature_networks import (
    INCEPTION_FILE,
    FeatureNetwork,
    load_features,
    load_network_file,
    random_features,
)
from ipose.images import image_float
from ipose.segmentation.saved import save_semantic_segmenter
from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import SegmenterConfig

IMAGES = torch.randint(0, 256, (3, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


class Network(nn.Module):
    """Means of a convolution: written to files by the tests."""

    def __init__(self, pooled: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3)
        self.pooled = pooled

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        return x.mean((2, 3)) if self.pooled else x


def torchscript(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript has a successor
        torch.jit.save(torch.jit.trace(network.eval(), torch.zeros(1, 3, 16, 16)), path)
    return path


def exported(network: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = torch.export.Dim("batch", min=1, max=64)
        torch.export.save(
            torch.export.export(network.eval(), (torch.zeros(2, 3, 16, 16),), dynamic_shapes=({0: batch},)), path
        )
    return path


def test_a_run_of_a_segmenter_gives_the_means_of_its_logits(tmp_path):
    network = SemanticSegmenter(SegmenterConfig(height=32, width=32), 3)
    save_semantic_segmenter(tmp_path / "run" / "model", network, ["sky", "car", "dog"])
    images = IMAGES.repeat(1, 1, 2, 2)
    found = load_features(str(tmp_path / "run"))
    assert found.name == "segmenter"
    expected = network(image_float(images)).mean((2, 3)).double()
    torch.testing.assert_close(found(images), expected, atol=1e-5, rtol=1e-5)
    with pytest.raises(MissingWeightsError, match="no segmenter in this folder"):
        load_features(str(tmp_path))


class TestNames:
    """Only the real Inception's distances are called FID."""

    def test_another_network_is_named_with_its_hash(self):
        network = FeatureNetwork("mine", "0123456789abcdef", lambda x: x)
        assert network.metric_name("Frechet distance", "FID") == "Frechet distance (features mine@0123456789ab)"

    def test_the_real_inception_is_fid(self):
        network = FeatureNetwork("inception", "6726825d", lambda x: x, is_inception=True)
        assert network.metric_name("Frechet distance", "FID") == "FID"

    def test_a_file_that_only_has_inceptions_name_is_not_let_through(self, tmp_path):
        path = torchscript(Network(), tmp_path / INCEPTION_FILE)
        with pytest.raises(MissingWeightsError, match="not Inception's weights"):
            load_features(str(path))

    def test_inception_that_is_not_here_says_what_to_do(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        with pytest.raises(MissingWeightsError, match=r"https://github\.com/toshas.*--features"):
            load_features("inception")


class TestNetworkFiles:
    """A TorchScript or torch.export file gives the features of the module that it was made of."""

    @pytest.mark.parametrize(("write", "name"), [(torchscript, "net.pt"), (exported, "net.pt2")])
    def test_features_are_the_modules(self, write, name, tmp_path):
        module = Network()
        network = load_features(str(write(module, tmp_path / name)))
        with torch.no_grad():
            expected = module(IMAGES.float() / 127.5 - 1)
        torch.testing.assert_close(network(IMAGES), expected.double(), rtol=1e-5, atol=1e-6)
        assert network.label.startswith("net@")
        assert not network.is_inception

    def test_feature_maps_are_averaged_over_positions(self, tmp_path):
        module = Network(pooled=False)
        network = load_features(str(torchscript(module, tmp_path / "net.pt")))
        with torch.no_grad():
            expected = module(IMAGES.float() / 127.5 - 1).mean((2, 3))
        torch.testing.assert_close(network(IMAGES), expected.double(), rtol=1e-5, atol=1e-6)

    def test_the_hash_is_of_the_content_not_of_the_name(self, tmp_path):
        first = torchscript(Network(), tmp_path / "a.pt")
        (tmp_path / "b.pt").write_bytes(first.read_bytes())
        other = torchscript(Network(), tmp_path / "c.pt")
        hashes = [load_features(str(path)).sha256 for path in (first, tmp_path / "b.pt", other)]
        assert hashes[0] == hashes[1] != hashes[2]

    @pytest.mark.parametrize("name", ["net.pt", "net.pt2"])
    def test_other_files_are_refused_in_a_sentence(self, name, tmp_path):
        (tmp_path / name).write_bytes(b"no network")
        with pytest.raises(MissingWeightsError, match="no network can be read"):
            load_features(str(tmp_path / name))

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(MissingWeightsError, match=r"nowhere\.pt"):
            load_features(str(tmp_path / "nowhere.pt"))

    def test_a_network_of_another_form_says_so(self):
        flat = FeatureNetwork("flat", "0", lambda images: images.float().mean((1, 2, 3)))
        with pytest.raises(ConfigError, match="another form"):
            flat(IMAGES)


class TestRandomFeatures:
    """The built-in stand-in is the same everywhere, and looks at an image by itself."""

    def test_features_are_the_means_of_three_convolutions_that_halve(self):
        draw, x, means = torch.Generator().manual_seed(0), IMAGES / 127.5 - 1, []
        for width, out in ((3, 16), (16, 32), (32, 48)):
            weight = torch.randn(out, width, 5, 5, generator=draw) / (25 * width) ** 0.5
            x = torch.nn.functional.conv2d(x, weight, padding=2)[..., ::2, ::2].clamp(min=0)
            means.append(x.mean((2, 3)))
        torch.testing.assert_close(random_features()(IMAGES), torch.cat(means, 1).double())

    def test_two_of_one_seed_are_one_network(self):
        first, second = random_features(), random_features()
        assert first.sha256 == second.sha256 != random_features(1).sha256
        assert torch.equal(first(IMAGES), second(IMAGES))

    def test_a_batch_equals_its_images_one_by_one(self):
        network = random_features()
        one_by_one = torch.cat([network(image[None]) for image in IMAGES])
        torch.testing.assert_close(one_by_one, network(IMAGES), rtol=1e-5, atol=1e-6)


class Doubled(nn.Module):
    """Twice the image, with dropout in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.drop = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(2 * x)


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    file = tmp_path_factory.mktemp("script") / "network.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch is leaving TorchScript
        torch.jit.save(torch.jit.script(Doubled()), file)
    return file


@pytest.fixture(scope="module")
def exported_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("exported") / "network.pt2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(Doubled().eval(), (torch.zeros(1, 3, 4, 4),)), file)
    return file


class TestLoadNetworkFile:
    """load_network_file(path): a callable, in eval mode."""

    @pytest.mark.parametrize("kind", ["script", "exported_file"])
    def test_computes_what_was_saved_in_eval_mode(self, kind, request):
        network = load_network_file(request.getfixturevalue(kind))
        x = torch.rand(1, 3, 4, 4)
        assert torch.equal(network(x), 2 * x)

    def test_loading_warns_of_nothing(self, script):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            load_network_file(script)

    def test_a_file_that_is_not_there_is_named_with_how_to_make_one(self, tmp_path):
        with pytest.raises(
            MissingWeightsError, match=r"none\.pt: no such network file\. Check the path.*torch\.jit\.save"
        ):
            load_network_file(tmp_path / "none.pt")

    @pytest.mark.parametrize("name", ["network.pt", "network.pt2"])
    def test_words_are_no_network(self, tmp_path, name):
        (tmp_path / name).write_text("these are words")
        with pytest.raises(
            MissingWeightsError, match=r"no network can be read from this file.*expected TorchScript, or"
        ):
            load_network_file(tmp_path / name)

    def test_weights_alone_are_no_network(self, tmp_path):
        torch.save({"weight": torch.zeros(2)}, tmp_path / "weights.pt")
        with pytest.raises(MissingWeightsError, match="no network can be read"):
            load_network_file(tmp_path / "weights.pt")

    def test_a_network_saved_as_the_other_kind_is_refused(self, script, tmp_path):
        (tmp_path / "network.pt2").write_bytes(script.read_bytes())
        with pytest.raises(MissingWeightsError, match="no network can be read"):
            load_network_file(tmp_path / "network.pt2")
