"""A semantic segmenter: a network of torchvision with logits at the size of the image."""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from ipose.segmentation.segmenter_config import SegmenterConfig


class SemanticSegmenter(nn.Module):
    """Class logits of every pixel.

    Args:
        config: the network, and the factor by which images are enlarged for it.
        num_classes: number of channels of the answer.
    """

    def __init__(self, config: SegmenterConfig, num_classes: int) -> None:
        from torchvision import models  # half a second, which a start of ipose evaluate does not need

        super().__init__()
        self.config, self.num_classes = config, num_classes
        self.network = models.get_model(
            config.architecture, weights=None, weights_backbone=None, num_classes=num_classes
        )

    def forward(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h w"]:
        """Logits of images in [-1, 1]."""
        size = x.shape[-2:]
        if self.config.enlarge > 1:
            x = F.interpolate(x, scale_factor=float(self.config.enlarge), mode="bilinear", align_corners=False)
        logits: Tensor = self.network(x)["out"]
        return F.interpolate(logits, size=size, mode="bilinear", align_corners=False)
