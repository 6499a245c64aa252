"""Images of iPOSE: a label map in, images, parts and a sheet out; no data set, no photograph."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ipose.data.input_maps import check_sizes, find_inputs, read_inputs
from ipose.data.palette import PART_COLORS
from ipose.data.png import write_index, write_photo
from ipose.data.support_folder import load_supports, unused_drawings
from ipose.errors import ConfigError, SupportError
from ipose.images import image_uint8
from ipose.partnet.added_supports import with_drawings
from ipose.partnet.pretrained import without_supports
from ipose.pipeline import IPose
from ipose.reports.sheets import SceneRow, scene_sheet
from ipose.systems.generating import Request
from ipose.types import Scene, SceneBatch, SceneObject
from ipose.whole_files import save_whole


def make(model: IPose, request: Request) -> Iterator[Path]:
    """Images of every map: `<name>_seed<seed>.png`, `<name>_part.png`, and one `<name>_sheet.png` each.

    The parts of a map are inferred once, for all seeds. Each image is written before the next one is computed.

    Raises:
        DataError: a map that cannot be read, or is of another spec; no part map for a model of true parts.
        SupportError: an object whose category has no supports, and `without_parts` is not said; it names the map.
            Faults in the folder of `supports`.
        ConfigError: `supports`, and a model without PartNet.
        DataError: with `keep_size`, a size that the generator cannot make; before the first image.
    """
    if request.options.supports is not None:
        model = _with_supports(model, request.options.supports)
    multiple = model.synthesis.size_multiple
    if request.options.without_parts and model.categories_without_supports:
        names = ", ".join(model.categories_without_supports)
        print(f"The model has no supports of {names}: such objects are painted without parts.", file=sys.stderr)
    given: dict[str, Any] = {"parts": request.options.parts, "split": request.split, "out": request.out}
    found = find_inputs(request.maps, model.spec, instances=request.instances, **given)
    if request.keep_size:
        check_sizes([files.label for files in found], multiple)
    for files, scene in read_inputs(found, model.spec, None if request.keep_size else model.size, multiple):
        if missing := model.objects_without_supports(scene):
            if not request.options.without_parts:
                raise _no_supports(files.label, model, missing)
            scene = model.without_missing_supports(scene)
        yield from _of_scene(model, scene, request)


def _with_supports(model: IPose, folder: Path) -> IPose:
    """The model with drawings of this one request."""
    if model.partnet is None:
        mend = "Leave out --supports."
        raise ConfigError("drawings are read by a PartNet, and this model has none", field="supports", mend=mend)
    names = model.supports.part_names
    supports, drawn = with_drawings(model.supports, folder, names, instead=True), load_supports(folder, names)
    spec = model.spec.with_parts(drawn.categories)
    classes = [item.name for item in spec.classes]
    if strange := [name for name in drawn.categories if name not in (*classes, *spec.part_categories)]:
        print(
            f"The model paints its own classes ({', '.join(classes)}), and {', '.join(strange)} is none of them: these "
            "drawings are not read. To paint classes of your own, train on your data: ipose train synthesis --data DIR "
            f"--partnet partworld --supports {folder}.",
            file=sys.stderr,
        )
    elif sentence := unused_drawings(spec, drawn.categories):
        print(sentence, file=sys.stderr)
    return IPose(model.generator, model.partnet, supports, spec)


def _of_scene(model: IPose, scene: Scene, request: Request) -> Iterator[Path]:
    batch = SceneBatch.from_scenes([scene]).to(model.device)
    parts = model.infer_parts(batch)
    part_map = parts.part_map[0].cpu()
    images = {}
    for seed in request.seeds:
        images[f"seed {seed}"] = image = model.paint(batch, parts, seed=seed)[0].cpu()
        request.out.mkdir(parents=True, exist_ok=True)  # not before: a size that cannot be painted leaves no folder
        path = request.out / f"{scene.name}_seed{seed}.png"
        write_photo(path, image_uint8(image))
        yield path
    path = request.out / f"{scene.name}_part.png"
    write_index(path, part_map, colors=PART_COLORS)
    yield path
    path = request.out / f"{scene.name}_sheet.png"
    row = SceneRow(scene, part_map if model.predicts_parts else None, images)
    save_whole(scene_sheet([row], model.spec, model.supports.part_names), path)
    yield path


def _no_supports(file: Path, model: IPose, missing: Sequence[SceneObject]) -> SupportError:
    name, category = model.spec.classes[missing[0].class_id].name, missing[0].part_category
    found, otherwise = f"a {name}, of part category {category}", "Or paint such objects without parts: --without-parts."
    if not model.supports.categories:
        known = without_supports()
        return SupportError(known.message, file=file, found=found, mend=f"{known.mend} {otherwise}")
    return SupportError(
        "the model has no supports of an object's part category",
        file=file,
        found=found,
        expected=", ".join(model.supports.categories),
        mend=f"Draw {model.supports.k} of them, DIR/{category}/<name>_part.png, and say --supports DIR, or once for all"
        f" ipose supports add MODEL DIR. {otherwise}",
    )
