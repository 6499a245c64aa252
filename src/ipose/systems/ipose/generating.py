"""Images of iPOSE: a label map in, images, parts and a sheet out; no data set, no photograph."""

from collections.abc import Iterator
from pathlib import Path

from ipose.data.input_maps import find_maps, read_map
from ipose.data.palette import PART_COLORS
from ipose.data.png import write_index, write_photo
from ipose.pipeline import IPose, SceneOutput
from ipose.reports.sheets import SceneRow, scene_sheet
from ipose.systems.generating import Request
from ipose.types import Scene, SceneBatch


def make(model: IPose, request: Request) -> Iterator[Path]:
    """Images of every map: `<name>_seed<seed>.png`, `<name>_part.png`, and one `<name>_sheet.png` each.

    The parts of a map are inferred once, for all seeds; each image is written when it is made.

    Raises:
        DataError: a map that cannot be read, or is of another spec; no part map for a model of true parts.
        SupportError: an object whose category has no supports; names the map.
        ShapeMismatchError: with `keep_size`, a size that the generator cannot make.
    """
    size = None if request.keep_size else (model.synthesis.height, model.synthesis.width)
    for file in find_maps(request.maps):
        scene = read_map(file, model.spec, instances=request.instances, parts=request.options.parts, size=size)
        yield from _of_scene(model, scene, file.stem, request)


def _of_scene(model: IPose, scene: Scene, stem: str, request: Request) -> Iterator[Path]:
    batch = SceneBatch.from_scenes([scene]).to(model.device)
    parts = model.infer_parts(batch)
    part_map, logits = parts.part_map[0].cpu(), parts.logits[0].cpu()
    images = {}
    for seed in request.seeds:
        images[f"seed {seed}"] = image = model.paint(batch, parts, seed=seed)[0].cpu()
        request.out.mkdir(parents=True, exist_ok=True)  # not before: a size that cannot be painted leaves no folder
        path = request.out / f"{stem}_seed{seed}.png"
        write_photo(path, SceneOutput(image, part_map, logits).image_uint8())
        yield path
    path = request.out / f"{stem}_part.png"
    write_index(path, part_map, colors=PART_COLORS)
    yield path
    path = request.out / f"{stem}_sheet.png"
    scene_sheet([SceneRow(scene, part_map, images)], model.spec, model.supports.part_names).save(path)
    yield path
