"""`ipose supports from-segmenter`: supports of a category nobody annotated, from GANSeg's part segmenter.

The objects are cut out, and the k of them chosen, exactly as of annotated data: of a segmenter that makes no mistake
come the supports that the true part maps give.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import PartData, open_scenes, open_spec
from ipose.data.photo_files import refuse_label_maps
from ipose.data.photo_folder import check_photographs, find_photographs
from ipose.data.published.layouts import splits_of
from ipose.data.support_folder import SUPPORTS_FILE, check_category_name, save_supports
from ipose.errors import ConfigError, DataError, SupportError
from ipose.evaluation.baselines import fill_object
from ipose.found_supports.categories import category_of, classes_there
from ipose.found_supports.part_naming import PartNaming, name_parts
from ipose.found_supports.segmented_objects import (
    MOSTLY_DROPPED,
    NOTHING_FOUND,
    PartsOfImage,
    SeenObjects,
    pairs_of_photographs,
    pairs_of_scenes,
)
from ipose.reports.sheets import supports_sheet
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter, load_part_segmenter, stored_part_names
from ipose.systems.part_segmenter.segment import segment_image
from ipose.types import PartPair, SupportSet

COVERED = 0.5
"""Least share of an object's pixels that must have got a part, for the object to become a support."""

HARDLY_COVERED = "parts on less than half of the object"
"""Why objects are passed over: less than `COVERED`."""


@dataclass(frozen=True, eq=False)
class UnsupervisedSupports:
    """Supports, and what they were chosen among.

    Args:
        supports: of one category.
        objects: that they were chosen among.
        passed_over: number of objects that the segmenter saw too little of, by reason.
        share: of all part pixels of these objects, by part: a part with next to nothing has collapsed.
    """

    supports: SupportSet
    objects: int
    passed_over: Mapping[str, int]
    share: Mapping[str, float]

    @property
    def category(self) -> str:
        """What the supports are of."""
        return self.supports.categories[0]

    @property
    def lacking(self) -> dict[int, list[str]]:
        """Parts without a pixel, by the support's number (1, 2, ... as its file's); whole supports are left out."""
        names = self.supports.part_names[self.category]
        ids = [set(part_map.unique().tolist()) for part_map in self.supports.part_maps[self.category]]
        lacking = [[name for part, name in enumerate(names, 1) if part not in seen] for seen in ids]
        return {number: parts for number, parts in enumerate(lacking, 1) if parts}


@dataclass(frozen=True, kw_only=True)
class SegmenterSupportsJob:
    """What to make supports of.

    Args:
        run: of `ipose train segmenter --pairs`, or its model folder.
        data: "partworld", a data set with label maps, or a folder of photographs.
        spec: of a data set; None = the folder's own.
        category: what the objects are: of a data set one that its spec has (or the name of a thing class), of
            photographs any name. None = the only one in the scenes.
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
        ConfigError: names of another number, more than 8 parts, no such category, or none named and several there.
        DataError: no photographs, some that cannot be read (all are listed), or no object was found in them.
        TooFewObjectsError: fewer objects than supports asked for.
        SupportError: `out` holds supports already, or the category cannot be a folder's name.
    """
    if (out / SUPPORTS_FILE).exists():
        raise SupportError("there are supports already", file=out, mend="Write to a new folder, or remove them first.")
    for name, value in (("k", job.k), ("limit", 1 if job.limit is None else job.limit)):
        if value < 1:
            raise ConfigError("nothing to make supports of", field=name, found=value, expected="1 or more")
    if job.category is not None:
        check_category_name(job.category, out)
    naming = name_parts(stored_part_names(job.run), job.names)
    see = _open(job, naming)
    segmenter = load_part_segmenter(job.run)
    segmenter.network.to(device)
    found = choose_unsupervised(see(segmenter), naming.names, job)
    provenance = {
        "how": "seen by a part segmenter, which learned without annotation",
        "segmenter": str(job.run), "data": job.data, "objects": found.objects,
        "passed_over": sum(found.passed_over.values()), "passed_over_because": dict(found.passed_over),
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
    objects: SeenObjects, names: tuple[str, ...], job: SegmenterSupportsJob
) -> UnsupervisedSupports:
    """k-means over the shapes of the objects that the segmenter saw enough of, as over annotated ones."""
    seen = [pair for pair in objects.pairs if _covered(pair) >= COVERED]
    passed_over = dict(objects.passed_over)
    if len(seen) < len(objects.pairs):
        passed_over[HARDLY_COVERED] = len(objects.pairs) - len(seen)
    if not seen:
        raise _nothing_seen(passed_over, job)
    if job.fill:
        seen = [replace(pair, part_map=fill_object(pair.part_map, pair.shape)) for pair in seen]
    category = seen[0].category
    supports = PartData(seen, [], {category: names}, ()).choose_supports(job.k, job.seed)
    counts = torch.bincount(torch.stack([pair.part_map for pair in seen]).flatten().long(), minlength=len(names) + 1)
    share = (counts[1:].double() / counts[1:].sum()).tolist()
    return UnsupervisedSupports(supports, len(seen), passed_over, dict(zip(names, share, strict=True)))


def _covered(pair: PartPair) -> float:
    return float((pair.part_map > 0).sum() / pair.shape.sum())


def _nothing_seen(passed_over: Mapping[str, int], job: SegmenterSupportsJob) -> DataError:
    if not passed_over:
        return DataError(
            "no object in these scenes", file=job.data, found=f"none of {job.category}" if job.category else None,
            mend="Take more scenes (--limit), or name another --category.",
        )  # fmt: skip
    if set(passed_over) == {NOTHING_FOUND}:
        found = "background everywhere"
    else:
        found = "; ".join(f"{count} objects: {reason}" for reason, count in passed_over.items())
    longer = "train it longer, or on photographs such as these."
    way_out = "call fewer parts background (-)." if MOSTLY_DROPPED in passed_over else longer
    return DataError(
        "the segmenter found no object here", file=job.data, found=found,
        mend=f"Look at what it sees with ipose segment; {way_out}",
    )  # fmt: skip


def _open(job: SegmenterSupportsJob, naming: PartNaming) -> Callable[[TrainedSegmenter], SeenObjects]:
    """A data set with label maps, or else photographs alone; all that can be wrong with them is said here."""
    config, root = DataConfig(data=job.data, spec=job.spec), Path(job.data)
    if config.is_partworld or splits_of(root):
        labels, scenes = open_spec(config).labels, open_scenes(config, "train")
        category = category_of(labels, job.category, classes_there(scenes, job.limit))

        def see_scenes(segmenter: TrainedSegmenter) -> SeenObjects:
            segment = named_segmenter(segmenter, naming)
            return pairs_of_scenes(scenes, labels, segment, category, limit=job.limit, progress=True)

        return see_scenes
    paths = find_photographs(root)[: job.limit]
    if job.spec is not None:
        raise ConfigError("a spec of no label maps", field="spec", found=job.spec, mend="Leave it out.")
    if job.category is None:
        raise ConfigError(
            "what do these photographs show?", field="category", mend="Say --category NAME: the supports' category."
        )
    check_photographs(paths, progress=True)
    refuse_label_maps(root, paths)
    shown = job.category

    def see_photographs(segmenter: TrainedSegmenter) -> SeenObjects:
        return pairs_of_photographs(paths, partial(segment_image, segmenter), shown, naming, progress=True)

    return see_photographs
