"""`ipose figures` for iPOSE: the paper's editing figures, with new textures (fig. 5) and removed parts (fig. 6).

It also measures how local each edit is: the mean change inside and outside the edited region.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.data.open_data import open_scenes
from ipose.editing.draft import Draft, own_pixels
from ipose.editing.edit import Edit
from ipose.editing.noise_edits import Resample
from ipose.editing.support_edits import EditSupports
from ipose.errors import ConfigError, DataError
from ipose.evaluation.card_folder import card_facts, described, model_facts, write_run_cards
from ipose.evaluation.control import Change, EditedPair, Measured
from ipose.evaluation.feature_networks import load_features
from ipose.evaluation.lpips import load_lpips
from ipose.pipeline import IPose, SceneOutput
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, part_picture, photo
from ipose.reports.sheets import GREYS, part_legend
from ipose.systems.judging import data_of
from ipose.systems.scene_models import ChangedScenes, with_parts_of
from ipose.tables import percent, text_table
from ipose.training.run import Run
from ipose.types import Scene
from ipose.whole_files import save_whole, write_text_whole

LOOKED_AT = 64
"""Number of validation scenes among which the shown ones are chosen."""

SMALLEST = 8
"""Least pixels of a part that is edited in a figure."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A scene and the object to edit: its largest object that shows two parts or more. `parts`: names of the visible
    ones, the largest first.
    """

    scene: Scene
    out: SceneOutput
    number: int
    parts: tuple[str, ...]

    @property
    def category(self) -> str:
        """Part category of the object."""
        return str(self.scene.objects[self.number].part_category)


def changes_table(changes: Sequence[Change]) -> str:
    """A table of mean changes in percent, with one line for each kind of edit."""
    rows = []
    for kind in dict.fromkeys(change.edit for change in changes):
        own = [change for change in changes if change.edit == kind]
        outside = [change.outside for change in own if change.outside is not None]
        mean = sum(outside) / len(outside) if outside else None
        rows.append([kind, str(len(own)), percent(sum(x.inside for x in own) / len(own)), percent(mean)])
    return text_table(["edit", "images", "change inside (%)", "outside (%)"], rows)


def draw(
    folder: Path,
    out: Path | None = None,
    *,
    scenes: int = 4,
    seed: int = 0,
    features: str | None = None,
    lpips: Path | None = None,
) -> list[str]:
    """Write `figure5.png`, `figure6.png`, `changes.json` and eval cards of the changes, for a run's own validation
    scenes.

    Args:
        out: folder to write to, with the cards in its `cards/`. None = `figures/` and `cards/` in the run.
        features: feature network for more cards (`ipose.evaluation.feature_networks`). None = no such cards.
        lpips: file of LPIPS's AlexNet for more cards. None = no such cards.
    Raises:
        RunError: no synthesis run, or one that does not name its data.
        DataError: no validation scene has an object with two visible parts.
        ConfigError: scenes < 1, or a model that reads no predicted parts.
    """
    if scenes < 1:
        raise ConfigError("nothing to show", field="scenes", found=scenes, expected="1 or more")
    run, model = Run.open(folder), IPose.from_pretrained(folder)
    if not model.synthesis.needs_partnet:
        message = "the figures edit predicted parts, and this model reads none"
        mend = "Name a run that was trained with --parts predicted. ipose edit changes textures of any model."
        raise ConfigError(message, file=folder, field="parts", mend=mend)
    network = None if features is None else load_features(features)
    perceptual = None if lpips is None else load_lpips(lpips)
    val = ChangedScenes(open_scenes(data_of(run), "val", model.size), partial(with_parts_of, model.spec))
    chosen = find_subjects(model, val, scenes, seed)
    cards_folder = run.folder / "cards" if out is None else out / "cards"
    out = out or run.folder / "figures"
    out.mkdir(parents=True, exist_ok=True)
    measured = Measured()
    names = {item.category: model.supports.part_names[item.category] for item in chosen}
    legends = [TileRow((), heading=f"parts of {key}", legend=[*part_legend(names[key]), *GREYS]) for key in names]
    files = (out / "figure5.png", out / "figure6.png", out / "changes.json")
    textures = [_texture_row(model, item, seed, measured) for item in chosen]
    save_whole(contact_sheet(textures, "New texture: in the scene, in one object, in one part"), files[0])
    structures = [_structure_row(model, item, seed, measured) for item in chosen]
    save_whole(contact_sheet([*structures, *legends], "New structure: parts dropped from the supports"), files[1])
    changes = [asdict(item) for item in measured.changes]
    write_text_whole(files[2], json.dumps({"seed": seed, "changes": changes}, indent=2) + "\n")
    facts = {**card_facts(folder, model=model_facts(run, model.supports)), "seeds": (seed,)}
    cards = write_run_cards(measured.cards(features=network, perceptual=perceptual, facts=facts), cards_folder)
    return [changes_table(measured.changes), *map(described, [*files, *cards])]


def find_subjects(model: IPose, scenes: Sequence[Scene], count: int, seed: int = 0) -> list[Subject]:
    """Scenes with an object that shows two parts, first one of each category. Raises DataError if there is none."""
    found: list[Subject] = []
    categories: set[str] = set()
    for index in range(min(len(scenes), LOOKED_AT)):
        scene = scenes[index]
        if any(item.part_category is not None for item in scene.objects):
            found += _subject(model, scene, seed)
            categories |= {item.category for item in found}
        if len(categories) == count:
            break
    if not found:
        message, found_scenes = "no validation scene has an object that shows two parts", min(len(scenes), LOOKED_AT)
        mend = "Train PartNet for longer, or on data whose classes have parts."
        raise DataError(message, found=f"{found_scenes} scenes", mend=mend)
    first = {item.category: item for item in reversed(found)}
    return sorted(found, key=lambda item: item is not first[item.category])[:count]  # stable: as they were found


def _subject(model: IPose, scene: Scene, seed: int) -> Iterator[Subject]:
    out, draft = model(scene, seed=seed), Draft(scene, model.supports, model.spec)
    sizes = [int(own_pixels(scene, item).sum()) for item in scene.objects]
    for number in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        names = draft.part_names(scene.objects[number])
        areas = {name: int(_part_pixels(model, scene, out, number, name).sum()) for name in names}
        shown = sorted((name for name in names if areas[name] >= SMALLEST), key=lambda name: -areas[name])
        if len(shown) > 1:
            yield Subject(scene, out, number, tuple(shown))
            return


def _texture_row(model: IPose, subject: Subject, seed: int, measured: Measured) -> TileRow:
    """A row: label map, image, and two new textures each of everything, of the object, and of its second-largest
    part."""
    number, part, scene = subject.number, subject.parts[1], subject.scene
    name = model.spec.classes[scene.objects[number].class_id].name
    tiles = [Tile(label_picture(scene.label, model.spec), "label map"), Tile(photo(subject.out.image), "image")]
    own, part_pixels = own_pixels(scene, scene.objects[number]), _part_pixels(model, scene, subject.out, number, part)
    for kind, caption, region, edit in (
        ("texture of everything", "everything", torch.ones_like(own), Resample(everything=True)),
        ("texture of an object", name, own, Resample(object=number)),
        ("texture of a part", f"{name}: {part}", part_pixels, Resample(part=(number, part))),
    ):
        for new in (seed + 1, seed + 2):
            edited = _edited(model, subject, replace(edit, seed=new), kind, region, seed, measured)
            tiles.append(Tile(photo(edited.image), f"{caption}, seed {new}"))
    return TileRow(tiles, heading=scene.name)


def _structure_row(model: IPose, subject: Subject, seed: int, measured: Measured) -> TileRow:
    """A row: image and parts, then the same without each of the two smallest visible parts of the object."""
    scene, things = subject.scene, torch.tensor([item.thing for item in model.spec.classes])[subject.scene.label]
    region = torch.zeros(scene.size, dtype=torch.bool)
    for item in scene.objects:
        if item.part_category == subject.category:
            region |= own_pixels(scene, item)
    tiles = [Tile(photo(subject.out.image), "image"), Tile(part_picture(subject.out.parts, things), "parts")]
    for part in subject.parts[1:][::-1][:2]:
        edit = EditSupports(subject.category, drop=part)
        edited = _edited(model, subject, edit, "a part dropped", region, seed, measured)
        tiles += [Tile(photo(edited.image), f"no {part}"), Tile(part_picture(edited.parts, things), "parts")]
    return TileRow(tiles, heading=f"{scene.name}: {subject.category}")


def _edited(
    model: IPose, subject: Subject, edit: Edit, kind: str, region: Bool[Tensor, "h w"], seed: int, measured: Measured
) -> SceneOutput:
    out = model(subject.scene, seed=seed, edit=edit)
    measured.take(subject.scene.name, kind, EditedPair(subject.out.image, out.image, region))
    return out


def _part_pixels(model: IPose, scene: Scene, out: SceneOutput, number: int, part: str) -> Bool[Tensor, "h w"]:
    item = scene.objects[number]
    names = model.supports.part_names[str(item.part_category)]
    return own_pixels(scene, item) & (out.parts == names.index(part) + 1)
