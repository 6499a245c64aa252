"""Stage 2: a segmenter for real photographs, trained on the generator's images and masks (GANSeg sec. 3.5)."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ConfigError

DEFAULT = "deeplabv3_resnet50"


class PartSegmenter(nn.Module):
    """A segmentation network of torchvision, by name: K+1 classes, channel 0 = background, 1..K = parts.

    Args:
        parts: K.
        network: name in `torchvision.models.segmentation`; the release's is DeepLabV3 on ResNet-50.
        backbone: a state dict for the backbone, such as ImageNet's ResNet-50 without its head; None = random weights.
    Raises:
        ConfigError: torchvision has no such segmentation network, or the backbone's weights are another network's.
    """

    def __init__(self, parts: int, network: str = DEFAULT, backbone: dict[str, Tensor] | None = None) -> None:
        super().__init__()
        self.parts, self.network = parts, network
        self.model = _network(network, parts + 1)
        if backbone is not None:
            _load_backbone(self.model, backbone)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h w"]:
        """Logits at the image's size; images in [-1, 1], without ImageNet's normalisation (the release)."""
        logits: Tensor = self.model(image)["out"]
        return logits

    @torch.no_grad()
    def part_map(self, image: Float[Tensor, "b 3 h w"]) -> Tensor:
        """uint8 (b, h, w): the likeliest of background (0) and parts (1..K) at each pixel."""
        logits: Tensor = self(image)
        return logits.argmax(1).to(torch.uint8)


def segmentation_networks() -> tuple[str, ...]:
    """Names of torchvision's segmentation networks."""
    from torchvision.models import list_models, segmentation

    return tuple(sorted(list_models(segmentation)))


def _network(name: str, classes: int) -> nn.Module:
    known = segmentation_networks()
    if name not in known:
        raise ConfigError(
            "torchvision has no such segmentation network", field="network", found=name, expected=", ".join(known)
        )
    from torchvision.models import get_model

    options: dict[str, Any] = {"weights": None, "weights_backbone": None, "num_classes": classes}
    model: nn.Module = get_model(name, **options)
    return model


def _load_backbone(model: nn.Module, state: dict[str, Tensor]) -> None:
    backbone = model.get_submodule("backbone")
    wanted = backbone.state_dict()
    fitting = {name: value for name, value in state.items() if name in wanted and value.shape == wanted[name].shape}
    if missing := sorted(set(wanted) - set(fitting)):
        raise ConfigError(
            "these weights are of another backbone",
            field="backbone",
            found=f"{len(missing)} of {len(wanted)} tensors missing, such as {missing[0]}",
            mend="Take torchvision's classification network that the segmentation network is built on.",
        )
    backbone.load_state_dict(fitting)
