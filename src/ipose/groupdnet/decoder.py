"""The decoder: from a label map and a code for each class to an image (GroupDNet sec. 3.3, table 4).

`ipose.reference.groupdnet_decoder` is the literal version.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn

from ipose.errors import ShapeMismatchError
from ipose.groupdnet.cg_block import CGBlock
from ipose.groupdnet.init import init_network
from ipose.groupdnet.label_tensor import instance_edges, interleaved
from ipose.groupdnet.presets import GroupDNetConfig
from ipose.layers.instance_norm import wide
from ipose.layers.residual import LEAK
from ipose.layers.semantic_maps import MapForm, SemanticMaps, check_ids
from ipose.layers.spectral_norm import normalise_all


class Decoder(nn.Module):
    """CG-Blocks whose number of groups falls from C to 1. At first the code of a class reaches only its own channels;
    at the end it reaches all.

    A grouped 3x3 convolution of the code, the blocks (with nearest doubling before each but the first), LeakyReLU 0.2,
    a 3x3 convolution, tanh. Source: GroupDNet sec. 3.3, fig. 7 and table 4. The field `map_form` says how CG-Norms are
    computed (`ipose.layers.semantic_maps`): the numbers are the same. It may be set at any time, and is not saved.

    Args:
        config: widths, groups and forms. With one group everywhere and a vector as code, it is VSPADE.
    """

    def __init__(self, config: GroupDNetConfig) -> None:
        super().__init__()
        self.config = config
        self.map_form: MapForm = "auto"
        self.release_extras: dict[str, Tensor] = {}  # unused tensors of a release checkpoint; no weights
        channels, groups = config.decoder_channels, config.decoder_groups
        first_groups = config.num_classes if config.first_grouped and config.code != "vector" else 1
        self.first = _first(config, first_groups)
        self.blocks = nn.ModuleList(
            CGBlock(
                channels[i],
                channels[i + 1],
                config.conditioning,
                groups[i],
                groups_before=(first_groups, *groups)[i],
                norm=config.norm,
                form=config.modulation_form,
                activation=config.activation,
                spectral_norm=config.spectral_norm != "none",
            )
            for i in range(len(groups))
        )
        self.fusing = nn.ModuleList(
            nn.Conv2d(channels[-1], channels[-1], 3, padding=1) for _ in range(config.fusing_layers)
        )
        self.to_image = nn.Conv2d(channels[-1], 3, 3, padding=1)
        if config.spectral_norm == "all":
            normalise_all(self)
        init_network(self, config)

    def forward(
        self,
        label: Int[Tensor, "b h w"],
        z: Float[Tensor, "b z *grid"],
        instance: Int[Tensor, "b h w"] | None = None,
    ) -> Float[Tensor, "b 3 h w"]:
        """Images in [-1, 1].

        Args:
            label: class ids 0..C-1.
            z: the code: (b, z_channels, h/m, w/m) with m = size_multiple, or (b, z_channels, 1, 1) for the same code
                everywhere, or (b, z_channels) if the code is a vector.
            instance: instance map. Needed if the model reads edges.
        Raises:
            ShapeMismatchError: a size that the blocks cannot make, a code of another shape, or no instance map.
            ConfigError: a class id that the model does not know.
        """
        size = (label.shape[-2], label.shape[-1])
        start = self._start(size)
        self._check_code(z, len(label), start)
        maps = self.label_maps(label, instance, z.dtype)
        if self.config.code == "vector":
            x = self.first(z).unflatten(1, (-1, *start))
        else:
            x = self.first(z.expand(-1, -1, *start))
        for i, block in enumerate(self.blocks):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest") if i else x
            x = block(x, maps.at((x.shape[-2], x.shape[-1])))  # from the full-size map: nearest of nearest differs
        for layer in self.fusing:
            x = layer(F.leaky_relu(x, LEAK))
        return torch.tanh(wide(self.to_image(F.leaky_relu(x, LEAK))))

    def label_maps(
        self, label: Int[Tensor, "b h w"], instance: Int[Tensor, "b h w"] | None, dtype: torch.dtype
    ) -> SemanticMaps:
        """The label tensor at any size: a token is a class, with or without an edge."""
        check_ids(label, self.config.num_classes)
        classes = torch.eye(self.config.num_classes, device=label.device, dtype=dtype)
        if not self.config.edges:
            return SemanticMaps(label.long(), classes, self.map_form)
        edges = instance_edges(needed_instance(instance))[:, 0].long()
        both = classes.repeat_interleave(2, 0)[:, :, None, None]  # each class without an edge, then with one
        without_with = classes.new_tensor([0, 1]).repeat(len(classes)).view(-1, 1, 1, 1)
        features = interleaved(both, without_with).flatten(1)
        return SemanticMaps(2 * label.long() + edges, features, self.map_form)

    def _start(self, size: tuple[int, int]) -> tuple[int, int]:
        multiple = self.config.size_multiple
        fixed = self.config.code == "vector" and size != (self.config.height, self.config.width)
        if fixed or any(side % multiple or not side for side in size):
            exactly = f"{self.config.height}x{self.config.width}, which a vector's first layer is made for"
            message = "the decoder cannot make an image of this size"
            found = f"{size[0]}x{size[1]}"
            expected = exactly if fixed else f"height and width in multiples of {multiple}"
            raise ShapeMismatchError(message, found=found, expected=expected, mend="Resize or pad the label map.")
        return size[0] // multiple, size[1] // multiple

    def _check_code(self, z: Tensor, count: int, start: tuple[int, int]) -> None:
        channels = (count, self.config.z_channels)
        wanted = {channels} if self.config.code == "vector" else {(*channels, *start), (*channels, 1, 1)}
        if tuple(z.shape) not in wanted:
            message = "the decoder cannot use this code"
            expected = " or ".join(map(str, sorted(wanted, reverse=True)))
            mend = f"It has {self.config.num_classes} classes: take codes of a model with as many."
            raise ShapeMismatchError(message, field="z", found=tuple(z.shape), expected=expected, mend=mend)


def needed_instance(instance: Int[Tensor, "b h w"] | None) -> Int[Tensor, "b h w"]:
    """The instance map. Raises ShapeMismatchError where there is none."""
    if instance is None:
        message = "the model reads the edges of instances, but there is no instance map"
        raise ShapeMismatchError(message, field="instance", mend="Pass instance=, the instance map of the scene.")
    return instance


def _first(config: GroupDNetConfig, groups: int) -> nn.Module:
    if config.code == "vector":
        return nn.Linear(config.z_channels, config.decoder_channels[0] * torch.Size(config.start).numel())
    return nn.Conv2d(config.z_channels, config.decoder_channels[0], 3, padding=1, groups=groups)
