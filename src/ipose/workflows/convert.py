"""`ipose convert`: the authors' weights to a model folder, and a model back to a file with their names."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from ipose.data.part_sources.release_tree import release_supports
from ipose.data.specs import load_spec
from ipose.data.support_folder import load_supports
from ipose.errors import ConfigError, IposeError, RunError
from ipose.interop.release import generator, partnet, to_release
from ipose.interop.release.recognise import PARTNET_IN_GENERATOR, expect_network, network_of, without_prefix
from ipose.interop.weight_files import read_weights, refuse_weights, write_weights
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet, model_folder, read_config, save_partnet
from ipose.pipeline import FORMAT, IPose
from ipose.training.durable import replace_folder
from ipose.training.folders import what_is
from ipose.types import SupportSet
from ipose.workflows.convert_classes import Classes, classes_of, with_preset

Made = TypeVar("Made")


def convert_from_release(
    file: Path,
    out: Path,
    *,
    supports: Path | None = None,
    preset: str | None = None,
    spec: str | None = None,
    z_channels: int | None = None,
) -> list[str]:
    """Write the model folder of a generator or PartNet that the authors' training saved. On failure, nothing.

    Args:
        file: of `torch.save`, or safetensors; one network's state dict. A generator (its averaged copy makes the better
            images) becomes a folder for `IPose.from_pretrained`, a PartNet alone one for `ipose parts`.
        out: a new or empty folder.
        supports: support folder, or the tree of part data that the authors released, of whose supports those three a
            category are taken (P), else as many as there are at most. None = the folder says that it has none.
        preset: the published settings that the generator was trained with. None = of the data set with as many classes.
        spec: what the class ids mean. None = the preset's data set.
        z_channels: channels of the texture noise. None = the preset's.
    Returns:
        what to tell the user, a sentence each.
    Raises:
        RunError: the file or its names are at fault, or `out` is taken.
        ConfigError, SpecError: preset, spec and number of classes contradict one another.
        SupportError: the supports are at fault.
    """
    _refuse_occupied(out)
    if file.is_dir():
        raise RunError(
            "a folder, where a file of weights is needed",
            file=file,
            mend="Name the file itself; or add --to-release to write this model as one.",
        )
    if file.suffix == ".safetensors" and (file.parent / "config.json").is_file():
        raise RunError(
            "this is a part of a model folder, which needs no converting",
            file=file,
            mend=f"Use {file.parent} as it is; --to-release writes it as one file with the authors' names.",
        )
    read = SupportSet({}, {}) if supports is None else _read_supports(supports)
    state = without_prefix(read_weights(file))
    kind = network_of(state)
    if kind == "discriminator":
        raise RunError(
            "this is the release's discriminator, which makes no images",
            file=file,
            mend="Convert the generator's file (its averaged copy, EMA, where there is one).",
        )
    if kind == "PartNet":
        if preset is not None or spec is not None or z_channels is not None:
            raise ConfigError(
                "this is a PartNet alone, which knows no classes",
                file=file,
                mend="Leave out --preset, --spec and --z-channels.",
            )
        network = _at_home(file, lambda: partnet(state))
        _write_new(out, lambda folder: save_partnet(folder, _for_supports(network, read).float(), read))
        return [f"PartNet of {file}", *_notes_on_supports(read, ())]
    model, classes = _at_home(file, lambda: _model(state, read, preset, spec, z_channels))
    state.clear()
    _write_new(out, model.save_pretrained)
    told = f"Generator of {file}: {classes.spec.num_classes} classes of {classes.spec.name}, preset {classes.preset}"
    return [told, *_notes_on_supports(read, classes.spec.part_categories)]


def convert_to_release(model: Path, out: Path) -> list[str]:
    """Write a run or model folder as one file with the authors' names: generator and PartNet, or PartNet alone.

    Args:
        model: run or model folder.
        out: a new .pth, .pt or .safetensors file.
    Returns:
        what to tell the user, a sentence each.
    Raises:
        RunError: no model there, or a file at `out`.
        ConfigError: layers that the release does not have.
    """
    refuse_weights(out)
    if model.is_file():
        raise RunError(
            "a file, where --to-release takes a run or model folder", file=model, mend="Leave out --to-release."
        )
    folder = model_folder(model)
    if read_config(folder).get("format") != FORMAT:
        network = load_partnet(folder).partnet
        write_weights(out, to_release(network))
        return [f"PartNet of {folder}", *_notes_on_going_back(network)]
    loaded = IPose.from_pretrained(folder)
    if loaded.partnet is None or loaded.synthesis.parts != "predicted":
        raise ConfigError(
            "the authors' generator reads the parts that its PartNet predicts, and this one does not",
            file=folder,
            field="parts",
            mend="Only models with a PartNet, trained with --parts predicted, have a form there.",
        )
    carried = {f"{PARTNET_IN_GENERATOR}{name}": tensor for name, tensor in to_release(loaded.partnet).items()}
    write_weights(out, {**to_release(loaded.generator), **carried})
    return [f"Generator and PartNet of {folder}", *_notes_on_going_back(loaded.partnet, loaded.synthesis.part_input)]


def _read_supports(folder: Path) -> SupportSet:
    released = release_supports(folder)
    return released[3 if 3 in released else max(released)] if released else load_supports(folder)


def _model(
    state: dict[str, Tensor], supports: SupportSet, preset: str | None, spec: str | None, z_channels: int | None
) -> tuple[IPose, Classes]:
    expect_network(state, "generator")
    classes = classes_of(state, preset, None if spec is None else load_spec(spec), z_channels)
    network = generator(state, z_channels=classes.z_channels)
    if not any(name.startswith(PARTNET_IN_GENERATOR) for name in state):
        raise RunError(
            "this generator carries no PartNet, without which it gets no parts",
            expected=f"names that begin with {PARTNET_IN_GENERATOR[:-1]}",
            mend="Take the file as the authors' training saved it; or load it in Python "
            "(ipose.interop.release.generator) and join it with a PartNet in ipose.IPose.",
        )
    network.config = with_preset(network.config, classes)
    return IPose(network.float(), _for_supports(partnet(state), supports).float(), supports, classes.spec), classes


def _for_supports(network: PartNet, supports: SupportSet) -> PartNet:
    if supports.k:
        network.config = replace(network.config, k=supports.k)
    return network


def _at_home(file: Path, make: Callable[[], Made]) -> Made:
    """What `make` makes; its complaints about a state name the file."""
    try:
        return make()
    except IposeError as error:
        if error.file is not None:
            raise
        raise type(error)(
            error.message, file=file, field=error.field, found=error.found, expected=error.expected, mend=error.mend
        ) from error


def _refuse_occupied(out: Path) -> None:
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise RunError(
            "the folder to write must be new or empty", file=out, found=what_is(out), mend="Choose another folder."
        )


def _write_new(out: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a folder beside, and rename it into place; nothing is left of one that failed."""
    out = out.resolve()  # "." has no name
    beside = out.with_name(f".unfinished-{out.name}")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        write(beside)
        replace_folder(beside, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _notes_on_supports(supports: SupportSet, categories: tuple[str, ...]) -> list[str]:
    if not supports.categories:
        return [
            "No support maps: no parts can be inferred before the folder gets some (--supports DIR, or its supports/)."
        ]
    notes = [f"Supports: {supports.k} of each of {len(supports.categories)} categories."]
    missing = [name for name in categories if name not in supports.categories]
    if missing:
        notes.append(f"No supports for {', '.join(missing)}: no scene that has one of these can be used yet.")
    return notes


def _notes_on_going_back(network: PartNet, part_input: str = "features") -> list[str]:
    notes = []
    if network.config.zero_empty_masks:
        notes.append(
            "The authors' PartNet computes tokens of empty masks, where this one has zeros (zero_empty_masks): read "
            "from that file, by their code or by ours, it can give some pixels other parts."
        )
    if part_input == "logits":
        notes.append("This generator reads part logits, the authors' part features: their code cannot run it.")
    return notes
