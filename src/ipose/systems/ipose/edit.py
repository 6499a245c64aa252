"""`ipose edit`: one scene before and after an edit, with a sheet to look at and a record of what was asked for."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.data.input_maps import read_map
from ipose.data.palette import PART_COLORS
from ipose.data.png import write_index, write_photo
from ipose.editing.contexts import NoiseContext, pixel_noise
from ipose.editing.draft import Draft
from ipose.editing.edit import Edit
from ipose.editing.support_edits import EditSupports
from ipose.errors import ConfigError, DataError
from ipose.evaluation.card_folder import card_facts
from ipose.evaluation.control import EditedPair, control_cards
from ipose.evaluation.eval_card import card_file_name, write_card
from ipose.evaluation.feature_networks import load_features
from ipose.evaluation.lpips import load_lpips
from ipose.pipeline import IPose
from ipose.reports.edit_sheet import Painted, edit_sheet
from ipose.tables import text_table
from ipose.types import Scene, SceneBatch


def read_scene(
    model: IPose,
    file: Path,
    *,
    instances: Path | None = None,
    parts: Path | None = None,
    keep_size: bool = False,
) -> Scene:
    """A label map at the model's size (or its own), with its objects in the order that edits count them.

    Raises:
        DataError: no such file, a folder, or a map that cannot be read or is of another spec.
    """
    if not file.is_file():
        found = "a folder" if file.is_dir() else "nothing"
        raise DataError("one scene at a time is edited", file=file, found=found, expected="an index PNG of label ids")
    size = None if keep_size else (model.synthesis.height, model.synthesis.width)
    return read_map(file, model.spec, instances=instances, parts=parts, size=size)


def object_table(model: IPose, scene: Scene, seed: int = 0) -> str:
    """The scene's objects by number, with class, pixels and the parts that the model sees in them."""
    parts = model(scene, seed=seed).parts
    draft = Draft(scene, model.supports, model.spec)
    rows = []
    for number, item in enumerate(scene.objects):
        own = (scene.label == item.class_id) & (scene.instance == item.instance_id)
        shown = [name for i, name in enumerate(draft.part_names(item), 1) if bool((own & (parts == i)).any())]
        name = model.spec.classes[item.class_id].name
        rows.append([str(number), name, item.part_category or "", str(int(own.sum())), ", ".join(shown)])
    return text_table(["object", "class", "category", "pixels", "parts shown"], rows)


def edit_files(
    model: IPose,
    scene: Scene,
    edit: Edit,
    out: Path,
    *,
    seed: int = 0,
    features: str | None = None,
    lpips: Path | None = None,
    weights: Mapping[str, str] | None = None,
) -> Iterator[Path]:
    """Images and part maps before and after, a sheet, what was asked for as JSON, and eval cards of the change.

    Args:
        model: trained.
        scene: of `read_scene`.
        edit: what to change.
        out: folder to write `<scene>_{before,after,parts_before,parts_after,sheet}.png`, `<scene>_edit.json` and
            `cards/<scene>_*.json` to: the change inside the edited region (`edited_region`) and outside of it.
        seed: of the noise, before and after.
        features: feature network of a card more (`ipose.evaluation.feature_networks`); None = L1 alone.
        lpips: file of LPIPS's AlexNet, for another one.
        weights: of the model, by name and hash, for the cards.
    Yields:
        each file as it is written.
    Raises:
        ConfigError, SupportError: an edit that makes no sense in this scene; nothing is written then.
        MissingWeightsError: no such network; nothing is written then either.
    """
    draft = model.draft(scene, edit)  # first: it is quick to refuse
    _refuse_absent(edit, draft)
    device = str(model.device)
    network = None if features is None else load_features(features, device=device)
    perceptual = None if lpips is None else load_lpips(lpips, device=device)
    plain, edited = model(scene, seed=seed), model(scene, seed=seed, edit=edit)
    before = Painted(scene, plain.image, plain.parts, model.supports)
    after = Painted(draft.scene, edited.image, edited.parts, draft.supports)
    out.mkdir(parents=True, exist_ok=True)
    for name, output in (("before", plain), ("after", edited)):
        path = out / f"{scene.name}_{name}.png"
        write_photo(path, output.image_uint8())
        yield path
        path = out / f"{scene.name}_parts_{name}.png"
        write_index(path, output.parts, colors=PART_COLORS)
        yield path
    record = {"scene": scene.name, "seed": seed, "edits": edit.record()}
    path = out / f"{scene.name}_edit.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    yield path
    path = out / f"{scene.name}_sheet.png"
    edit_sheet(before, after, model.spec, title=in_words(edit)).save(path)
    yield path
    pair = EditedPair(plain.image, edited.image, edited_region(model, scene, edit, seed=seed))
    facts = {**card_facts(out, model=weights), "seeds": (seed,), "notes": (in_words(edit),)}
    (out / "cards").mkdir(exist_ok=True)
    for card in control_cards([pair], features=network, perceptual=perceptual, facts=facts):
        path = out / "cards" / f"{scene.name}_{card_file_name(card)}"
        write_card(card, path, replace=True)
        yield path


def _refuse_absent(edit: Edit, draft: Draft) -> None:
    """Supports of a category that the scene shows nothing of change nothing in it."""
    present = sorted({item.part_category for item in draft.scene.objects if item.part_category is not None})
    for step in edit.steps:
        if isinstance(step, EditSupports) and step.category not in present:
            raise ConfigError(
                "the scene shows no object of this category, so that the edit would change nothing",
                field="category",
                found=step.category,
                expected=", ".join(present) or "a scene that has objects with parts",
            )


def in_words(edit: Edit) -> str:
    """The record of an edit as one line."""
    said = []
    for step in edit.record():
        asked = {name: "a drawing" if isinstance(value, dict) else value for name, value in step.items()}
        words = [f"{name}={value}" for name, value in asked.items() if name != "edit" and value is not True]
        said.append(f"{step['edit']} {' '.join(words) or 'everything'}")
    return "; ".join(said) or "no edit"


_ROUNDING = 1e-3
"""Part logits that differ by less are the same: other objects in the batch round them otherwise."""


def edited_region(model: IPose, scene: Scene, edit: Edit, *, seed: int = 0) -> Bool[Tensor, "h w"]:
    """The pixels where label, instance, part logits or noise differ from those of the scene without the edit.

    So it fits any edit, a third party's too: the object whose texture is drawn anew, all objects of a category whose
    supports change, the old and the new place of an object that moves.

    Args:
        model: trained.
        scene: before the edit.
        edit: what is changed.
        seed: of the noise.
    Raises:
        ConfigError, SupportError: an edit that makes no sense in this scene.
    """
    draft = model.draft(scene, edit)
    plain = model.infer_parts(SceneBatch.from_scenes([scene]))
    parts = model.infer_parts(SceneBatch.from_scenes([draft.scene]), draft.supports)
    noise = pixel_noise(model.synthesis, scene.size, seed, scene.name)
    redrawn = edit.redraw(noise, NoiseContext(draft, parts.part_map[0].cpu(), seed, model.synthesis))
    changed = (draft.scene.label != scene.label) | (draft.scene.instance != scene.instance)
    changed |= ((parts.logits - plain.logits).abs().amax((0, 1)) > _ROUNDING).cpu()
    changed |= (redrawn.z != noise.z).any(0)
    coarse = (redrawn.part_noise != noise.part_noise).any(0)
    changed |= torch.nn.functional.interpolate(coarse[None, None].float(), scene.size)[0, 0] > 0
    return changed
