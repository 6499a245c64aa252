"""Maps that a user hands to a trained model: one PNG, a folder of them, or a data set as it is. No photographs."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool
from torch import Tensor

from ipose.data.faults import raise_faults
from ipose.data.file_lists import files_by_name, folders_in, name_of, named_file, names_in
from ipose.data.png import image_size, read_index
from ipose.data.published.layouts import Layout, find_scenes, published_layout, splits_of, way_to_data_set
from ipose.data.scene_files import SCENE_FOLDER, SceneFiles
from ipose.data.scene_maps import check_scene
from ipose.data.specs import DATASET_FILE, load_spec
from ipose.errors import ConfigError, DataError, SpecError
from ipose.images import size_in_words
from ipose.label_spec import LabelSpec
from ipose.types import Scene

VAL = "val"
"""The split that is taken where none is named."""


def find_maps(path: Path, *, out: Path | None = None) -> list[Path]:
    """The PNG itself, or all PNGs of a folder and of the folders within it (`ipose.data.file_lists`), sorted.

    Args:
        out: the folder to write to; what is in it is no input.

    Raises:
        DataError: no such path, a folder without a PNG, or two maps of one name.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        expected = "a PNG or a folder of PNGs"
        raise DataError("no such file or folder", file=path, expected=expected, mend="Check the path.")
    found = list(files_by_name(path, (".png",), "maps", skip=out).values())
    if not found:
        mend = way_to_data_set(path) or "Name another folder."
        raise DataError("no map in this folder", file=path, found=names_in(path), expected="PNG files", mend=mend)
    return found


def find_inputs(
    path: Path,
    spec: LabelSpec,
    *,
    split: str | None = None,
    instances: Path | None = None,
    parts: Path | None = None,
    out: Path | None = None,
) -> list[SceneFiles]:
    """The scenes to make images of. `read_inputs` reads them.

    Args:
        path: a label map; a folder of label maps; a scene folder; or Cityscapes, ADE20K or COCO-Stuff as downloaded, or
            any folder or label map in there. What lies beside the label maps of a data set (colours, polygons) is left
            out, and its instance maps are used.
        split: of a data set. None = val, or else the first one that the data set has.
        instances: instance map, or a folder that holds one of the name of each label map. None = the data set's own;
            without any, the connected pieces of each thing class are its objects.
        parts: true part map, or a folder of them. None = the data set's own, if it has some.
        out: the folder to write to; what is in it is no input.
    Raises:
        DataError: no such path, no map in there, or a data set with faults.
        ConfigError: a split of something that has none.
        SpecError: a data set of other classes than the model's.
    """
    scenes = _of_data_set(path, spec, split) if path.exists() else []
    if not scenes:
        if split is not None:
            mend = "Leave out --split, or name the folder of a data set."
            raise ConfigError("only a data set has splits", field="split", found=split, file=path, mend=mend)
        if (inside := next((folder for folder in folders_in(path) if splits_of(folder)), None)) is not None:
            raise DataError("no map in this folder", file=path, mend=way_to_data_set(path) or f"Name {inside}.")
        scenes = [SceneFiles(name_of(file, path), file) for file in find_maps(path, out=out)]
    return [_with_partners(files, instances, parts) for files in scenes]


def read_inputs(
    found: Iterable[SceneFiles], spec: LabelSpec, size: tuple[int, int] | None = None, multiple: int = 1
) -> Iterator[tuple[SceneFiles, Scene]]:
    """The maps of the scenes that `find_inputs` found, read one by one. The first squeezed one is told of.

    Args:
        size: (height, width) to resize to, nearest. None = as they are.
        multiple: of the sides that the model can make.
    Raises:
        DataError: a file that cannot be read, an id outside the spec, sizes that differ.
    """
    told = False
    for files in found:
        scene = check_scene(files, spec, size)
        told = told or tell_of_squeezing(files.label, size, multiple)
        yield files, scene


def check_sizes(paths: Sequence[Path], multiple: int) -> None:
    """Raise DataError for the first map whose sides are not multiples of what the model can make."""
    for path in paths:
        height, width = image_size(path, upright=False)
        if height % multiple or width % multiple:
            what, found = "a size that the generator cannot make", size_in_words(height, width)
            mend = "Pad or crop the map, or leave out --keep-size: maps are then resized."
            raise DataError(what, file=path, found=found, expected=f"sides that are multiples of {multiple}", mend=mend)


def tell_of_squeezing(path: Path, size: tuple[int, int] | None, multiple: int = 1) -> bool:
    """Say on standard error if resizing a map changes its aspect ratio by more than 1 %. Returns whether it was said.

    Args:
        size: (height, width) that it is resized to; None = it is not.
        multiple: of the sides that the model can make.
    """
    height, width = image_size(path, upright=False)
    if size is None or abs(height * size[1] - width * size[0]) <= 0.01 * height * size[1]:
        return False
    own, new = size_in_words(height, width), size_in_words(*size)
    why = f"{path}: this map of {own} is squeezed to the model's size, {new}, as all maps of another aspect ratio are."
    fits = height % multiple == width % multiple == 0
    way = "keeps the size." if fits else f"keeps a size whose sides are multiples of {multiple}: pad or crop the map."
    print(f"{why} --keep-size {way}", file=sys.stderr)
    return True


