"""`ipose supports from-segmenter`: supports of a category nobody annotated, from GANSeg's part segmenter.

The objects are cut out, and the k of them chosen, exactly as of annotated data: of a segmenter that makes no mistake
come the supports that the true part maps give.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, open_scenes, open_spec
from ipose.data.photo_checks import refuse_label_maps
from ipose.data.photo_folder import check_photographs, find_photographs
from ipose.data.published.layouts import splits_of
from ipose.data.support_folder import SUPPORTS_FILE, save_supports
from ipose.errors import ConfigError, DataError, SupportError
from ipose.evaluation.baselines import fill_object
from ipose.evaluation.sheets import supports_sheet
from ipose.ganseg.saved_segmenter import TrainedSegmenter, load_part_segmenter
from ipose.types import PartPair, SupportSet
from ipose.workflows.part_naming import PartNaming, name_parts
from ipose.workflows.segment import segment_image
from ipose.workflows.segmented_objects import PartsOfImage, category_of, pairs_of_photographs, pairs_of_scenes

COVERED = 0.5
"""Least share of an object's pixels that must have got a part, for the object to become a support."""


@dataclass(frozen=True, eq=False)
class UnsupervisedSupports:
    """Supports, and what they were chosen among.

    Args:
        supports: of one category.
        objects: that they were chosen among.
        passed_over: objects that the segmenter saw too little of.
        share: of all part pixels of these objects, by part: a part with next to nothing has collapsed.
    """

    supports: SupportSet
    objects: int
    passed_over: int
    share: Mapping[str, float]

    @property
    def category(self) -> str:
        """What the supports are of."""
        return self.supports.categories[0]


@dataclass(frozen=True, kw_only=True)
class SegmenterSupportsJob:
    """What to make supports of.

    Args:
        run: of `ipose train segmenter --pairs`, or its model folder.
        data: "partworld", a data set with label maps, or a folder of photographs.
        spec: of a data set; None = the folder's own.
        category: what the objects are: of a data set one that its spec has (or the name of a thing class), of
            photographs any name. None = the spec's only one.
        names: of the segmenter's parts; see `name_parts`.
        k: supports.
        seed: of the k-means starts.
        limit: at most so many scenes or photographs of the training split; None = all.
        fill: give object pixels that the segmenter calls background the nearest part.
    """

    run: Path
    data: str
    spec: str | None = None
    category: str | None = None
    names: tuple[str, ...] | None = None
    k: int = 3
    seed: int = 0
    limit: int | None = None
    fill: bool = False


def supports_from_segmenter(job: SegmenterSupportsJob, out: Path, *, device: str = "cpu") -> UnsupervisedSupports:
    """Segment, cut out, choose; write the support folder and a sheet of it.

    Args:
        job: what of.
        out: folder to write, without supports so far.
        device: of the segmenter.
    Raises:
        RunError: no part segmenter there.
        ConfigError: names of another number, more than 8 parts, or no such category.
        DataError: no photographs, some that cannot be read (all are listed), or no object was found in them.
        TooFewObjectsError: fewer objects than supports asked for.
        SupportError: `out` holds supports already.
    """
    if (out / SUPPORTS_FILE).exists():
        raise SupportError("there are supports already", file=out, mend="Write to a new folder, or remove them first.")
    for name, value in (("k", job.k), ("limit", 1 if job.limit is None else job.limit)):
        if value < 1:
            raise ConfigError("nothing to make supports of", field=name, found=value, expected="1 or more")
    segmenter = load_part_segmenter(job.run)
    segmenter.network.to(device)
    naming = name_parts(segmenter.part_names, job.names)
    found = choose_unsupervised(_pairs(job, named_segmenter(segmenter, naming)), naming.names, job)
    provenance = {
        "how": "seen by a part segmenter, which learned without annotation",
        "segmenter": str(job.run), "data": job.data, "objects": found.objects, "passed_over": found.passed_over,
        "share_of_part_pixels": {name: round(share, 4) for name, share in found.share.items()},
        "seed": job.seed, "filled": job.fill,
    }  # fmt: skip
    save_supports(found.supports, out, provenance=provenance)
    supports_sheet(found.supports, "Supports that nobody drew").save(out / "sheet.png")
    return found


def named_segmenter(segmenter: TrainedSegmenter, naming: PartNaming) -> PartsOfImage:
    """The segmenter, answering in the named parts."""

    def segment(image: Tensor) -> Tensor:
        return naming.apply(segment_image(segmenter, image))

    return segment


def choose_unsupervised(
    pairs: Sequence[PartPair], names: tuple[str, ...], job: SegmenterSupportsJob
) -> UnsupervisedSupports:
    """k-means over the shapes of the objects that the segmenter saw enough of, as over annotated ones."""
    seen = [pair for pair in pairs if _covered(pair) >= COVERED]
    if not seen:
        raise DataError(
            "the segmenter found no object here", file=job.data,
            found=f"{len(pairs)} objects, parts on less than half of each" if pairs else "background everywhere",
            mend="Look at what it sees with ipose segment; train it longer, or on photographs such as these.",
        )  # fmt: skip
    if job.fill:
        seen = [replace(pair, part_map=fill_object(pair.part_map, pair.shape)) for pair in seen]
    category = seen[0].category
    supports = PartData(seen, [], {category: names}, ()).choose_supports(job.k, job.seed)
    counts = torch.bincount(torch.stack([pair.part_map for pair in seen]).flatten().long(), minlength=len(names) + 1)
    share = (counts[1:].double() / counts[1:].sum()).tolist()
    return UnsupervisedSupports(supports, len(seen), len(pairs) - len(seen), dict(zip(names, share, strict=True)))


def _covered(pair: PartPair) -> float:
    return float((pair.part_map > 0).sum() / pair.shape.sum())


def _pairs(job: SegmenterSupportsJob, segment: PartsOfImage) -> list[PartPair]:
    """Of a data set with label maps, or else of photographs alone."""
    config, root = DataConfig(data=job.data, spec=job.spec), Path(job.data)
    if config.is_partworld or splits_of(root):
        labels = open_spec(config).labels
        category = category_of(labels, job.category)
        scenes = open_scenes(config, "train")
        return pairs_of_scenes(scenes, labels, segment, category, limit=job.limit, progress=True)
    paths = find_photographs(root)[: job.limit]
    if job.spec is not None:
        raise ConfigError("a spec of no label maps", field="spec", found=job.spec, mend="Leave it out.")
    if job.category is None:
        raise ConfigError(
            "what do these photographs show?", field="category", mend="Say --category NAME: the supports' category."
        )
    check_photographs(paths, progress=True)
    refuse_label_maps(root, paths)
    return pairs_of_photographs(paths, segment, job.category, progress=True)
