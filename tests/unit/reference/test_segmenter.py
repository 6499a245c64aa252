"""The segmenters are torchvision's networks on an enlarged image, their answer at the image's size."""

import pytest
import torch

from ipose.reference.segmenter import segmenter
from ipose.segmentation.part_segmenter import PartSegmenter
from ipose.segmentation.segmenter import SemanticSegmenter
from ipose.segmentation.segmenter_config import SegmenterConfig

NETWORK = "lraspp_mobilenet_v3_large"


@pytest.mark.parametrize("enlarge", [1, 2, 3])
@pytest.mark.parametrize("kind", ["parts", "semantic"])
def test_the_network_sees_a_larger_image(kind, enlarge):
    torch.manual_seed(enlarge)
    if kind == "parts":
        own = PartSegmenter(2, NETWORK, enlarge=enlarge)
        network = own.model
    else:
        own = SemanticSegmenter(SegmenterConfig(architecture=NETWORK, enlarge=enlarge), 3)
        network = own.network
    own.double().eval()
    image = torch.rand(2, 3, 32, 40, dtype=torch.float64, requires_grad=True)
    found, expected = own(image), segmenter(lambda x: network(x)["out"], image, enlarge=enlarge)
    torch.testing.assert_close(found, expected)
    weight = torch.randn_like(found)
    (of_found,), (of_expected,) = (torch.autograd.grad((y * weight).sum(), image) for y in (found, expected))
    torch.testing.assert_close(of_found, of_expected)
