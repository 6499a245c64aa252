"""Images of a GroupDNet: a label map in, images out; all classes drawn anew, or some of them."""

from collections.abc import Iterator
from pathlib import Path

from torch import Tensor

from ipose.data.input_maps import find_inputs, read_inputs
from ipose.data.png import write_photo
from ipose.editing.code_edits import ResampleClass, paint_edited
from ipose.editing.edit import Edits
from ipose.groupdnet.model import GroupDNet
from ipose.images import image_uint8
from ipose.systems.generating import Request
from ipose.systems.groupdnet.sheets import image_sheet
from ipose.whole_files import save_whole


def make(model: GroupDNet, request: Request) -> Iterator[Path]:
    """Images of every map: `<name>_seed<seed>.png`, and one `<name>_sheet.png` each.

    With `resample` only the codes of these classes change from image to image, the others keep those of the first.

    Raises:
        DataError: a map that cannot be read, or is of another spec.
        ConfigError: no such class, or a model without a code a class.
    """
    size = None if request.keep_size else (model.config.height, model.config.width)
    classes: tuple[str, ...] = request.options.resample
    split, instances = request.split, request.instances
    found = find_inputs(request.maps, model.spec, split=split, instances=instances, out=request.out)
    for _, scene in read_inputs(found, model.spec, size):
        images = dict[str, Tensor]()
        for number in request.seeds:
            edit = ResampleClass(tuple(classes), seed=number) if classes else Edits()
            image = paint_edited(model, scene, edit, seed=request.seed if classes else number)
            request.out.mkdir(parents=True, exist_ok=True)
            images[f"seed {number}"] = image
            path = request.out / f"{scene.name}_seed{number}.png"
            write_photo(path, image_uint8(image))
            yield path
        path = request.out / f"{scene.name}_sheet.png"
        save_whole(image_sheet([(scene, images)], model.spec), path)
        yield path
