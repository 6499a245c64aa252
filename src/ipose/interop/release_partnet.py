"""PartNet weights of the authors' release: their state-dict names to ours."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig

_STEM = {f"enc{i}.0": f"stem.{i}.0" for i in range(4)}
_COARSER = {f"ms_enc{i}.0": f"coarser.{i}.0" for i in range(2)}
_LINEAR = {"query_conv.0": "query_conv", "key_conv.0": "key_conv", "value_conv.0": "value_conv"}
_LINEAR |= {"multihead_attn.out_proj": "out", "ln1": "norm_attention", "ln2": "norm_mlp"}
_LINEAR |= {"mlp.0": "mlp_in", "mlp.2": "mlp_out"}


def release_names(blocks: int, multi_scale: bool) -> dict[str, str]:
    """Release module name -> our module name, for every layer that stores weight and bias as we do."""
    names: dict[str, str] = {}
    for encoder in ("shape_encoder", "mask_encoder"):
        layers = _STEM | (_COARSER if multi_scale else {})
        names |= {f"{encoder}.{theirs}": f"{encoder}.{ours}" for theirs, ours in layers.items()}
    for i in range(blocks):
        names |= {f"catt{i}.{theirs}": f"blocks.{i}.{ours}" for theirs, ours in _LINEAR.items()}
    names |= {f"decoder.dec{i + 1}.0": f"decoder.doublings.{i}.0" for i in range(3)}
    return names | {"conv_img": "decoder.head"}


def partnet(state: Mapping[str, Tensor]) -> PartNet:
    """The release's PartNet in eval mode, every width and count inferred from the shapes in `state`."""
    blocks = len({key.split(".")[0] for key in state if key.startswith("catt")})
    multi_scale = "shape_encoder.ms_enc0.0.weight" in state
    widths = [state[f"shape_encoder.enc{i}.0.weight"].shape[0] for i in range(4)]
    config = PartNetConfig(
        encoder_channels=(widths[0], widths[1], widths[2], widths[3]),
        attention_blocks=blocks,
        multi_scale=multi_scale,
        zero_empty_masks=False,
    )
    network = PartNet(config)
    converted: dict[str, Tensor] = {}
    for theirs, ours in release_names(blocks, multi_scale).items():
        for kind in ("weight", "bias"):
            value = state[f"{theirs}.{kind}"]
            if theirs.endswith("_conv.0") and kind == "weight":
                value = value[:, :, 0, 0]
            converted[f"{ours}.{kind}"] = value
    for i in range(blocks):
        for kind in ("weight", "bias"):
            stacked = state[f"catt{i}.multihead_attn.in_proj_{kind}"]
            for name, value in zip(("query", "key", "value"), torch.chunk(stacked, 3), strict=True):
                converted[f"blocks.{i}.{name}.{kind}"] = value
    network.load_state_dict(converted)
    return network.eval()
