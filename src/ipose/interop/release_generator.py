"""The authors' generator checkpoints: their names and layout, to our generator.

Facts of the release: `fc` is the first convolution, `mlp.0` the part-noise stem, `conv_nos.i.0` its doublings (one more
is stored than used), `conv_part.0` the part input, `body.i` the blocks, where `_p` is the part step, `_s` the shortcut
and names ending in `_nos` the noise branch; spectral norm is stored as `weight_orig`, `weight_u`, `weight_v`.
"""

from collections.abc import Iterator, Mapping

from torch import Tensor

from ipose.errors import RunError
from ipose.synthesis.generator import Generator
from ipose.synthesis.presets import SynthesisConfig
from ipose.types import PART_CHANNELS

_PLAIN = ("weight", "weight"), ("bias", "bias")
_SPECTRAL = (
    ("weight_orig", "parametrizations.weight.original"),
    ("weight_u", "parametrizations.weight.0._u"),
    ("weight_v", "parametrizations.weight.0._v"),
)
_BATCH_NORM = tuple((name, name) for name in ("running_mean", "running_var", "num_batches_tracked"))


def _gamma_beta(release: str, ours: str, suffix: str = "") -> Iterator[tuple[str, str]]:
    for theirs, mine in (("mlp_shared{}.0", "shared"), ("mlp_gamma{}", "gamma"), ("mlp_beta{}", "beta")):
        yield from ((f"{release}.{theirs.format(suffix)}.{a}", f"{ours}.{mine}.{b}") for a, b in _PLAIN)


def _block(release: str, ours: str, shortcut: bool) -> Iterator[tuple[str, str]]:
    """(their name, our name) of everything in one block."""
    steps = ["0", "1", "s"] if shortcut else ["0", "1"]
    norms = [("norm_p", "part_modulation")] + [(f"norm_{step}", f"residual.spade_{step}") for step in steps]
    convs = [("conv_p", "conv_p")] + [(f"conv_{step}", f"residual.conv_{step}") for step in steps]
    for theirs, mine in norms:
        yield from ((f"{release}.{theirs}.first_norm.{a}", f"{ours}.{mine}.norm.{b}") for a, b in _BATCH_NORM)
    for theirs, mine in norms[1:]:
        yield from _gamma_beta(f"{release}.{theirs}", f"{ours}.{mine}.gamma_beta")
    yield from _gamma_beta(f"{release}.norm_p", f"{ours}.part_modulation.part_gamma_beta")
    yield from _gamma_beta(f"{release}.norm_p", f"{ours}.part_modulation.noise_gamma_beta", "_nos")
    for theirs, mine in convs:
        bias = () if theirs == "conv_s" else (("bias", "bias"),)
        yield from ((f"{release}.{theirs}.{a}", f"{ours}.{mine}.{b}") for a, b in _SPECTRAL + bias)


def release_names(generator: Generator) -> dict[str, str]:
    """The release's name -> our name, for every tensor of a PSM generator's state."""
    fixed = [
        ("fc", "first"),
        ("conv_img", "to_image"),
        ("conv_part.0", "part_input.conv"),
        ("mlp.0", "part_noise.stem"),
    ]
    doublings = range(len(generator.blocks) - 1)
    fixed += [(f"conv_nos.{i}.0", f"part_noise.doublings.{i}") for i in doublings]
    names = {f"{theirs}.{a}": f"{mine}.{b}" for theirs, mine in fixed for a, b in _PLAIN}
    state = generator.state_dict()
    for i in range(len(generator.blocks)):
        shortcut = f"blocks.{i}.residual.conv_s.parametrizations.weight.original" in state
        names.update(_block(f"body.{i}", f"blocks.{i}", shortcut))
    return names


def generator_from_release(state: Mapping[str, Tensor], *, z_channels: int = 64) -> Generator:
    """The generator of a release state dict, in eval mode; every width comes from the shapes.

    The release's PartNet (`partnet.*`) and its unused last doubling are not weights of the generator; they are kept, as
    found, in its plain attribute `release_extras`.

    Args:
        state: names as released, with or without the prefix `module.`.
        z_channels: Z; the first convolution sees Z + C channels, so the state alone does not tell them apart.
    Raises:
        RunError: names or shapes that this generator does not have; all of them are listed.
    """
    state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    generator = Generator(_infer_config(state, z_channels))
    names = release_names(generator)
    extras = {name for name in state if name.startswith(("partnet.", f"conv_nos.{len(generator.blocks) - 1}."))}
    _check_state(state, names, generator.state_dict(), extras)
    generator.load_state_dict({mine: state[theirs] for theirs, mine in names.items()})
    generator.release_extras = {name: state[name] for name in sorted(extras)}
    return generator.eval()


def _infer_config(state: Mapping[str, Tensor], z_channels: int) -> SynthesisConfig:
    try:
        blocks = len({name.split(".")[1] for name in state if name.startswith("body.")})
        widths = [state[f"body.{i}.conv_p.weight_orig"].shape[1] for i in range(blocks)]
        widths.append(state["conv_img.weight"].shape[1])
        unit = widths[-1] if all(width % widths[-1] == 0 for width in widths) else 1
        return SynthesisConfig(
            num_classes=state["fc.weight"].shape[1] - z_channels,
            z_channels=z_channels,
            channels=unit,
            channel_multipliers=tuple(width // unit for width in widths),
            spade_hidden=state["body.0.norm_0.mlp_shared.0.weight"].shape[0],
            part_hidden=state["conv_part.0.weight"].shape[0],
            part_noise_channels=state["mlp.0.weight"].shape[1] - 1,
            part_feature_channels=state["conv_part.0.weight"].shape[1] // PART_CHANNELS,
        )
    except KeyError as error:
        raise RunError("this is no generator of the release", found=f"no tensor named {error}") from error


def _check_state(
    state: Mapping[str, Tensor], names: Mapping[str, str], ours: Mapping[str, Tensor], extras: set[str]
) -> None:
    faults = [f"{name}: missing" for name in names if name not in state]
    faults += [f"{name}: unknown" for name in state if name not in names and name not in extras]
    faults += [
        f"{theirs}: shape {tuple(state[theirs].shape)}, expected {tuple(ours[mine].shape)}"
        for theirs, mine in names.items()
        if theirs in state and state[theirs].shape != ours[mine].shape
    ]
    if faults:
        raise RunError("the release's generator does not fit", found="; ".join(sorted(faults)))
