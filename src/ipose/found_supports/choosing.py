"""`ipose supports from-segmenter`: supports of a category without annotation, from a part segmenter.

Objects are cut out and chosen in the same way as for annotated data. A segmenter without mistakes gives the same
supports as the true part maps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.object_categories import category_of, classes_there
from ipose.data.open_data import PartData, open_scenes, open_spec
from ipose.data.photo_files import refuse_label_maps
from ipose.data.photo_folder import check_photographs, find_photographs
from ipose.data.published.layouts import splits_of
from ipose.data.support_folder import SUPPORTS_FILE, check_category_name, save_supports
from ipose.errors import ConfigError, DataError, SupportError
from ipose.evaluation.baselines import fill_object
from ipose.found_supports.jobs import SegmenterSupportsJob
from ipose.found_supports.segmented_objects import (
    MOSTLY_DROPPED,
    NOTHING_FOUND,
    PartNaming,
    PartsOfImage,
    SegmentedObjects,
    name_parts,
    pairs_of_photographs,
    pairs_of_scenes,
)
from ipose.part_annotations import SupportSet
from ipose.reports.sheets import supports_sheet
from ipose.segmentation.saved_part_segmenter import TrainedSegmenter, load_part_segmenter, stored_part_names
from ipose.systems.part_segmenter.segment import segment_image
from ipose.whole_files import save_whole

COVERED = 0.5
"""Least share of an object's pixels with a part. An object with less cannot become a support."""

HARDLY_COVERED = "parts on less than half of the object"
"""Why objects are left out: less than `COVERED`."""


@dataclass(frozen=True, eq=False)
class FoundSupports:
    """Supports of one category, and facts about the objects that they were chosen from.

    Args:
        passed_over: number of objects that were left out, by reason.
        share: of all part pixels of the objects, by part. A share near 0 means that the part has collapsed.
    """

    supports: SupportSet
    objects: int
    passed_over: Mapping[str, int]
    share: Mapping[str, float]

    @property
    def category(self) -> str:
        """The category of the supports."""
        return self.supports.categories[0]

    @property
    def lacking(self) -> dict[int, list[str]]:
        """For each support that lacks a part: its number (1, 2, ... as in its file's name) and the lacking parts."""
        names = self.supports.part_names[self.category]
        ids = [set(part_map.unique().tolist()) for part_map in self.supports.part_maps[self.category]]
        lacking = [[name for part, name in enumerate(names, 1) if part not in seen] for seen in ids]
        return {number: parts for number, parts in enumerate(lacking, 1) if parts}


def supports_from_segmenter(job: SegmenterSupportsJob, out: Path, *, device: str = "cpu") -> FoundSupports:
    """Segment the objects, choose supports, and write a support folder with a sheet.

    Args:
        out: folder to write. It must not hold supports.
    Raises:
        RunError: no part segmenter in the run.
        ConfigError: a wrong number of names, more than 8 parts, no such category, or no category given where there are
            several.
        DataError: no photographs, some that cannot be read (all are listed), or no object was found.
        TooFewObjectsError: fewer objects than supports.
        SupportError: `out` holds supports, or the category cannot be the name of a folder.
    """
    if (out / SUPPORTS_FILE).exists():
        raise SupportError("there are supports already", file=out, mend="Write to a new folder, or remove them first.")
    for name, value in (("k", job.k), ("limit", 1 if job.limit is None else job.limit)):
        if value < 1:
            raise ConfigError("nothing to make supports of", field=name, found=value, expected="1 or more")
    if job.category is not None:
        check_category_name(job.category, out)
    naming = name_parts(stored_part_names(job.run_folder), job.names)
    segment_objects = _open(job, naming)
    segmenter = load_part_segmenter(job.run_folder)
    segmenter.network.to(device)
    found = choose_found_supports(segment_objects(segmenter), naming.names, job)
    provenance = {
        "how": "seen by a part segmenter, which learned without annotation",
        "segmenter": str(job.run_folder),
        "data": job.data,
        "objects": found.objects,
        "passed_over": sum(found.passed_over.values()),
        "passed_over_because": dict(found.passed_over),
        "share_of_part_pixels": {name: round(share, 4) for name, share in found.share.items()},
        "seed": job.seed,
        "filled": job.fill,
    }
    save_supports(found.supports, out, provenance=provenance)
    save_whole(supports_sheet(found.supports, "Supports that nobody drew"), out / "sheet.png")
    return found


