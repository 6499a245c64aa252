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
from ipose.systems.ipose.release_classes import Classes, classes_of, with_preset


def generator_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """A generator with the PartNet that it carries, for `IPose.from_pretrained`. The state is emptied on the way.

    Raises:
        RunError: names or shapes at fault, or no PartNet.
        ConfigError, SpecError: preset, spec and number of classes contradict one another.
        SupportError: the supports are at fault.
    """
    hints.refuse_all_but("supports", "preset", "spec", "z_channels", file=file, network="iPOSE's generator")
    read = _read_supports(hints.supports)
    model, classes = at_home(file, lambda: _model(state, read, hints))
    state.clear()
    told = f"Generator of {file}: {classes.spec.num_classes} classes of {classes.spec.name}, preset {classes.preset}"
    return Converted(model.save_pretrained, [told, *_notes_on_supports(read, classes.spec.part_categories)])


def partnet_from_release(file: Path, state: dict[str, Tensor], hints: Hints) -> Converted:
    """A PartNet alone, for `ipose parts`.

    Raises:
        RunError: names or shapes at fault.
        SupportError: the supports are at fault.
    """
    hints.refuse_all_but("supports", file=file, network="a PartNet alone, which knows no classes")
    read = _read_supports(hints.supports)
    network = _for_supports(at_home(file, lambda: partnet(state)), read).float()
    return Converted(
        lambda folder: save_partnet(folder, network, read), [f"PartNet of {file}", *_notes_on_supports(read, ())]
    )


def generator_to_release(folder: Path, out: Path) -> list[str]:
    """A model folder of the whole system as one file, with PartNet inside the generator.

    Raises:
        ConfigError: layers that the release does not have.
    """
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


def partnet_to_release(folder: Path, out: Path) -> list[str]:
    """A PartNet's folder as one file."""
    network = load_partnet(folder).partnet
    write_weights(out, to_release(network))
    return [f"PartNet of {folder}", *_notes_on_going_back(network)]


def _read_supports(folder: Path | None) -> SupportSet:
    if folder is None:
        return SupportSet({}, {})
    released = release_supports(folder)
    return released[3 if 3 in released else max(released)] if released else load_supports(folder)


def _model(state: dict[str, Tensor], supports: SupportSet, hints: Hints) -> tuple[IPose, Classes]:
    classes = classes_of(state, hints.preset, None if hints.spec is None else load_spec(hints.spec), hints.z_channels)
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
