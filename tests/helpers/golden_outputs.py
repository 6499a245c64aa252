"""Our numbers for all that a golden file may hold, under its names: outputs, inner activations, gradients.

Each function takes a file (its `state.*`, `in.*` and config) and returns tensors by the names behind `out.`. Gradients
are computed in float64: where an activation is 0 but for rounding, float32 can take the other slope of its LeakyReLU on
another machine.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from helpers.golden_files import Golden
from helpers.golden_scenes import golden_scene_parts, golden_supports
from ipose.interop.release import discriminator, generator, partnet
from ipose.interop.release.entries import Entry
from ipose.interop.release.generator_form import discriminator_entries, generator_entries
from ipose.losses import (
    class_weights,
    hinge_d_fake,
    hinge_d_real,
    hinge_g,
    label_mix_loss,
    n_plus_one_loss,
    relaxed_emd,
)
from ipose.part_annotations import SupportSet
from ipose.partnet.objective import part_bce, part_cross_entropy
from ipose.partnet.partnet import PartNet, distinct_pairs
from ipose.shapes import geometric_score_matrix
from ipose.synthesis.generator import Generator


def partnet_outputs(golden: Golden) -> dict[str, Tensor]:
    """Logits and features, tokens of query and supports, and what each attention block hands on."""
    network, supports = partnet(golden.state), golden["in.support_part_maps"][golden["in.category_index"]]
    handed_on: list[Tensor] = []
    for block in network.blocks:
        block.update = _recorded(block.update, handed_on)  # type: ignore[assignment, arg-type]
    with torch.no_grad():
        memory, query = network.encode_supports(supports), network.shape_encoder(golden["in.shape"])
        answer = network.predict(query, memory, torch.arange(len(supports)))
    *_, slot = distinct_pairs(memory.active)
    channels = memory.active.shape[1]
    found = {"part_logits": answer.logits, "part_features": answer.features}
    found["query_tokens"] = _planes(query[:, None].expand(-1, channels, -1, -1))
    found |= {f"attention{i}": _planes(tokens[slot]) for i, tokens in enumerate(handed_on)}
    for k in range(supports.shape[1]):
        found[f"support{k}_shape_tokens"] = _planes(memory.keys[:, None, k].expand(-1, channels, -1, -1))
        found[f"support{k}_mask_tokens"] = _planes(memory.values[memory.slot][:, :, k])
    return found


def partnet_loss_outputs(golden: Golden) -> dict[str, Tensor]:
    """Both losses of a part prediction."""
    logits, part_map = golden["in.part_logits"], golden["in.part_map"]
    return {"bce": part_bce(logits, part_map), "cross_entropy": part_cross_entropy(logits, part_map)}


def generator_outputs(golden: Golden) -> dict[str, Tensor]:
    """Image, part branch, every block with its norms, every gradient, and the composed part logits of its scene."""
    network = generator(golden.state, z_channels=golden.config["z_dim"])
    found, handles = _watched(network)
    image = _image(network, golden)
    for handle in handles:
        handle.remove()
    precise = _in_float64(golden)
    (_image(network.double(), precise) * precise["in.grad_weight"]).sum().backward()
    found["image"] = image
    found |= _gradients(network, generator_entries(network))
    found["part_logits"] = golden_scene_parts(golden, partnet(golden.state), golden_supports(golden)).logits
    return found


def discriminator_outputs(golden: Golden) -> dict[str, Tensor]:
    """Segmentation, score, and the gradients of mean(segmentation) + sum(score)."""
    network, image = discriminator(golden.state), golden["in.image"].double().requires_grad_()
    output = network(golden["in.image"])
    precise = network.double()(image)
    (precise.segmentation.mean() + precise.score.sum()).backward()
    assert image.grad is not None
    found = {"segmentation_logits": output.segmentation, "global_score": output.score, "grad.image": image.grad.float()}
    return found | _gradients(network, discriminator_entries(network))


def losses_outputs(golden: Golden) -> dict[str, Tensor]:
    """Every loss, with the file's unknown class and without one."""
    config, label = golden.config, golden["in.label"][:, 0].long()
    found = {"fake": n_plus_one_loss(golden["in.logits"], None, "fake")}
    for suffix, unknown in (("", config["unknown"]), ("_no_dontcare", None)):
        weights = class_weights(label, config["semantic_classes"], unknown=unknown)
        found[f"weight_map{suffix}"] = weights[label][:, None]
        found[f"real{suffix}"] = n_plus_one_loss(golden["in.logits"], label, "real", unknown)
    for hinge in (hinge_g, hinge_d_real, hinge_d_fake):
        found[hinge.__name__] = hinge(golden["in.score"])
    logits = (golden[f"in.logits_{which}"] for which in ("mixed", "fake", "real"))
    found["labelmix"] = label_mix_loss(golden["in.mask"], *logits)
    for case in golden.starting("in.tokens_fake"):
        found[f"style{case}"] = relaxed_emd(golden[f"in.tokens_fake{case}"], golden[f"in.tokens_real{case}"])
    shapes = (golden[f"in.shapes_{side}"][:, 0].float() for side in "ab")
    return found | {"geometric_score": geometric_score_matrix(*shapes)}


