"""From a `DataConfig` to scenes and part pairs, whatever they come from."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch

from ipose.data.data_config import DataConfig
from ipose.data.doctor import check_scenes
from ipose.data.faults import or_fault, without_faults
from ipose.data.file_lists import folders_in, list_files, names_in
from ipose.data.parallel import in_parallel
from ipose.data.part_manifest import tree_part_names
from ipose.data.part_names import part_names_for
from ipose.data.part_pairs import pairs_from_scenes, read_part_tree
from ipose.data.part_sources.panoptic_parts import open_cityscapes_pps
from ipose.data.part_sources.source import PartSource
from ipose.data.published.layouts import published_layout, splits_of, way_to_data_set
from ipose.data.scene_folder import SceneFolder
from ipose.data.specs import DATASET_FILE, DatasetSpec, load_dataset_spec
from ipose.errors import DataError, SpecError
from ipose.part_annotations import PartPair, SupportSet
from ipose.partworld.scene import PartWorld
from ipose.shapes.supports import choose_supports
from ipose.types import Scene

log = logging.getLogger(__name__)

LAYOUTS_IN_WORDS = "a scene folder, Cityscapes (leftImg8bit/, gtFine/), ADE20K (images/, annotations/), or a part tree"

PANOPTIC_PARTS = "gtFinePanopticParts"
"""The folder of Cityscapes' part annotations, as downloaded, beside `gtFine`."""


@dataclass(frozen=True, eq=False)
class PartData:
    """Part pairs of both splits, of basis and novel categories alike."""

    train: list[PartPair]
    val: list[PartPair]
    part_names: Mapping[str, tuple[str, ...]]
    novel: tuple[str, ...]

    @property
    def basis_train(self) -> list[PartPair]:
        """What PartNet may learn from."""
        return [pair for pair in self.train if pair.category not in self.novel]

    def choose_supports(self, k: int, seed: int = 0) -> SupportSet:
        """k-means over the training shapes of each category; the part maps of the chosen objects are its supports.

        Of a novel category, these k maps are all that is ever read of its annotations. Source: iPOSE suppl. A.2.
        """
        maps = {}
        for category in self.part_names:
            members = [pair for pair in self.train if pair.category == category]
            shapes = torch.stack([pair.shape for pair in members]) if members else torch.zeros(0, 64, 64).bool()
            generator = torch.Generator().manual_seed(seed)
            chosen = choose_supports(shapes, k, generator=generator, category=category).tolist()
            maps[category] = torch.stack([members[i].part_map for i in chosen])
        return SupportSet({name: self.part_names[name] for name in maps}, maps)


def open_spec(config: DataConfig) -> DatasetSpec:
    """The spec that the config names, else the one that lies in the data folder."""
    return load_dataset_spec(spec_source(config))


def spec_source(config: DataConfig, layouts: str | None = None) -> str | Path:
    """Name or path of the spec, unread: the config's, else the folder's own, else that of a published layout.

    Args:
        layouts: the data sets that the caller reads, in words, for messages. None = those that trainings read.
    Raises:
        DataError: no such data folder, or no data set in it.
        SpecError: the config names no spec, and the folder holds none.
    """
    if config.spec is not None or config.is_partworld:
        return config.spec or "partworld"
    root = _folder(config, layouts or f"{LAYOUTS_IN_WORDS}; or the word partworld")
    if (root / DATASET_FILE).is_file():
        return root
    layout = published_layout(root)
    if layout is not None:
        return layout.spec
    way = way_to_data_set(root)
    if way is not None or not splits_of(root):
        expected, mend = layouts or LAYOUTS_IN_WORDS, way or "Check the path."
        raise DataError("no data set in this folder", file=root, found=names_in(root), expected=expected, mend=mend)
    labels = [folder for folder in folders_in(root) if folder.name.endswith("_label")]
    maps = [path for folder in labels for path in list_files(folder, (".png",), tell=False)]
    coco = any(len(path.stem) == 12 and path.stem.isdigit() for path in maps)
    mend = "Name a built-in spec with --spec, or write a dataset.toml (see the docs of ipose.data.specs)."
    if coco:
        mend = "The files are named as those of COCO-Stuff: add --spec coco-stuff if they are."
    what = "the data folder does not say what its label ids mean"
    raise SpecError(what, file=root, expected=DATASET_FILE, mend=mend)


def open_scenes(
    config: DataConfig, split: str, size: tuple[int, int] | None = None, *, limit: int | None = None
) -> Sequence[Scene]:
    """The scenes of a split.

    Args:
        size: (height, width) to draw at or resize to. None = as stored.
        limit: number of scenes, from the first one; None = all.
    """
    if config.is_partworld:
        world = config.world(split, size or (config.scene_size, config.scene_size))
        return PartWorld(world if limit is None else replace(world, count=min(limit, world.count)))
    return SceneFolder(_folder(config), split, open_spec(config).labels, size=size, limit=limit)


