"""Claims about the loader of Inception's weights, held on random weights of the same form."""

import hashlib
import warnings
from pathlib import Path

import pytest
import torch

from ipose.errors import MissingWeightsError
from ipose.evaluation import feature_networks
from ipose.evaluation.feature_networks import load_features

fidelity = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3", reason="torch-fidelity is not installed")
Extractor = fidelity.FeatureExtractorInceptionV3

IMAGES = torch.randint(0, 256, (2, 3, 400, 400), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A file of random weights that torch-fidelity's Inception can load."""
    path = tmp_path_factory.mktemp("inception") / "weights.pth"
    torch.save({}, path)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(Extractor, "load_state_dict", lambda self, state: None)
        state = Extractor("inception-v3-compat", ["2048"], str(path)).state_dict()
    torch.save(dict(state.items()), path)
    return path


@pytest.fixture
def known(weights, monkeypatch) -> Path:
    """The same, where its hash is the known one."""
    monkeypatch.setattr(feature_networks, "INCEPTION_HASH", hashlib.sha256(weights.read_bytes()).hexdigest()[:8])
    return weights


class TestInception:
    """A file with the known hash is Inception, and its distances are FID and KID."""

    def test_gives_the_pool_features_of_torch_fidelity(self, known):
        network = load_features(str(known))
        assert network.is_inception
        assert network.metric_name("Frechet distance", "FID") == "FID"
        expected = Extractor("inception-v3-compat", ["2048"], str(known))(IMAGES)[0]
        assert expected.shape == (2, 2048)
        torch.testing.assert_close(network(IMAGES), expected.double(), rtol=1e-4, atol=1e-6)

    def test_the_protocol_decides_how_its_input_shrinks(self, known):
        rough, smooth = (load_features(str(known), antialias=antialias)(IMAGES[:1]) for antialias in (False, True))
        assert (rough - smooth).abs().max() > 1e-3 * rough.abs().max()

    def test_weights_of_another_hash_are_no_inception(self, weights):
        with pytest.raises(MissingWeightsError, match="no network can be read"):
            load_features(str(weights))

    def test_a_damaged_file_is_refused_in_a_sentence(self, tmp_path, monkeypatch):
        path = tmp_path / "damaged.pth"
        path.write_bytes(b"PK no weights")
        monkeypatch.setattr(feature_networks, "INCEPTION_HASH", hashlib.sha256(path.read_bytes()).hexdigest()[:8])
        with pytest.raises(MissingWeightsError, match="cannot be read"):
            load_features(str(path))
