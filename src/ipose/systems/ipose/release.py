"""iPOSE's generator and PartNet for `ipose convert`: from the authors' file to a model folder, and back."""

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from ipose.data.part_sources.release_tree import release_supports
from ipose.data.specs import load_spec
from ipose.data.support_folder import load_supports
from ipose.errors import ConfigError, RunError
from ipose.interop.release import generator, partnet, to_release
from ipose.interop.release.recognise import PARTNET_IN_GENERATOR
from ipose.interop.weight_files import write_weights
from ipose.part_annotations import SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet, save_partnet
from ipose.pipeline import IPose
from ipose.systems.converted_files import Converted, Hints, at_home
from ipose.systems.ipose.release_classes import ReleasedClasses, released_classes, with_preset, with_slots


def generator_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """Convert a generator with its PartNet to a model folder. The state is emptied to save memory.

    Raises:
        RunError: names or shapes that do not fit, or no PartNet.
        ConfigError, SpecError: preset, spec and number of classes contradict one another.
        SupportError: faults in the supports.
    """
    hints.refuse_all_but("supports", "preset", "spec", "z_channels", file=file, network="iPOSE's generator")
    read = _read_supports(hints.supports)
    model, classes = at_home(file, lambda: _model(state, read, hints))
    state.clear()
    summary = f"Generator of {file}: {classes.spec.num_classes} classes of {classes.spec.name}, preset {classes.preset}"
    return Converted(model.save_pretrained, [summary, *_notes_on_supports(read, classes.spec.part_categories)])


def partnet_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """Convert a PartNet without a generator to a model folder, for `ipose parts`.

    Raises:
        RunError: names or shapes that do not fit.
        SupportError: faults in the supports.
    """
    hints.refuse_all_but("supports", file=file, network="a PartNet, which has no classes")
    read = _read_supports(hints.supports)
    network = _for_supports(at_home(file, lambda: partnet(state)), read).float()
    return Converted(
        lambda folder: save_partnet(folder, network, read), [f"PartNet of {file}", *_notes_on_supports(read, ())]
    )


def generator_to_release(folder: Path, out: Path) -> list[str]:
    """Write a model folder with generator and PartNet as one file, with PartNet inside the generator.

    Raises:
        ConfigError: layers that the release does not have.
    """
    loaded = IPose.from_pretrained(folder)
    if loaded.partnet is None or loaded.synthesis.parts != "predicted":
        message = "the authors' generator reads the parts that its PartNet predicts, and this one does not"
        mend = "Only models with a PartNet that were trained with --parts predicted can be converted back."
        raise ConfigError(message, file=folder, field="parts", mend=mend)
    carried = {f"{PARTNET_IN_GENERATOR}{name}": tensor for name, tensor in to_release(loaded.partnet).items()}
    write_weights(out, {**to_release(loaded.generator), **carried})
    return [f"Generator and PartNet of {folder}", *_lost_settings(loaded.partnet, loaded.synthesis.part_input)]


def partnet_to_release(folder: Path, out: Path) -> list[str]:
    """Write the PartNet of a model folder as a file."""
    network = load_partnet(folder).partnet
    write_weights(out, to_release(network))
    return [f"PartNet of {folder}", *_lost_settings(network)]


def _read_supports(folder: Path | None) -> SupportSet:
    if folder is None:
        return SupportSet({}, {})
    released = release_supports(folder)
    return released[3 if 3 in released else max(released)] if released else load_supports(folder)


def _model(state: dict[str, Tensor], supports: SupportSet, hints: Hints) -> tuple[IPose, ReleasedClasses]:
    classes = released_classes(
        state, hints.preset, None if hints.spec is None else load_spec(hints.spec), hints.z_channels
    )
    classes = replace(classes, spec=with_slots(classes.spec, supports.categories))
    network = generator(state, z_channels=classes.z_channels)
    if not any(name.startswith(PARTNET_IN_GENERATOR) for name in state):
        raise RunError(
            "this generator has no PartNet, so it gets no parts",
            expected=f"names that begin with {PARTNET_IN_GENERATOR[:-1]}",
            mend="Take the file that the authors' training saved. Or load this one in Python "
            "(ipose.interop.release.generator) and combine it with a PartNet in ipose.IPose.",
        )
    network.config = with_preset(network.config, classes)
    return IPose(network.float(), _for_supports(partnet(state), supports).float(), supports, classes.spec), classes


def _for_supports(network: PartNet, supports: SupportSet) -> PartNet:
    if supports.k:
        network.config = replace(network.config, k=supports.k)
    return network


def _notes_on_supports(supports: SupportSet, categories: tuple[str, ...]) -> list[str]:
    if not supports.categories:
        return ["No supports: no parts can be inferred until the folder has some (--supports DIR, or its supports/)."]
    notes = [f"Supports: {supports.k} for each of {len(supports.categories)} categories."]
    missing = [name for name in categories if name not in supports.categories]
    if missing:
        notes.append(f"No supports for {', '.join(missing)}. Scenes with one of these cannot be used yet.")
    return notes


def _lost_settings(network: PartNet, part_input: str = "features") -> list[str]:
    notes = []
    if network.config.zero_empty_masks:
        notes.append(
            "This PartNet has zeros as tokens of empty masks (zero_empty_masks), and the authors' computes them. So a "
            "network that is read from the file can give other parts to some pixels."
        )
    if part_input == "logits":
        notes.append(
            "This generator reads part logits, and the authors' reads part features. Their code cannot run it."
        )
    return notes
