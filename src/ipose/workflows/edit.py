"""`ipose edit`: one scene before and after an edit, with a sheet to look at and a record of what was asked for."""

import json
from collections.abc import Iterator
from pathlib import Path

from ipose.data.input_maps import read_map
from ipose.data.part_palette import PART_COLORS
from ipose.data.png import write_index, write_photo
from ipose.editing.draft import Draft
from ipose.editing.edit import Edit
from ipose.errors import DataError
from ipose.evaluation.edit_sheet import Painted, edit_sheet
from ipose.evaluation.text_table import text_table
from ipose.pipeline import IPose
from ipose.types import Scene


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


def edit_files(model: IPose, scene: Scene, edit: Edit, out: Path, *, seed: int = 0) -> Iterator[Path]:
    """Images and part maps before and after, a sheet, and what was asked for as JSON.

    Args:
        model: trained.
        scene: of `read_scene`.
        edit: what to change.
        out: folder to write `<scene>_{before,after,parts_before,parts_after,sheet}.png` and `<scene>_edit.json` to.
        seed: of the noise, before and after.
    Yields:
        each file as it is written.
    Raises:
        ConfigError, SupportError: an edit that makes no sense in this scene; nothing is written then.
    """
    draft = model.draft(scene, edit)  # first: it is quick to refuse
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


def in_words(edit: Edit) -> str:
    """The record of an edit as one line."""
    said = []
    for step in edit.record():
        asked = {name: "a drawing" if isinstance(value, dict) else value for name, value in step.items()}
        words = [f"{name}={value}" for name, value in asked.items() if name != "edit" and value is not True]
        said.append(f"{step['edit']} {' '.join(words) or 'everything'}")
    return "; ".join(said) or "no edit"
