"""What can be asked for: supports from a segmenter, or a comparison of supports. The command line adds its flags.

Imports no torch, so that `--help` is fast.
"""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class SegmenterSupportsJob:
    """What to make supports of."""

    run_folder: Path
    """Run of ipose train part-segmenter, or its model folder."""
    data: str
    """A data set with label maps, "partworld", or a folder of photographs with one object each. The objects of a data
    set are cut out by its maps. The object of a photograph is what the segmenter takes for foreground."""
    category: str | None = None
    """What the objects are. In a data set: a part category or the name of a thing class. None = the only one there."""
    names: tuple[str, ...] | None = None
    """A name for each part of the segmenter, in order. Equal names make one part. The name - makes a part background.
    None = part 1, part 2, ..."""
    spec: str | None = None
    """What the label ids mean: name of a built-in spec, or a dataset.toml. None = the folder's own."""
    k: int = 3
    """Number of supports (P: 3)."""
    seed: int = 0
    """Random seed of the first k-means centres."""
    limit: int | None = None
    """Most scenes or photographs to use. None = all of the training split."""
    fill: bool = False
    """Give object pixels that the segmenter takes for background the nearest part."""


@dataclass(frozen=True, kw_only=True)
class SupportComparisonJob:
    """What to compare."""

    run_folder: Path
    """Run with a PartNet. Its own supports are compared too, if they have the category."""
    folders: tuple[Path, ...]
    """Support folders."""
    data: str
    """Data with true part maps: a scene folder with {train,val}_part/, a part tree, or "partworld"."""
    spec: str | None = None
    """What the label ids mean: name of a built-in spec, or a dataset.toml. None = the folder's own."""
    category: str | None = None
    """Part category of the objects. None = the only one that the data and all folders have."""
    segmenter: Path | None = None
    """Run of a part segmenter, whose parts in the photographs of a scene folder are judged too. None = none."""
    positions: int | None = None
    """Also compare a baseline: its parts are this number of clusters (k-means) of places in the object's box. None =
    no baseline."""
    fit: int = 200
    """Number of training objects on which parts are matched to the true parts."""
    limit: int | None = None
    """Most validation objects to judge. None = all."""
