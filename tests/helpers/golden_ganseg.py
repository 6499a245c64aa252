"""Our numbers for all that a golden file of GANSeg may hold, under its names.

Each function takes a file (its `state.*`, `in.*` and config) and returns tensors by the names behind `out.`.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from helpers.golden_files import Golden
from ipose.evaluation.landmarks import foreground_iou, landmark_error, soft_part_centres, taichi_error
from ipose.ganseg.generator import GANSegGenerator, GANSegOutput
from ipose.ganseg.heatmaps import disk_areas, part_centres, part_heatmaps, part_scales, pixel_grid
from ipose.ganseg.presets import Heatmap
from ipose.interop.release import ganseg_discriminator, ganseg_generator
from ipose.losses.adversarial import log_d_fake, log_d_real, log_g
from ipose.losses.dice import cross_entropy_and_dice
from ipose.losses.gradient_penalty import one_centred_penalty, r1_penalty, score_gradient
from ipose.losses.part_regions import area_loss, concentration_loss

OF_LARGEST = 2e-4
"""How close float32 on a CPU must come, beside 1e-4 relative."""

_MODES: dict[str, Heatmap] = {"linear": "cone", "gauss": "gauss-var"}


def golden_generator(golden: Golden, heatmap: Heatmap = "cone") -> GANSegGenerator:
    """The file's generator."""
    config = golden.config
    sizes = tuple(int(size) for size in config["feature_map_sizes"].split(","))
    settings: dict[str, Any] = {"margin": config["margin"], "point_divisor": float(config["point_divisor"])}
    return ganseg_generator(golden.state, sizes=sizes, heatmap=heatmap, **settings)


def ganseg_generator_outputs(golden: Golden) -> dict[str, Tensor]:
    """Everything that the generator makes, with both forms of heatmaps; start tensors and first blocks; its losses."""
    found: dict[str, Tensor] = {}
    noise = [golden[f"in.input_noise{i}"] for i in range(3)]
    for name, mode in _MODES.items():
        network, inside = golden_generator(golden, mode), dict[str, Tensor]()
        _watch(network, inside)
        with torch.no_grad():
            level1 = network.level1(*noise)
            output: GANSegOutput = network(*noise, golden["in.bg_trans"][:, 0])
        found |= {"points": output.points, "keypoints": output.centres, "kp_emb": level1.embeddings}
        found |= {"bg": output.background, **{key: inside[key] for key in ("bg_block0", "bg_start")}}
        found |= {key: inside[key] for key in ("fg_start", "mask_start")}
        of_mode = {"img": output.image, "mask": output.mask, "fg": output.foreground, "init_mask": output.heatmaps}
        of_mode |= {key: inside[key] for key in ("fg_block0", "mask_block0")}
        of_mode |= _penalties(output.points, output.centres, output.mask, output.heatmaps)
        found |= {f"{name}.{key}": value for key, value in of_mode.items()}
    return found


def ganseg_discriminator_outputs(golden: Golden) -> dict[str, Tensor]:
    """Scores, blocks, adversarial losses, the gradient in the real images and both penalties."""
    network, found = ganseg_discriminator(golden.state), dict[str, Tensor]()
    handles = [block.register_forward_hook(_keep(found, f"real_block{i}")) for i, block in enumerate(network.blocks)]
    images = golden["in.real"].clone().requires_grad_()
    real = network(images)
    for handle in handles:
        handle.remove()
    gradient, fake = score_gradient(real, images), network(golden["in.fake"])
    found |= {"score_real": real, "score_fake": fake, "grad_real": gradient}
    maps = [score[:, None, None, None] for score in (real, fake)]
    found["loss_D_adv"] = (log_d_fake(maps[1]) + log_d_real(maps[0]))[None]
    found["loss_G_adv"] = log_g(maps[1])[None]
    found["gp_one_centred_x10"] = 10 * one_centred_penalty(gradient)[None]
    found["r1_mean_sq_norm"] = 2 * r1_penalty(gradient)[None]
    return found


