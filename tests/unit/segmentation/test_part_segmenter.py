"""A part segmenter: any network of torchvision, its answer at the image's size, its backbone from ImageNet's file."""

import pytest
import torch
import torch.nn.functional as F

from ipose.errors import ConfigError
from ipose.segmentation.part_segmenter import PartSegmenter, imagenet_weights, segmentation_networks

SMALL = "lraspp_mobilenet_v3_large"


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(0)
    return PartSegmenter(3, SMALL, enlarge=2).eval()


class TestPartSegmenter:
    """Any network of torchvision, its answer at the image's size."""

    def test_logits_of_background_and_parts_at_the_images_size(self, segmenter):
        image = torch.zeros(1, 3, 32, 48)
        assert segmenter(image).shape == (1, 4, 32, 48)
        assert segmenter.part_map(image).dtype == torch.uint8

    def test_another_name_is_refused_with_those_that_there_are(self):
        with pytest.raises(ConfigError, match=r"found unet, expected deeplabv3_mobilenet.*lraspp"):
            PartSegmenter(3, "unet")

    def test_a_backbone_is_loaded_whole_or_refused(self, segmenter):
        backbone = segmenter.model.backbone.state_dict()
        loaded = PartSegmenter(5, SMALL, backbone)
        assert all(torch.equal(value, backbone[name]) for name, value in loaded.model.backbone.state_dict().items())
        with pytest.raises(ConfigError, match=r"are of another backbone.*tensors missing.*Get https.*mobilenet_v3"):
            PartSegmenter(5, SMALL, {"conv1.weight": torch.zeros(1)})

    def test_a_backbone_is_taken_from_imagenets_file_as_published(self, segmenter):
        """MobileNet's file says `features.`, older files lack the counters, and the head is of no use."""
        backbone = segmenter.model.backbone.state_dict()
        published = {f"features.{name}": value for name, value in backbone.items() if "num_batches" not in name}
        loaded = PartSegmenter(5, SMALL, {**published, "classifier.0.weight": torch.zeros(1)}).model.backbone
        assert all(torch.equal(loaded.state_dict()[name[9:]], value) for name, value in published.items())

    @pytest.mark.parametrize(
        ("network", "file"), [("deeplabv3_resnet50", "resnet50-0676ba61"), (SMALL, "mobilenet_v3_large-8738ca79")]
    )
    def test_where_imagenets_weights_are(self, network, file):
        assert imagenet_weights(network) == f"https://download.pytorch.org/models/{file}.pth"

    @pytest.mark.parametrize("enlarge", [1, 3])
    def test_is_torchvisions_network_between_two_bilinear_resizes(self, enlarge):
        torch.manual_seed(1)
        network = PartSegmenter(2, SMALL, enlarge=enlarge).eval()
        image = 2 * torch.rand(1, 3, 32, 48, generator=torch.Generator().manual_seed(0)) - 1
        with torch.no_grad():
            larger = F.interpolate(image, size=(32 * enlarge, 48 * enlarge), mode="bilinear")
            expected = F.interpolate(network.model(larger)["out"], size=(32, 48), mode="bilinear")
            torch.testing.assert_close(network(image), expected)

    def test_the_part_map_is_the_likeliest_channel_of_each_pixel(self, segmenter):
        image = 2 * torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) - 1
        with torch.no_grad():
            logits = segmenter(image)
        found = segmenter.part_map(image)
        chosen = logits.gather(1, found.long()[:, None])[:, 0]
        assert torch.equal(chosen, logits.amax(1))
        assert not found.requires_grad

    def test_the_networks_are_torchvisions_segmentation_networks_by_name(self):
        names = segmentation_networks()
        assert {"deeplabv3_resnet50", "fcn_resnet101", SMALL} <= set(names)
        assert "resnet50" not in names
        assert list(names) == sorted(names)

    def test_a_network_that_there_is_not_has_no_imagenet_weights_either(self):
        with pytest.raises(ConfigError, match=r"\[network\].*found resnet50"):
            imagenet_weights("resnet50")
