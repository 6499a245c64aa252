"""`ipose edit`: one scene before and after an edit, with a sheet and a record of the edit."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.data.input_maps import check_sizes, read_map, tell_of_squeezing
from ipose.data.palette import PART_COLORS
from ipose.data.png import write_index, write_photo
from ipose.editing.contexts import NoiseContext, pixel_noise
from ipose.editing.draft import Draft, own_pixels
from ipose.editing.edit import Edit
from ipose.errors import DataError
from ipose.evaluation.card_folder import card_facts
from ipose.evaluation.control import EditedPair, control_cards
from ipose.evaluation.eval_card import card_file_name, write_card
from ipose.evaluation.feature_networks import load_features
from ipose.evaluation.lpips import load_lpips
from ipose.pipeline import IPose
from ipose.reports.edit_sheet import Painted, edit_sheet
from ipose.tables import text_table
from ipose.types import Scene, SceneBatch
from ipose.whole_files import save_whole, write_text_whole


def scene_to_edit(
    model: IPose, file: Path, *, instances: Path | None = None, parts: Path | None = None, keep_size: bool = False
) -> Scene:
    """A label map at the model's size (or its own), with objects in the order in which edits count them. `instances`,
    `parts`: maps, or folders of them.

    Raises:
        DataError: no such file, a folder, or a map that cannot be read or has another spec.
    """
    if not file.is_file():
        found = "a folder" if file.is_dir() else "nothing"
        raise DataError("ipose edit takes one scene", file=file, found=found, expected="an index PNG of label ids")
    size = None if keep_size else model.size
    if keep_size:
        check_sizes([file], model.synthesis.size_multiple)
    scene = read_map(file, model.spec, instances=instances, parts=parts, size=size)
    tell_of_squeezing(file, size, model.synthesis.size_multiple)
    return scene


def object_table(model: IPose, scene: Scene, seed: int = 0) -> str:
    """A table of the scene's objects: number, class, category, pixels, and the parts that the model sees in them."""
    parts = model(scene, seed=seed).parts
    draft = Draft(scene, model.supports, model.spec)
    rows = []
    for number, item in enumerate(scene.objects):
        own = own_pixels(scene, item)
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
    """Write images and part maps before and after an edit, a sheet, the edit as JSON, and eval cards of the change.

    Args:
        out: folder to write `<scene>_{before,after,parts_before,parts_after,sheet}.png`, `<scene>_edit.json` and
            `cards/<scene>_*.json` to. The cards have the change inside and outside the edited region (`edited_region`).
        features: feature network for one more card (`ipose.evaluation.feature_networks`). None = no such card.
        lpips: file of LPIPS's AlexNet for one more card. None = no such card.
        weights: name and hash of the model's weights, for the cards.
    Raises:
        ConfigError, SupportError: an edit that does not fit this scene. Nothing is written.
        MissingWeightsError: no such network. Nothing is written.
    """
    draft = model.draft(scene, edit)  # first: it is quick to refuse
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
    write_text_whole(path, json.dumps(record, indent=2) + "\n")
    yield path
    path = out / f"{scene.name}_sheet.png"
    save_whole(edit_sheet(before, after, model.spec, title=in_words(edit)), path)
    yield path
    pair = EditedPair(plain.image, edited.image, edited_region(model, scene, edit, seed=seed))
    facts = {**card_facts(out, model=weights), "seeds": (seed,), "notes": (in_words(edit),)}
    (out / "cards").mkdir(exist_ok=True)
    for card in control_cards([pair], features=network, perceptual=perceptual, facts=facts):
        path = out / "cards" / f"{scene.name}_{card_file_name(card)}"
        write_card(card, path, replace=True)
        yield path


def in_words(edit: Edit) -> str:
    """The record of an edit as one line of text."""
    steps = []
    for step in edit.record():
        values = {name: "a drawing" if isinstance(value, dict) else value for name, value in step.items()}
        words = [f"{name}={value}" for name, value in values.items() if name != "edit" and value is not True]
        steps.append(f"{step['edit']} {' '.join(words) or 'everything'}")
    return "; ".join(steps) or "no edit"


_ROUNDING = 1e-3
"""Smaller differences of part logits are rounding: other objects in the batch change it."""


def edited_region(model: IPose, scene: Scene, edit: Edit, *, seed: int = 0) -> Bool[Tensor, "h w"]:
    """The pixels where label, instance, part logits or noise differ from those of the scene without the edit.

    This fits any edit, also of a third party: the object with a new texture, all objects of a category with other
    supports, or the old and the new place of a moved object.
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