def ganseg_heatmap_outputs(golden: Golden) -> dict[str, Tensor]:
    """Grids, centres, scales and heatmaps at every size that the file names."""
    points, parts, margin = golden["in.points"], golden.config["parts"], golden.config["margin"]
    found = {"keypoints": part_centres(points, parts)}
    for size in {int(name.rpartition("_")[2]) for name in golden.outputs if name.startswith("grid_")}:
        grid = pixel_grid(size, margin)
        found |= {f"grid_{size}": pixel_grid(size), f"grid_extend_{size}": grid}
        for name, mode in _MODES.items():
            scales = part_scales(points, parts, mode)
            found[f"tau_{name}"] = scales[..., None]
            found[f"{name}_{size}"] = part_heatmaps(found["keypoints"], scales, grid, mode)
    return found


def ganseg_penalty_outputs(golden: Golden) -> dict[str, Tensor]:
    """Concentration and both area losses."""
    return _penalties(*(golden[f"in.{name}"] for name in ("points", "keypoints", "mask", "init_mask")))


def ganseg_metric_outputs(golden: Golden) -> dict[str, Tensor]:
    """Part centres, both landmark regressions, foreground IoU, and the segmenter's losses."""
    size = golden.config["image_size_for_centres"]
    centres = {name: soft_part_centres(golden[f"in.reg_{name}_logits"], size) for name in ("train", "test")}
    found = {f"part_centres_{name}": value for name, value in centres.items()}
    for name, key, error in (("mafl", "mafl_error", landmark_error), ("taichi", "taichi_mae", taichi_error)):
        fit, test = golden[f"in.{name}_train_landmarks"], golden[f"in.{name}_test_landmarks"]
        found[key] = torch.tensor([error(centres["train"], fit, centres["test"], test)], dtype=torch.float64)
    predicted = golden["in.iou_logits"].argmax(1)
    found["iou"] = torch.tensor([foreground_iou(predicted, golden["in.iou_foreground"])], dtype=torch.float64)
    terms = cross_entropy_and_dice(golden["in.seg_logits"], golden["in.seg_target"])
    found |= {"seg_ce": 2 * terms["cross_entropy"][None], "seg_dice": 2 * terms["dice"][None]}
    found["seg_loss"] = (terms["cross_entropy"] + terms["dice"])[None]
    return found


def _penalties(points: Tensor, centres: Tensor, mask: Tensor, heatmaps: Tensor) -> dict[str, Tensor]:
    parts, size = centres.shape[1], mask.shape[-1]
    masks = mask[:, :-1]
    disks = disk_areas(points, parts, size)
    return {
        "center_penalty": concentration_loss(masks, centres, pixel_grid(size))[None],
        "area_penalty_disk": area_loss(masks, disks)[None],
        "area_penalty_heatmap": area_loss(masks, heatmaps.sum((2, 3)))[None],
    }


def _watch(network: GANSegGenerator, into: dict[str, Tensor]) -> None:
    """Start tensors, and first blocks of all of them: in eval mode, the network computes no pixels that it never
    reads."""
    for name in ("mask", "foreground", "background"):
        short = {"foreground": "fg", "background": "bg"}.get(name, name)
        network.get_submodule(f"{name}_start").register_forward_hook(_keep(into, f"{short}_start"))
        network.get_submodule(f"{name}_blocks.0").register_forward_hook(_of_whole(into, short))


def _keep(into: dict[str, Tensor], name: str) -> Callable[[nn.Module, Any, Tensor], None]:
    def hook(_: nn.Module, __: Any, output: Tensor) -> None:
        into[name] = output

    return hook


def _of_whole(into: dict[str, Tensor], short: str) -> Callable[[nn.Module, Any, Tensor], None]:
    def hook(block: nn.Module, inputs: Any, _: Tensor) -> None:
        into[f"{short}_block0"] = block.forward(into[f"{short}_start"], *inputs[1:-1], 0)

    return hook
