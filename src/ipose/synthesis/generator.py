"""The generator: from label map, parts and noise to an image (iPOSE sec. 3.2, fig. 3; widths as in OASIS).

`ipose.reference.generator` is the literal version.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int, Shaped
from torch import Tensor, nn

from ipose.errors import ConfigError, ShapeMismatchError
from ipose.layers.cpu_forms import in_fast_memory
from ipose.layers.init import init_weights
from ipose.layers.injection_blocks import ConcatInjectionBlock, PlainBlock, SpadeInjectionBlock
from ipose.layers.instance_norm import wide
from ipose.layers.psm_block import BlockFactory, PSMBlock
from ipose.layers.residual import LEAK
from ipose.layers.semantic_maps import MapForm, check_ids, label_maps
from ipose.layers.spade import nearest
from ipose.layers.spectral_norm import normalise_all
from ipose.synthesis.part_branch import PartInput, PartNoise
from ipose.synthesis.presets import SynthesisConfig
from ipose.synthesis.scene_noise import SceneNoise, batch_noise

_ABLATIONS: dict[str, BlockFactory] = {
    "spade": SpadeInjectionBlock,
    "concat": ConcatInjectionBlock,
    "none": PlainBlock,
}


class Generator(nn.Module):
    """A stack of blocks from a small map to the image, with nearest doubling between blocks. Source: iPOSE sec. 3.2.

    First, a Conv3x3 of [z, one-hot label] at the smallest size. Last, LeakyReLU 0.2, Conv3x3 and tanh. Every block
    reads the label map and z (SPADE), the part features where parts are, and the part noise elsewhere.

    The field `map_form` says how SPADE is computed (`ipose.layers.semantic_maps`): the numbers are the same. It may be
    set at any time, and is not saved.

    Args:
        config: widths, and how parts enter (`part_injection`).
        block: makes the blocks (`BlockFactory`). Only for part_injection "psm". None = `PSMBlock`.
    Raises:
        ConfigError: a block is given for another `part_injection`.
    """

    def __init__(self, config: SynthesisConfig, block: BlockFactory | None = None) -> None:
        super().__init__()
        if block is not None and config.part_injection != "psm":
            message, found = "another block can only replace the PSM block", config.part_injection
            raise ConfigError(message, field="part_injection", found=found, expected="psm")
        self.config = config
        self.block: BlockFactory = block or _ABLATIONS.get(config.part_injection, PSMBlock)
        self.map_form: MapForm = "auto"
        self.release_extras: dict[str, Tensor] = {}  # unused tensors of a release checkpoint; no weights
        widths = [config.channels * multiplier for multiplier in config.channel_multipliers]
        map_channels = config.z_channels + config.num_classes
        has_parts, has_noise = config.part_injection != "none", config.part_injection == "psm"
        self.part_input = PartInput(config.part_input_channels, config.part_hidden) if has_parts else None
        self.part_noise = (
            PartNoise(config.part_noise_channels, config.part_hidden, len(widths) - 1) if has_noise else None
        )
        self.first = nn.Conv2d(map_channels, widths[0], 3, padding=1)
        self.blocks = nn.ModuleList(
            self.block(
                fin,
                fout,
                map_channels=map_channels,
                part_channels=config.part_hidden,
                noise_channels=config.part_hidden,
                spade_hidden=config.spade_hidden,
                part_hidden=config.part_hidden,
            )
            for fin, fout in pairwise(widths)
        )
        self.to_image = nn.Conv2d(widths[-1], 3, 3, padding=1)
        if config.spectral_norm == "all":
            normalise_all(self)
        init_weights(self, config.init_gain)

    def forward(
        self,
        label: Int[Tensor, "b h w"],
        part_features: Float[Tensor, "b qf h w"],
        part_mask: Shaped[Tensor, "b 1 h w"],
        *,
        z: Float[Tensor, "b z"] | Float[Tensor, "b z h w"] | None = None,
        part_noise: Float[Tensor, "b n h0 w0"] | None = None,
        seed: int = 0,
        names: Sequence[str] | None = None,
    ) -> Float[Tensor, "b 3 h w"]:
        """Images in [-1, 1].

        Args:
            label: class ids 0..C-1.
            part_features: composed part features (or logits, with part_input "logits"), 0 where no object is.
            part_mask: 1 where a part is known, else 0; any dtype.
            z: texture noise, one vector for each image or each pixel. None = drawn.
            part_noise: structure noise, one vector for each pixel of the first block's map (H/32 x W/32 with six
                blocks). None = drawn.
            seed: of the drawn noise, which comes from (seed, scene name), as in the pipeline.
            names: of the scenes. None = "0", "1", ... in the batch's order.
        Raises:
            ShapeMismatchError: a size that the blocks cannot make, or an input of another shape.
            ConfigError: a class id that the model does not know.
        """
        self._check_side(label)
        if z is None or part_noise is None:
            drawn = self._draw_noise(label, part_features.dtype, seed, names)
            z, part_noise = drawn.z if z is None else z, drawn.part_noise if part_noise is None else part_noise
        self._check_inputs(label, part_features, z, part_noise)
        check_ids(label, self.config.num_classes)
        maps = label_maps(label.long(), self.config.num_classes, z, self.map_form)
        part = None if self.part_input is None else self.part_input(in_fast_memory(part_features))
        mask = part_mask.to(z.dtype)
        noises: Sequence[Tensor | None] = [None] * len(self.blocks)
        if self.part_noise is not None:
            noises = self.part_noise(in_fast_memory(part_noise), label)

        x: Tensor = self.first(maps.dense((part_noise.shape[-2], part_noise.shape[-1])))
        for i, (block, noise) in enumerate(zip(self.blocks, noises, strict=True)):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest") if i else x
            size = (x.shape[-2], x.shape[-1])  # each map is resized once for each block, not for each layer
            sized_part = None if part is None else nearest(part, size)
            semantic_map = maps.at(size) if vars(type(block)).get("reads_neighbourhoods") else maps.dense(size)
            x = block(x, semantic_map, sized_part, nearest(mask, size), noise)
        return torch.tanh(wide(self.to_image(F.leaky_relu(x, LEAK))))

    def _draw_noise(self, label: Tensor, dtype: torch.dtype, seed: int, names: Sequence[str] | None) -> SceneNoise:
        b, h, w = label.shape
        names = [str(i) for i in range(b)] if names is None else names
        if len(names) != b:
            raise ShapeMismatchError("every image needs its scene's name", field="names", found=len(names), expected=b)
        noise = batch_noise(self.config, (h, w), seed, names)
        return SceneNoise(*(tensor.to(label.device, dtype) for tensor in noise))

    def _check_side(self, label: Tensor) -> None:
        (_, h, w), multiple = label.shape, self.config.size_multiple
        if h % multiple or w % multiple or not h or not w:
            message = "the generator cannot make an image of this size"
            expected = f"height and width in multiples of {multiple}"
            raise ShapeMismatchError(message, found=f"{h}x{w}", expected=expected, mend="Resize or pad the label map.")

    def _check_inputs(self, label: Tensor, part_features: Tensor, z: Tensor, part_noise: Tensor) -> None:
        config, (b, h, w) = self.config, label.shape
        multiple = config.size_multiple
        start = (b, config.part_noise_channels, h // multiple, w // multiple)
        for name, tensor, wanted in (
            ("part_features", part_features, (b, config.part_input_channels, h, w)),
            ("z", z, (b, config.z_channels) if z.ndim == 2 else (b, config.z_channels, h, w)),
            ("part_noise", part_noise, start),
        ):
            if tuple(tensor.shape) != wanted:
                raise ShapeMismatchError(
                    "the generator cannot use this input", field=name, found=tuple(tensor.shape), expected=wanted
                )