def scene_parts_outputs(golden: Golden, network: PartNet, supports: SupportSet) -> dict[str, Tensor]:
    """Crops, composed features and composed logits of a scene."""
    parts = golden_scene_parts(golden, network, supports)
    assert parts.shapes is not None
    return {"object_shapes": parts.shapes, "part_features": parts.features, "part_logits": parts.logits}


def _in_float64(golden: Golden) -> Golden:
    return replace(golden, tensors={k: v.double() if v.is_floating_point() else v for k, v in golden.tensors.items()})


def _image(network: Generator, golden: Golden) -> Tensor:
    label = golden["in.label"].long()
    image: Tensor = network(
        label[:, 0] if label.ndim == 4 else label,
        golden["in.part_features"],
        golden["in.part_mask"],
        z=golden["in.z"],
        part_noise=golden["in.z_part"],
    )
    return image


def _watched(network: Generator) -> tuple[dict[str, Tensor], list[Any]]:
    """Inner activations by name, filled by the next forward pass; and the hooks that do so."""
    assert network.part_input is not None
    assert network.part_noise is not None
    found: dict[str, Tensor] = {}
    modules: dict[str, nn.Module] = {"conv_part": network.part_input}
    for i, block in enumerate(network.blocks):
        modules |= {f"block{i}": block, f"block{i}.norm_p": block.get_submodule("part_modulation")}
        for step in ("0", "1", "s"):
            norm = getattr(block.residual, f"spade_{step}")
            modules |= {f"block{i}.norm_{step}": norm} if norm is not None else {}

    def keep(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        return lambda _module, _inputs, output: found.update({name: output})

    def keep_noises(_module: nn.Module, _inputs: Any, noises: list[Tensor]) -> None:
        found.update({f"noise{i}": noise for i, noise in enumerate(noises)})

    handles = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    return found, [*handles, network.part_noise.register_forward_hook(keep_noises)]


def _gradients(network: nn.Module, entries: list[Entry]) -> dict[str, Tensor]:
    """Gradients of all parameters after a backward pass, float32, by the release's names."""
    parameters: Mapping[str, nn.Parameter] = dict(network.named_parameters())
    single = {entry.release: parameters[entry.ours[0]] for entry in entries if entry.ours[0] in parameters}
    return {f"grad.{name}": value.grad.float() for name, value in single.items() if value.grad is not None}


def _planes(tokens: Tensor) -> Tensor:
    """The release's layout of tokens: (n, q, t, d) to (n * q, d, side, side)."""
    side = round(tokens.shape[2] ** 0.5)
    planes: Tensor = tokens.flatten(0, 1).transpose(1, 2).unflatten(2, (side, side))
    return planes


def _recorded(function: Callable[..., Tensor], results: list[Tensor]) -> Callable[..., Tensor]:
    def call(*args: Tensor) -> Tensor:
        results.append(function(*args))
        return results[-1]

    return call
