"""`ipose generate`: a label map in, images and parts out; no data set, no photograph."""

from collections.abc import Iterator
from pathlib import Path

from ipose.data.input_maps import find_maps, read_map
from ipose.data.palette import PART_COLORS
from ipose.data.png import write_index, write_photo
from ipose.errors import ConfigError
from ipose.pipeline import IPose
from ipose.reports.sheets import SceneRow, scene_sheet


def generate_files(
    model: IPose,
    inputs: Path,
    out: Path,
    *,
    instances: Path | None = None,
    parts: Path | None = None,
    seed: int = 0,
    count: int = 1,
    keep_size: bool = False,
) -> Iterator[Path]:
    """Images of every map in `inputs`: `<name>_seed<seed>.png`, `<name>_part.png`, and one `<name>_sheet.png` each.

    Args:
        model: trained.
        inputs: index PNG of label ids, or a folder of them.
        out: folder to write.
        instances: instance map, or a folder of them. None = the connected pieces of each thing class.
        parts: true part map, or a folder of them: what a model of true parts paints.
        seed: of the first image; image i has seed + i.
        count: images a map.
        keep_size: make images of the map's own size, else of the size that the model was trained at.
    Yields:
        each file as it is written.
    Raises:
        DataError: a map that cannot be read, or is of another spec; no part map for a model of true parts.
        ConfigError: count < 1.
        ShapeMismatchError: with `keep_size`, a size that the generator cannot make.
    """
    if count < 1:
        raise ConfigError("nothing to make", field="count", found=count, expected="1 or more")
    size = None if keep_size else (model.synthesis.height, model.synthesis.width)
    for file in find_maps(inputs):
        scene = read_map(file, model.spec, instances=instances, parts=parts, size=size)
        outputs = {number: model(scene, seed=number) for number in range(seed, seed + count)}
        out.mkdir(parents=True, exist_ok=True)
        for number, output in outputs.items():
            path = out / f"{file.stem}_seed{number}.png"
            write_photo(path, output.image_uint8())
            yield path
        first = outputs[seed]
        path = out / f"{file.stem}_part.png"
        write_index(path, first.parts, colors=PART_COLORS)
        yield path
        row = SceneRow(scene, first.parts, {f"seed {number}": output.image for number, output in outputs.items()})
        path = out / f"{file.stem}_sheet.png"
        scene_sheet([row], model.spec, model.supports.part_names).save(path)
        yield path