def named_segmenter(segmenter: TrainedSegmenter, naming: PartNaming) -> PartsOfImage:
    """The segmenter with the named parts in place of its own."""

    def segment(image: Tensor) -> Tensor:
        return naming.apply(segment_image(segmenter, image))

    return segment


def choose_found_supports(
    objects: SegmentedObjects, names: tuple[str, ...], job: SegmenterSupportsJob
) -> FoundSupports:
    """Choose supports by k-means over the shapes, among the objects whose parts cover enough pixels.

    Args:
        job: its `k`, `seed` and `fill` are used.
    Raises:
        DataError: no object is left.
        TooFewObjectsError: fewer objects than supports.
    """
    covered = [pair for pair in objects.pairs if (pair.part_map > 0).sum() / pair.shape.sum() >= COVERED]
    passed_over = dict(objects.passed_over)
    if len(covered) < len(objects.pairs):
        passed_over[HARDLY_COVERED] = len(objects.pairs) - len(covered)
    if not covered:
        raise _no_object(passed_over, job)
    if job.fill:
        covered = [replace(pair, part_map=fill_object(pair.part_map, pair.shape)) for pair in covered]
    category = covered[0].category
    supports = PartData(covered, [], {category: names}, ()).choose_supports(job.k, job.seed)
    part_maps = torch.stack([pair.part_map for pair in covered])
    counts = torch.bincount(part_maps.flatten().long(), minlength=len(names) + 1)
    share = (counts[1:].double() / counts[1:].sum()).tolist()
    return FoundSupports(supports, len(covered), passed_over, dict(zip(names, share, strict=True)))


def _no_object(passed_over: Mapping[str, int], job: SegmenterSupportsJob) -> DataError:
    if not passed_over:
        found = f"none of {job.category}" if job.category else None
        mend = "Take more scenes (--limit), or name another --category."
        return DataError("no object in these scenes", file=job.data, found=found, mend=mend)
    if set(passed_over) == {NOTHING_FOUND}:
        found = "background everywhere"
    else:
        found = "; ".join(f"{count} objects: {reason}" for reason, count in passed_over.items())
    longer = "train it longer, or on photographs such as these."
    way_out = "call fewer parts background (-)." if MOSTLY_DROPPED in passed_over else longer
    mend = f"Look at what it sees with ipose segment; {way_out}"
    return DataError("the segmenter found no object here", file=job.data, found=found, mend=mend)


def _open(job: SegmenterSupportsJob, naming: PartNaming) -> Callable[[TrainedSegmenter], SegmentedObjects]:
    """Open and check a data set with label maps, or photographs. Returns what segments its objects."""
    config, root = DataConfig(data=job.data, spec=job.spec), Path(job.data)
    if config.is_partworld or splits_of(root):
        labels, scenes = open_spec(config).labels, open_scenes(config, "train")
        category = category_of(labels, job.category, classes_there(scenes, job.limit))
        segment = partial(pairs_of_scenes, scenes, labels, category=category, limit=job.limit, progress=True)
        return lambda trained: segment(named_segmenter(trained, naming), crops=trained.crops)
    paths = find_photographs(root)[: job.limit]
    if job.spec is not None:
        message = "photographs have no label maps that a spec could describe"
        raise ConfigError(message, field="spec", found=job.spec, mend="Leave it out.")
    if job.category is None:
        mend = "Say --category NAME: the supports' category."
        raise ConfigError("what do these photographs show?", field="category", mend=mend)
    check_photographs(paths, progress=True)
    refuse_label_maps(root, paths)
    shown = job.category
    return lambda trained: pairs_of_photographs(paths, partial(segment_image, trained), shown, naming, progress=True)
