"""GANSeg's second stage: a segmenter for photographs, trained on the generator's images and masks (GANSeg sec. 3.5)."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ipose.errors import ConfigError

DEFAULT = "deeplabv3_resnet50"


class PartSegmenter(nn.Module):
    """A segmentation network of torchvision with K+1 classes: channel 0 = background, 1..K = parts.

    Args:
        parts: K.
        network: name in `torchvision.models.segmentation`. The release's is DeepLabV3 on ResNet-50.
        backbone: state dict of the classification network for the backbone, such as ImageNet's ResNet-50. None = random
            weights.
        enlarge: factor by which images are enlarged for the network, whose answer is at 1/8 of its input's size.
    Raises:
        ConfigError: torchvision has no such segmentation network, or the backbone's weights are another network's.
    """

    def __init__(
        self, parts: int, network: str = DEFAULT, backbone: Mapping[str, Tensor] | None = None, *, enlarge: int = 1
    ) -> None:
        super().__init__()
        self.parts, self.network, self.enlarge = parts, network, enlarge
        self.model = _network(network, parts + 1)
        if backbone is not None:
            _load_backbone(self.model, backbone, network)

    def forward(self, image: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b c h w"]:
        """Logits at the image's size. Images in [-1, 1], without ImageNet's normalisation (the release)."""
        if self.enlarge == 1:
            logits: Tensor = self.model(image)["out"]
            return logits
        larger = F.interpolate(image, scale_factor=float(self.enlarge), mode="bilinear", align_corners=False)
        answer: Tensor = self.model(larger)["out"]
        return F.interpolate(answer, size=image.shape[-2:], mode="bilinear", align_corners=False)

    @torch.no_grad()
    def part_map(self, image: Float[Tensor, "b 3 h w"]) -> Tensor:
        """The most likely part of each pixel, uint8 (b, h, w): 0 = background, 1..K = parts."""
        logits: Tensor = self(image)
        return logits.argmax(1).to(torch.uint8)


def segmentation_networks() -> tuple[str, ...]:
    """Names of torchvision's segmentation networks."""
    from torchvision.models import list_models, segmentation

    return tuple(sorted(list_models(segmentation)))


def imagenet_weights(network: str) -> str:
    """Address of torchvision's ImageNet weights for the backbone of a segmentation network.

    Raises:
        ConfigError: torchvision has no such segmentation network.
    Example:
        >>> imagenet_weights("deeplabv3_resnet50")
        'https://download.pytorch.org/models/resnet50-0676ba61.pth'
    """
    from torchvision.models import get_model_builder

    _check_known(network)
    return str(inspect.signature(get_model_builder(network)).parameters["weights_backbone"].default.url)


def _check_known(name: str) -> None:
    known = segmentation_networks()
    if name not in known:
        raise ConfigError(
            "torchvision has no such segmentation network", field="network", found=name, expected=", ".join(known)
        )


def _network(name: str, classes: int) -> nn.Module:
    from torchvision.models import get_model

    _check_known(name)
    options: dict[str, Any] = {"weights": None, "weights_backbone": None, "num_classes": classes}
    model: nn.Module = get_model(name, **options)
    return model


def _load_backbone(model: nn.Module, state: Mapping[str, Tensor], network: str) -> None:
    """Load a backbone. Older files lack batch norm's counters of batches, and MobileNet's call the backbone
    `features`."""
    backbone = model.get_submodule("backbone")
    own = backbone.state_dict()
    given = {name.removeprefix("features."): value for name, value in state.items()}
    fitting = {name: value for name, value in given.items() if name in own and value.shape == own[name].shape}
    wanted = {name for name in own if not name.endswith("num_batches_tracked")}
    if missing := sorted(wanted - set(fitting)):
        message = "these weights are of another backbone"
        found = f"{len(missing)} of {len(wanted)} tensors missing, such as {missing[0]}"
        mend = f"Get {imagenet_weights(network)}."
        raise ConfigError(message, field="backbone", found=found, expected=f"those of {network}'s", mend=mend)
    backbone.load_state_dict({**own, **fitting})