def checked_scenes(config: DataConfig, size: tuple[int, int]) -> Sequence[Scene]:
    """The training scenes, after every file of both splits has been checked, now or once before.

    Raises:
        DataError: lists the faults of both splits.
    """
    _check_scene_folder(config)
    return open_scenes(config, "train", size)


def checked_part_pairs(config: DataConfig) -> PartData:
    """Part pairs of both splits. A scene folder is checked as a whole first, a part tree while it is read.

    Raises:
        DataError: lists the faults.
    """
    root = Path(config.data)
    if (root / "train_part").is_dir():
        _require_part_maps(root)
        _check_scene_folder(config)
    return open_part_pairs(config)


def _check_scene_folder(config: DataConfig) -> None:
    if not config.is_partworld:  # what is drawn has no faults
        check_scenes(config.data, open_spec(config))


def open_part_pairs(config: DataConfig) -> PartData:
    """Part pairs of PartWorld, of a scene folder with `_part/`, of Cityscapes with its panoptic parts, or a part tree.

    Raises:
        DataError: none of these; or files at fault.
        SpecError: a category whose parts have no names.
    """
    if config.is_partworld:
        names = load_dataset_spec("partworld").part_names
        present = {name: names[name] for name in config.categories or names}
        return _part_data(config, _pairs_of_scenes(config, "train"), _pairs_of_scenes(config, "val"), present)
    root = _folder(config)
    read: Callable[[str], list[PartPair]]
    if (root / "train_part").is_dir():
        _require_part_maps(root)
        own, read = open_spec(config).part_names, partial(_pairs_of_scenes, config)
    elif maps := list_files(root, ("_part.png",), depth=3, tell=False):
        own, read = tree_part_names(root), partial(read_part_tree, root)
        part_names_for(sorted({path.parents[1].name for path in maps}), own)  # raises before any map is read
    elif (root / PANOPTIC_PARTS).is_dir():
        source = open_cityscapes_pps(root / PANOPTIC_PARTS)
        own, read = source.part_names, partial(_read_source, source)
    else:
        raise _no_parts(root)
    train, val = read("train"), read("val")
    return _part_data(config, train, val, part_names_for(sorted({pair.category for pair in train}), own))


def _part_data(
    config: DataConfig, train: list[PartPair], val: list[PartPair], names: Mapping[str, tuple[str, ...]]
) -> PartData:
    known = [pair for pair in val if pair.category in names]
    if others := sorted({pair.category for pair in val} - set(names)):
        left_out, what = len(val) - len(known), ", ".join(others)
        log.warning("%d validation objects are left out: no training object of %s", left_out, what)
    return PartData(train, known, names, tuple(name for name in config.novel_categories if name in names))


def _pairs_of_scenes(config: DataConfig, split: str) -> list[PartPair]:
    return pairs_from_scenes(open_scenes(config, split), open_spec(config).labels)


def _require_part_maps(root: Path) -> None:
    """Raise DataError where only one split of a scene folder has part maps."""
    if not (root / "val_part").is_dir():
        mend = "Add part maps of the validation scenes, too."
        raise DataError("no part maps of the validation scenes", file=root, expected="val_part/", mend=mend)


def _read_source(source: PartSource, split: str) -> list[PartPair]:
    """All pairs of a split, read now. (`ipose data build-parts` reads them once, and keeps them.)"""
    read = or_fault(source.reader.read, lambda item: source.root / item.name)
    items = [item for item in source.items if item.split == split]
    results = in_parallel(read, items, f"part pairs of {split}")
    return [pair for pairs in without_faults(results, f"part annotations {source.root}") for pair in pairs]


def _no_parts(root: Path) -> DataError:
    layout = published_layout(root)
    expected = "train_part/ and val_part/ beside the label maps, or <category>/{train,val}/<name>_part.png"
    mend = (
        "Where a PartNet and three drawings of each category are given (--supports), parts need no annotation. To "
        "train or judge a PartNet, build part data from a published source (ipose data build-parts)."
    )
    if layout is not None and layout.spec == "cityscapes":
        expected = f"{PANOPTIC_PARTS}/ beside gtFine/"
        mend = "Unpack Cityscapes Panoptic Parts here, a download of its own."
    return DataError("no part annotations here", file=root, expected=expected, mend=mend)


def _folder(config: DataConfig, expected: str = f"{LAYOUTS_IN_WORDS}; or the word partworld") -> Path:
    root = Path(config.data)
    if not root.is_dir():
        found, mend = ("a file", "Name the folder that holds it.") if root.is_file() else (None, "Check the path.")
        raise DataError("no such data folder", file=root, found=found, expected=expected, mend=mend)
    return root
