"""`ipose generate` with a GroupDNet: a label map in, images out; all classes drawn anew, or some of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ipose.data.input_maps import find_maps, read_map
from ipose.data.png import write_photo
from ipose.editing.code_edits import ResampleClass, paint_edited
from ipose.editing.edit import Edits
from ipose.errors import ConfigError
from ipose.groupdnet.model import GroupDNet
from ipose.systems.groupdnet.sheets import image_sheet


def generate_groupdnet(
    model: GroupDNet,
    inputs: Path,
    out: Path,
    *,
    instances: Path | None = None,
    seed: int = 0,
    count: int = 1,
    resample: Sequence[str] = (),
    keep_size: bool = False,
) -> Iterator[Path]:
    """Images of every map in `inputs`: `<name>_seed<seed>.png`, and one `<name>_sheet.png` each.

    Args:
        model: trained.
        inputs: index PNG of label ids, or a folder of them.
        out: folder to write.
        instances: instance map, or a folder of them, where the model sees edges.
        seed: of the first image; image i has seed + i.
        count: images a map.
        resample: names of classes; only their codes change from image to image, the others keep those of `seed`.
        keep_size: make images of the map's own size, else of the size that the model was trained at.
    Yields:
        each file as it is written.
    Raises:
        DataError: a map that cannot be read, or is of another spec.
        ConfigError: count < 1, no such class, or a model without a code a class.
    """
    if count < 1:
        raise ConfigError("nothing to make", field="count", found=count, expected="1 or more")
    size = None if keep_size else (model.config.height, model.config.width)
    for file in find_maps(inputs):
        scene = read_map(file, model.spec, instances=instances, size=size)
        images = dict[str, Tensor]()
        out.mkdir(parents=True, exist_ok=True)
        for number in range(seed, seed + count):
            edit = ResampleClass(tuple(resample), seed=number) if resample else Edits()
            images[f"seed {number}"] = paint_edited(model, scene, edit, seed=seed if resample else number)
            path = out / f"{file.stem}_seed{number}.png"
            write_photo(path, image_uint8(images[f"seed {number}"]))
            yield path
        path = out / f"{file.stem}_sheet.png"
        image_sheet([(scene, images)], model.spec).save(path)
        yield path


def image_uint8(image: Tensor) -> Tensor:
    """An image in [-1, 1] as 0..255."""
    return ((image.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
