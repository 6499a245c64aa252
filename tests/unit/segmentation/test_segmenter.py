"""A semantic segmenter: torchvision's network, fed an enlarged image, answering at the image's size."""

import pytest
import torch
import torch.nn.functional as F

from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import SegmenterConfig


def made(enlarge: int = 2, classes: int = 4) -> SemanticSegmenter:
    torch.manual_seed(0)
    return SemanticSegmenter(SegmenterConfig(enlarge=enlarge), classes).eval()


@pytest.fixture(scope="module")
def segmenter() -> SemanticSegmenter:
    return made()


@pytest.fixture
def image() -> torch.Tensor:
    return 2 * torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(0)) - 1


class TestSemanticSegmenter:
    """Logits of every class at every pixel."""

    @pytest.mark.parametrize("classes", [2, 5])
    def test_answers_at_the_images_size_with_a_channel_a_class(self, image, classes):
        assert made(1, classes)(image).shape == (2, classes, 32, 48)

    @pytest.mark.parametrize("enlarge", [1, 2, 3])
    def test_is_torchvisions_network_between_two_bilinear_resizes(self, segmenter, image, enlarge):
        network = segmenter if enlarge == 2 else made(enlarge)
        with torch.no_grad():
            larger = F.interpolate(image, size=(32 * enlarge, 48 * enlarge), mode="bilinear")
            expected = F.interpolate(network.network(larger)["out"], size=(32, 48), mode="bilinear")
            torch.testing.assert_close(network(image), expected)

    def test_in_eval_mode_a_batch_equals_its_images_one_by_one(self, segmenter, image):
        with torch.no_grad():
            together = segmenter(image)
            for i in range(2):
                torch.testing.assert_close(segmenter(image[i : i + 1])[0], together[i], atol=1e-5, rtol=1e-4)

    def test_every_weight_learns(self, image):
        network = made().train()
        (network(image) * torch.randn(2, 4, 32, 48)).sum().backward()
        dead = [name for name, p in network.named_parameters() if p.ndim > 1 and (p.grad is None or not p.grad.any())]
        assert not dead

    def test_the_config_names_the_network(self):
        with torch.device("meta"):
            network = SemanticSegmenter(SegmenterConfig(architecture="fcn_resnet50"), 3)
        assert type(network.network).__name__ == "FCN"
