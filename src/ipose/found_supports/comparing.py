"""`ipose supports compare`: one PartNet with several sets of supports, in one table, sheet and report."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_part_pairs, open_scenes, open_spec
from ipose.data.published.layouts import splits_of
from ipose.data.support_folder import load_supports
from ipose.errors import ConfigError
from ipose.evaluation.baselines import position_supports
from ipose.evaluation.part_evaluation import PartGuess
from ipose.evaluation.support_comparison import (
    HEADER,
    NOTE,
    JudgedObjects,
    SupportedPredictor,
    SupportScore,
    compare_supports,
    score_guess,
)
from ipose.found_supports.choosing import named_segmenter
from ipose.found_supports.jobs import SupportComparisonJob
from ipose.found_supports.segmented_objects import name_parts, pairs_of_scenes
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet
from ipose.reports.blocks import environment_facts
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import part_picture
from ipose.reports.page import Figure, ReportContent, Section, Table, write_report
from ipose.reports.sheets import GREYS, part_legend, silhouette, support_tiles
from ipose.segmentation.saved_part_segmenter import load_part_segmenter
from ipose.whole_files import save_whole, write_text_whole

CHUNK = 32
"""Number of objects in a batch of PartNet."""

OWN, POSITIONS = "the run's own", "places in the box"


def compare_support_folders(
    job: SupportComparisonJob, out: Path, *, device: str = "cpu"
) -> tuple[list[SupportScore], Path]:
    """Compare sets of supports. Writes comparison.json, sheet.png and report.html.

    Returns:
        the scores, and the path of the report.
    Raises:
        RunError: the run has no PartNet, or the segmenter's run has no segmenter.
        SupportError: a support folder with faults, or without the category.
        ConfigError: no common category, or several; or a number of positions that cannot work.
        DataError: data without true part maps.
    """
    if min(job.fit, 1 if job.limit is None else job.limit) < 1:
        raise ConfigError("no objects to compare on", field="fit, limit", expected="1 or more each")
    trained, sets = load_partnet(job.run_folder), _named_sets(job.folders)
    config = DataConfig(data=job.data, spec=job.spec)
    if job.segmenter is not None and not (config.is_partworld or splits_of(Path(job.data))):
        message = "a segmenter is judged on photographs"
        found = f"none in {job.data}"
        expected = "a scene folder, or partworld"
        raise ConfigError(message, field="segmenter", found=found, expected=expected, mend="Leave --segmenter out.")
    pairs = open_part_pairs(config)
    category = _category(job, sets, pairs.part_names)
    if category in trained.supports.categories:
        sets = {OWN: trained.supports, **sets}
    train, val = ([p for p in side if p.category == category] for side in (pairs.train, pairs.val))
    if job.positions is not None:
        sets = {**sets, POSITIONS: position_supports(train, job.positions)}
    objects = JudgedObjects(_spread(train, job.fit), _spread(val, job.limit), pairs.part_names[category])
    scores = compare_supports(_predictor(trained.partnet.to(device), device), sets, objects)
    if job.segmenter is not None:
        scores.append(_judge_segmenter(job.segmenter, config, objects, device))
    out.mkdir(parents=True, exist_ok=True)
    written = {
        "run": str(job.run_folder),
        "partnet_sha256": trained.sha256,
        "data": job.data,
        "category": category,
        "objects": len(objects.judged),
        "matched_on": len(objects.fit),
        "scores": [score.to_dict() for score in scores],
    }
    write_text_whole(out / "comparison.json", json.dumps(written, indent=2) + "\n")
    lead = f"PartNet of {job.run_folder}, objects of {job.data}"
    return scores, write_support_report(out, scores, sets, objects, lead)


def _named_sets(folders: Sequence[Path]) -> dict[str, SupportSet]:
    if not folders:
        raise ConfigError("no supports to compare", field="folders", mend="Name one support folder or more.")
    sets: dict[str, SupportSet] = {}
    for folder in folders:
        name = folder.resolve().name
        sets[name if name not in sets else str(folder)] = load_supports(folder)
    return sets


def _category(job: SupportComparisonJob, sets: Mapping[str, SupportSet], known: Mapping[str, tuple[str, ...]]) -> str:
    """The given category, or the only one that the data and all sets have."""
    common = [name for name in known if all(name in one.categories for one in sets.values())]
    if job.category in common or (job.category is None and len(common) == 1):
        return job.category or common[0]
    unclear = job.category is None and common
    in_sets = "; ".join(f"{', '.join(supports.categories)} in {name}" for name, supports in sets.items())
    what, field = "which objects are meant?" if unclear else "no such objects in the data and all sets", "category"
    expected = f"one of {', '.join(known)} in the data; {in_sets}"
    mend = "Say --category NAME." if common else "Make supports of a category that the data annotate."
    raise ConfigError(what, field=field, found=job.category or ", ".join(common) or None, expected=expected, mend=mend)


def _spread(pairs: Sequence[PartPair], most: int | None) -> list[PartPair]:
    """At most `most` pairs, evenly chosen. None = all."""
    if most is None or len(pairs) <= most:
        return list(pairs)
    return [pairs[i * len(pairs) // most] for i in range(most)]


def _predictor(partnet: PartNet, device: str) -> SupportedPredictor:
    @torch.no_grad()
    def predict(shapes: Tensor, supports: SupportSet) -> PartGuess:
        memory = partnet.encode_supports(supports.of([supports.categories[0]]).to(device))
        guesses = []
        for chunk in shapes.to(device).split(CHUNK):
            index = torch.zeros(len(chunk), dtype=torch.int64, device=chunk.device)
            answer = partnet.predict(partnet.shape_encoder(chunk), memory, index)
            guesses.append((answer.part_maps().cpu(), answer.part_maps(chunk).cpu()))
        return PartGuess(*(torch.cat(reading) for reading in zip(*guesses, strict=True)))

    return predict


def _judge_segmenter(run: Path, config: DataConfig, objects: JudgedObjects, device: str) -> SupportScore:
    """Score of the segmenter's own parts in the photographs of the same objects."""
    segmenter = load_part_segmenter(run)
    segmenter.network.to(device)
    naming = name_parts(segmenter.part_names)
    labels, guesses = open_spec(config).labels, []
    for split, pairs in (("train", objects.fit), ("val", objects.judged)):
        wanted = {pair.name[:end] for pair in pairs for end, letter in enumerate(pair.name) if letter == "-"}
        scenes = [scene for scene in open_scenes(config, split) if scene.name in wanted]
        named = named_segmenter(segmenter, naming)
        segmented = pairs_of_scenes(scenes, labels, named, objects.category, crops=segmenter.crops)
        found = {pair.name: pair.part_map for pair in segmented.pairs}
        maps = torch.stack([found.get(pair.name, torch.zeros_like(pair.part_map)) for pair in pairs])
        guesses.append(PartGuess(maps, maps))
    fit, judged = guesses
    return score_guess("none", "the segmenter, in photographs", fit, judged, objects, naming.names)