def read_map(
    path: Path,
    spec: LabelSpec,
    *,
    root: Path | None = None,
    instances: Path | None = None,
    parts: Path | None = None,
    size: tuple[int, int] | None = None,
) -> Scene:
    """A label map as a scene without a photograph.

    Args:
        path: index PNG of label ids.
        root: the folder that the map was found in, which names the scene (`name_of`). None = the map's stem does.
        instances: index PNG of instance ids, or a folder that holds one of the same name. None = the connected pieces
            of each thing class are its objects.
        parts: index PNG of true part ids, or a folder that holds one of the same name. None = not known.
        size: (height, width) to resize to, nearest. None = as it is.
    Raises:
        DataError: a file that cannot be read, an id outside the spec, sizes that differ.
    """
    name = name_of(path, root or path)
    instance, part = _partner(instances, name, "instance map"), _partner(parts, name, "part map")
    return check_scene(SceneFiles(name, path, instance=instance, part=part), spec, size)


def check_classes(spec: LabelSpec, theirs: LabelSpec, data: str | Path) -> None:
    """Raise SpecError where data are of other classes than a model."""
    of_data, own = ([item.name for item in one.classes] for one in (theirs, spec))
    if of_data != own:
        what = "the data are of other classes than the model"
        found = f"{len(of_data)} classes ({', '.join(of_data[:4])}, ...)"
        expected = f"{len(own)} classes ({', '.join(own[:4])}, ...)"
        mend = "Name data of the model's classes; ipose labels convert makes them."
        raise SpecError(what, file=data, found=found, expected=expected, mend=mend)


def _of_data_set(path: Path, spec: LabelSpec, split: str | None) -> Sequence[SceneFiles]:
    """The scenes of the data set that `path` is, or lies in; () where it is none, or not in its folders of maps."""
    if splits_of(path):
        layout = published_layout(path)
        if layout is not None or (path / DATASET_FILE).is_file():
            check_classes(spec, load_spec(layout.spec if layout else path / DATASET_FILE), path)
        scenes, faults = find_scenes(path, _split(path, split))
        raise_faults(faults, f"data set {path}")
        return scenes
    for root in list(path.resolve().parents)[:4]:
        if (around := published_layout(root)) is not None:
            return _inside(path.resolve(), root, around, spec, split)
    return ()


def _inside(path: Path, root: Path, layout: Layout, spec: LabelSpec, split: str | None) -> Sequence[SceneFiles]:
    """The scenes of a published data set whose label map is `path`, or lies in that folder."""
    found = {
        name: inside
        for name in layout.splits(root)
        if (inside := [files for files in layout.find(root, name)[0] if path in (files.label, *files.label.parents)])
    }
    if not found:
        return ()
    check_classes(spec, load_spec(layout.spec), root)
    return found[_split(root, split, tuple(found))]


def _split(root: Path, asked: str | None, there: tuple[str, ...] = ()) -> str:
    """The split that is asked for; else val, or the first one. Raises ConfigError for one that is not there."""
    there = there or splits_of(root)
    if asked is not None and asked not in there:
        expected = ", ".join(there)
        raise ConfigError("no such split", field="split", file=root, found=asked, expected=expected)
    return asked or (VAL if VAL in there else there[0])


def _with_partners(files: SceneFiles, instances: Path | None, parts: Path | None) -> SceneFiles:
    """The maps of a scene, the named ones in place of the data set's own."""
    name = files.name if files.layout == SCENE_FOLDER else files.label.stem
    instance, part = _partner(instances, name, "instance map"), _partner(parts, name, "part map")
    own = instance is None or (files.instance is not None and instance.resolve() == files.instance.resolve())
    return SceneFiles(
        files.name,
        files.label,
        instance=files.instance if own else instance,
        part=part or files.part,
        layout=files.layout if own else SCENE_FOLDER,  # a map of one's own is stored as in a scene folder
    )


def _partner(place: Path | None, name: str, kind: str) -> Path | None:
    """The map that goes with the map of this name: the file itself, or the one of the same name in the folder."""
    if place is None:
        return None
    partner = named_file(place, f"{name}.png") if place.is_dir() else place
    if partner is None or not partner.is_file():
        raise DataError(f"no such {kind}", file=partner or place / f"{name}.png", expected=f"the partner of {name}.png")
    return partner


def read_silhouette(path: Path) -> Bool[Tensor, "h w"]:
    """A drawn object: index or greyscale PNG, the object where it is not 0.

    Raises:
        DataError: cannot be read, or nothing is drawn.
    """
    shape = torch.from_numpy(np.ascontiguousarray(read_index(path) != 0))
    if not bool(shape.any()):
        raise DataError("nothing drawn here", file=path, found="0 everywhere", expected="the object's pixels not 0")
    return shape
