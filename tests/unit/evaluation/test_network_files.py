"""Networks that come as a file are read without the code that made them; anything else is refused in a sentence."""

import warnings

import pytest
import torch
from torch import nn

from ipose.errors import MissingWeightsError
from ipose.evaluation.network_files import load_network_file


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
def exported(tmp_path_factory):
    file = tmp_path_factory.mktemp("exported") / "network.pt2"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(Doubled().eval(), (torch.zeros(1, 3, 4, 4),)), file)
    return file


class TestLoadNetworkFile:
    """load_network_file(path): a callable, in eval mode."""

    @pytest.mark.parametrize("kind", ["script", "exported"])
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