SHOWN = 10
"""Number of objects on the page."""

METHOD = (
    "One PartNet reads each set of supports; copy takes the part map of the nearest support. A set's parts may have "
    "any names and order, so they are matched to the true ones, one to one, by the largest sum of IoU on {fit} "
    "training objects; scores are of {judged} validation objects with that matching.\n\n{note}"
)


def write_support_report(
    out: Path, scores: Sequence[SupportScore], sets: Mapping[str, SupportSet], objects: JudgedObjects, lead: str
) -> Path:
    """Write sheet.png and report.html. Returns the path of report.html."""
    category, legend = objects.category, [*part_legend(objects.part_names), *GREYS]
    rows = [
        TileRow(support_tiles(one, category), f"supports: {name}", part_legend(one.part_names[category]))
        for name, one in sets.items()
    ]
    shown = objects_rows(scores, objects)
    sheet = [*rows, *shown[:-1], TileRow(shown[-1].tiles, shown[-1].heading, legend)]
    save_whole(contact_sheet(sheet, f"Supports of {category} compared", side=96), out / "sheet.png")
    method = METHOD.format(fit=len(objects.fit), judged=len(objects.judged), note=NOTE)
    supports = [Figure(row.tiles, title=row.heading, legends={"parts": row.legend}) for row in rows]
    pictures = [Figure(row.tiles, title=row.heading) for row in shown]
    content = ReportContent(
        title=f"Supports of {category} compared",
        lead=lead,
        sections=[
            Section("Scores", method, [Table(HEADER, [score.row() for score in scores])]),
            Section("Supports", "As they are: each set in its own parts and colours.", supports),
            Section("Objects", "In the true parts, after matching; grey: a found part that stands for none.", pictures),
        ],
        facts=environment_facts(),
    )
    return write_report(out / "report.html", content)


def objects_rows(scores: Sequence[SupportScore], objects: JudgedObjects) -> list[TileRow]:
    """Rows of evenly chosen validation objects: shapes, true parts, then one row for each score."""
    picked = range(0, len(objects.judged), max(1, -(-len(objects.judged) // SHOWN)))
    pairs = [objects.judged[i] for i in picked]
    rows = [
        TileRow([Tile(silhouette(pair.shape)) for pair in pairs], "shapes"),
        TileRow([Tile(part_picture(pair.part_map, pair.shape)) for pair in pairs], "true parts"),
    ]
    for score in scores:
        tiles = [Tile(part_picture(score.predicted[i], objects.judged[i].shape)) for i in picked]
        share = 100 * score.score.object_pixels
        rows.append(TileRow(tiles, f"{score.reader}, supports: {score.supports} ({share:.1f} % of object pixels)"))
    return rows
