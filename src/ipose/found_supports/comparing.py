"""`ipose supports compare`: drawn supports beside others, read by the same PartNet, in one table and one report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    JudgedObjects,
    SupportedPredictor,
    SupportScore,
    compare_supports,
    score_guess,
)
from ipose.found_supports.choosing import named_segmenter
from ipose.found_supports.pages import write_support_report
from ipose.found_supports.part_naming import name_parts
from ipose.found_supports.segmented_objects import pairs_of_scenes
from ipose.ganseg.saved_segmenter import load_part_segmenter
from ipose.partnet.partnet import PartNet
from ipose.partnet.pretrained import load_partnet
from ipose.types import PartPair, SupportSet

CHUNK = 32
"""Objects that PartNet sees at once."""

OWN, POSITIONS = "the run's own", "places in the box"


@dataclass(frozen=True, kw_only=True)
class SupportComparisonJob:
    """What to compare.

    Args:
        run: with a PartNet. Its own supports take part, where they have the category.
        folders: of supports.
        data: with true part maps.
        spec: of a scene folder; None = the folder's own.
        category: of the objects; None = the only one that the data and all folders have.
        segmenter: a part segmenter's run, judged on the photographs themselves; None = none.
        positions: also compare supports whose parts are so many clusters of places in the object's box, a baseline
            that knows neither photographs nor parts; None = not.
        fit: training objects that parts are matched on.
        limit: at most so many validation objects; None = all.
    """

    run: Path
    folders: tuple[Path, ...]
    data: str
    spec: str | None = None
    category: str | None = None
    segmenter: Path | None = None
    positions: int | None = None
    fit: int = 200
    limit: int | None = None


def compare_support_folders(
    job: SupportComparisonJob, out: Path, *, device: str = "cpu"
) -> tuple[list[SupportScore], Path]:
    """Compare, and write comparison.json, sheet.png and report.html.

    Args:
        job: what.
        out: folder to write to.
        device: of the networks.
    Returns:
        the scores, and the report's path.
    Raises:
        RunError: the run has no PartNet, or the segmenter's is none.
        SupportError: a folder at fault, or without the category.
        ConfigError: no category in common, or several; or another number of positions.
        DataError: data without true part maps.
    """
    if min(job.fit, 1 if job.limit is None else job.limit) < 1:
        raise ConfigError("no objects to compare on", field="fit, limit", expected="1 or more each")
    trained, sets = load_partnet(job.run), _named_sets(job.folders)
    config = DataConfig(data=job.data, spec=job.spec)
    if job.segmenter is not None and not (config.is_partworld or splits_of(Path(job.data))):
        raise ConfigError(
            "a segmenter is judged on photographs", field="segmenter", found=f"none in {job.data}",
            expected="a scene folder, or partworld", mend="Leave --segmenter out.",
        )  # fmt: skip
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
        "run": str(job.run), "partnet_sha256": trained.sha256, "data": job.data, "category": category,
        "objects": len(objects.judged), "matched_on": len(objects.fit), "scores": [score.to_dict() for score in scores],
    }  # fmt: skip
    (out / "comparison.json").write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    return scores, write_support_report(out, scores, sets, objects, said=f"PartNet of {job.run}, objects of {job.data}")


def _named_sets(folders: Sequence[Path]) -> dict[str, SupportSet]:
    if not folders:
        raise ConfigError("no supports to compare", field="folders", mend="Name one support folder or more.")
    sets: dict[str, SupportSet] = {}
    for folder in folders:
        name = folder.resolve().name
        sets[name if name not in sets else str(folder)] = load_supports(folder)
    return sets


def _category(job: SupportComparisonJob, sets: Mapping[str, SupportSet], known: Mapping[str, tuple[str, ...]]) -> str:
    """The one that is asked for, or the only one that all have."""
    common = [name for name in known if all(name in one.categories for one in sets.values())]
    if job.category in common or (job.category is None and len(common) == 1):
        return job.category or common[0]
    raise ConfigError(
        "which objects are meant?" if job.category is None and common else "no such objects in the data and all sets",
        field="category", found=job.category or ", ".join(common) or None,
        expected=f"one of {', '.join(known)} in the data; " + "; ".join(_say(*item) for item in sets.items()),
        mend="Say --category NAME." if common else "Make supports of a category that the data annotate.",
    )  # fmt: skip


def _say(name: str, supports: SupportSet) -> str:
    return f"{', '.join(supports.categories)} in {name}"


def _spread(pairs: Sequence[PartPair], most: int | None) -> list[PartPair]:
    """At most so many, from all over."""
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
    """The parts that the segmenter itself sees in the photographs of the same objects."""
    segmenter = load_part_segmenter(run)
    segmenter.network.to(device)
    naming = name_parts(segmenter.part_names)
    labels, guesses = open_spec(config).labels, []
    for split, pairs in (("train", objects.fit), ("val", objects.judged)):
        wanted = {pair.name[:end] for pair in pairs for end, letter in enumerate(pair.name) if letter == "-"}
        scenes = [scene for scene in open_scenes(config, split) if scene.name in wanted]
        seen = pairs_of_scenes(scenes, labels, named_segmenter(segmenter, naming), objects.category)
        found = {pair.name: pair.part_map for pair in seen.pairs}
        maps = torch.stack([found.get(pair.name, torch.zeros_like(pair.part_map)) for pair in pairs])
        guesses.append(PartGuess(maps, maps))
    fit, judged = guesses
    return score_guess("none", "the segmenter, in photographs", fit, judged, objects, naming.names)
