"""Our numbers for all that a golden file of GroupDNet may hold, under its names; its config's `net` says which kind."""

import re
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from helpers.golden_files import Golden
from ipose.groupdnet.cg_block import CGBlock, CGNorm
from ipose.groupdnet.discriminator import halved
from ipose.groupdnet.label_tensor import instance_edges, interleaved, make_class_images, one_hot
from ipose.groupdnet.modulation import Modulation, ModulationRule
from ipose.groupdnet.presets import preset
from ipose.interop.release import groupdnet_discriminator, groupdnet_encoder, groupdnet_generator
from ipose.interop.release.entries import Entry
from ipose.interop.release.groupdnet_form import cg_block_entries, cg_norm_entries
from ipose.interop.release.groupdnet_widths import block_name
from ipose.losses import feature_distance, feature_matching_loss, hinge_d_fake, hinge_d_real, hinge_g, kl_divergence
from ipose.losses.feature_matching import VGG_WEIGHTS
from ipose.training.phases import constant_then_linear

_RULES: Mapping[str, ModulationRule] = {"deepfashion": "block", "cityscapes": "class", "ade20k": "class_to_block"}


def encoder_outputs(golden: Golden) -> dict[str, Tensor]:
    """Codes of cropped and of masked class images, the class images themselves, z, and the KL divergence."""
    network, image = groupdnet_encoder(golden.state), golden["in.image_x128_int8"].float() / 128
    label = golden.tensors.get("in.label", torch.zeros_like(image[:, 0])).long()
    found: dict[str, Tensor] = {}
    with torch.no_grad():
        codes = network(image, label)
        found |= {"mu": codes.mean, "logvar": codes.log_variance}
        if network.config.encoder_grouped:
            masked = network.encode(make_class_images(image, label, network.config.num_classes, "mask"))
            found |= {"mu_maskonly": masked.mean, "logvar_maskonly": masked.log_variance}
            cropped = make_class_images(image, label, network.config.num_classes, "crop")
            found |= {name: _cut(name, cropped) for name in golden.outputs if "cropresize" in name}
    found["kld_sum"] = kl_divergence(codes.mean, codes.log_variance)[None]
    found["kld_weighted"] = 0.05 * found["kld_sum"]
    if "in.eps" in golden.tensors:
        found["z"] = codes.sample(golden["in.eps"])
    return found | _edges(golden)


def _cut(name: str, images: Tensor) -> Tensor:
    """The class images that the file kept: those of one sample, or of some classes."""
    if sample := re.search(r"sample(\d+)", name):
        images = images[int(sample[1]) : int(sample[1]) + 1]
    if classes := re.search(r"classes(\d+)to(\d+)", name):
        images = images[:, 3 * int(classes[1]) : 3 * (int(classes[2]) + 1)]
    return (images * 128).round().to(torch.int8)


def _edges(golden: Golden) -> dict[str, Tensor]:
    if "in.instance" not in golden.tensors:
        return {}
    return {"edge": instance_edges(golden["in.instance"][:, 0].int()).to(torch.uint8)}


def generator_outputs(golden: Golden) -> dict[str, Tensor]:
    """The image, and what the first layer and each block hand on."""
    network, found = groupdnet_generator(golden.state), dict[str, Tensor]()
    stages = {"fc": network.first, **{block_name(i): block for i, block in enumerate(network.blocks)}}
    for name, stage in stages.items():
        stage.register_forward_hook(_record(f"after_{name}", found))
    with torch.no_grad():
        instance = golden.tensors.get("in.instance")
        found["image"] = network(
            golden["in.label"].long(), golden["in.z"], None if instance is None else instance[:, 0].int()
        )
    return found


def _record(name: str, found: dict[str, Tensor]) -> Callable[..., None]:
    def hook(_: nn.Module, __: object, output: Tensor) -> None:
        found[name] = output

    return hook


def cg_norm_outputs(golden: Golden) -> dict[str, Tensor]:
    """In eval mode, then once in training mode."""
    norm = CGNorm(golden.config["channels"], _modulation(golden), golden.config["block_groups"])
    found = _eval_then_train(golden, norm, list(cg_norm_entries("", "")))
    state = norm.state_dict()
    return found | {f"train_{name}": state[f"norm.{name}"] for name in ("running_mean", "running_var")}


def cg_block_outputs(golden: Golden) -> dict[str, Tensor]:
    """In eval mode, then once in training mode, with every buffer that this moves."""
    fin, fout, groups = (golden.config[name] for name in ("fin", "fout", "groups"))
    block = CGBlock(fin, fout, _modulation(golden), groups)
    entries = cg_block_entries("", "", shortcut=fin != fout)
    found = _eval_then_train(golden, block, entries)
    state = block.state_dict()
    return found | {f"train_state.{entry.release}": entry.to_release(state) for entry in entries}


def _modulation(golden: Golden) -> Modulation:
    dataset = golden.config["dataset"]
    hidden = next(tensor for name, tensor in golden.state.items() if name.endswith("mlp_shared.0.bias"))
    return Modulation(golden.config["num_classes"], _RULES[dataset], len(hidden), edges=dataset == "cityscapes")


def _eval_then_train(golden: Golden, module: nn.Module, entries: list[Entry]) -> dict[str, Tensor]:
    state = {name: value for entry in entries for name, value in entry.to_ours(golden.state[entry.release]).items()}
    module.load_state_dict(state)
    label_tensor = one_hot(golden["in.label"].long(), golden.config["num_classes"])
    if "in.instance" in golden.tensors:
        label_tensor = interleaved(label_tensor, instance_edges(golden["in.instance"][:, 0].int()))
    with torch.no_grad():
        in_eval = module.eval()(golden["in.x"], label_tensor)
        return {"y": in_eval, "train_y": module.train()(golden["in.x"], label_tensor)}


def discriminator_outputs(golden: Golden) -> dict[str, Tensor]:
    """All features and scores of fake and real in one pass, and the losses that they give."""
    network = groupdnet_discriminator(golden.state, edges="in.instance" in golden.tensors)
    label = one_hot(golden["in.label"].long(), network.config.num_classes)
    if network.config.edges:
        label = torch.cat([label, instance_edges(golden["in.instance"][:, 0].int())], 1)
    pairs = [torch.cat([label, golden[f"in.{which}"]], 1) for which in ("fake", "real")]
    with torch.no_grad():
        verdicts = network(torch.cat(pairs))
    found, features = dict[str, Tensor](), dict[str, list[list[Tensor]]]()
    for k, which in enumerate(("fake", "real")):
        halves = [[tensor.chunk(2)[k] for tensor in (*verdict.features, verdict.score)] for verdict in verdicts]
        found |= {f"{which}_d{i}_f{j}": tensor for i, maps in enumerate(halves) for j, tensor in enumerate(maps)}
        features[which] = [maps[:-1] for maps in halves]
    matching = feature_matching_loss(features["fake"], features["real"])
    found["loss_feature_matching_weighted"] = golden.config["lambda_feat"] * matching[None]
    on_fake, on_real = ([verdict.score.chunk(2)[k] for verdict in verdicts] for k in (0, 1))
    hinges = {"G_GAN": (hinge_g, on_fake), "D_fake": (hinge_d_fake, on_fake), "D_real": (hinge_d_real, on_real)}
    return found | {f"loss_{name}": _mean(loss, scores) for name, (loss, scores) in hinges.items()}


def _mean(loss: Callable[[Tensor], Tensor], scores: list[Tensor]) -> Tensor:
    return torch.stack([loss(score) for score in scores]).mean()[None]


def loss_outputs(golden: Golden) -> dict[str, Tensor]:
    """Hinge, KL, edges, the discriminator's pooling; VGG's weights and the schedule."""
    scores = [golden["in.logits0"], golden["in.logits1"]]
    found = {
        "hinge_G": _mean(hinge_g, scores),
        "hinge_D_real": _mean(hinge_d_real, scores),
        "hinge_D_fake": _mean(hinge_d_fake, scores),
        "kld_sum": kl_divergence(golden["in.mu"], golden["in.logvar"])[None],
        "pool": halved(golden["in.pool"]),
        "vgg_combination": feature_distance(*_vgg_features(golden), weights=VGG_WEIGHTS)[None],
    }
    return found | _edges(golden) | _rates()


def _vgg_features(golden: Golden) -> tuple[list[Tensor], list[Tensor]]:
    """Features of five layers, of two images."""
    first, second = ([golden[f"in.vgg_{side}{i}"] for i in range(len(VGG_WEIGHTS))] for side in "xy")
    return first, second


def _rates() -> dict[str, Tensor]:
    """The learning rate of each epoch, of encoder and decoder (G) and of the discriminator (D)."""
    found = {}
    for names, config in (("deepfashion", preset("deepfashion")), ("cityscapes_ade20k", preset("ade20k"))):
        constant = config.epochs - config.decay_epochs
        factors = [constant_then_linear(epoch, constant, config.decay_epochs) for epoch in range(1, config.epochs + 1)]
        for which, rate in (("G", config.lr_generator), ("D", config.lr_discriminator)):
            found[f"lr_{which}_{names}"] = rate * torch.tensor(factors, dtype=torch.float64)
    return found


OUTPUTS: Mapping[str, Callable[[Golden], dict[str, Tensor]]] = {
    "encoder": encoder_outputs,
    "vspade encoder": encoder_outputs,
    "generator": generator_outputs,
    "vspade generator": generator_outputs,
    "cgnorm": cg_norm_outputs,
    "cgblock": cg_block_outputs,
    "discriminator": discriminator_outputs,
    "losses": loss_outputs,
}
"""What computes the outputs of each kind of file; a file without `net` holds losses."""


def kind_of(golden: Golden) -> str:
    """A key of `OUTPUTS`."""
    return str(golden.config.get("net", "losses"))
