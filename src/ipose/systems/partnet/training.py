"""Training PartNet: data, supports, objective, model and sheets."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from ipose.data.open_data import PartData, checked_part_pairs
from ipose.data.support_folder import load_supports
from ipose.errors import DataError, SupportError
from ipose.evaluation.part_evaluation import PartEvaluation, PartGuess, evaluate_parts
from ipose.evaluation.part_metrics import PartScores, score_parts
from ipose.part_annotations import PartPair, SupportSet
from ipose.partnet.objective import PartNetObjective, PartPairSource
from ipose.partnet.partnet import PartNet
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.pretrained import load_partnet, save_partnet
from ipose.partnet.scene_parts import predict_objects
from ipose.reports.sheets import parts_sheet
from ipose.systems.training import Prepared, Task, loop_of_epochs
from ipose.training.matching import load_matching

WATCHED = 256
"""Number of validation objects that are judged during training. At the end, all are judged."""

BEST_BY = "ac_pooled"
"""The validation metric of the release: AC, pooled over all objects."""

SHOWN = 12
"""Number of objects on a sheet."""


def prepare(task: Task, *, seed: int, resume: bool, data: PartData | None = None) -> Prepared:
    """Prepare PartNet on part pairs. `data`: open already; None = opened from the task."""
    config: PartNetConfig = task.config
    data = checked_part_pairs(task.data) if data is None else data
    _tell_what_is_held_out(data)
    supports = _supports(task.options.supports, config.k, seed, data)
    if said := seen_before(data, supports):
        print(said)
    basis = [pair for pair in judged_pairs(data, supports) if pair.category not in data.novel]
    torch.manual_seed(seed)
    objective = PartNetObjective(PartNet(config), config)
    if task.options.init is not None and not resume:
        weights = load_partnet(task.options.init).partnet.state_dict()
        print(f"From {task.options.init}: {load_matching(objective.partnet, weights)}.")
    return Prepared(
        config=config,
        objective=objective,
        source=PartPairSource(
            data.basis_train,
            supports,
            random_supports=config.random_supports,
            augment=config.augment,
            mixed_k=config.mixed_k,
        ),
        about=f"{len(data.basis_train)} part pairs of {task.data.data}",
        loop=loop_of(config, len(data.basis_train)),
        model=lambda snapshot: snapshot.network_as(PartNet, "partnet").to("cpu"),
        save=lambda partnet, folder: save_partnet(folder, partnet, supports),
        show=partial(_sheet, pairs=_spread(data.val, SHOWN), supports=supports),
        watch=partial(_watched, pairs=_spread(data.val, WATCHED), supports=supports),
        measure=partial(_measured, pairs=basis, supports=supports) if basis else None,
    )


def loop_of(config: PartNetConfig, pairs: int) -> dict[str, Any]:
    """Settings of the loop that follow from the config and the number of pairs."""
    best = {"keep_best": BEST_BY} if config.best_checkpoint else {}
    return loop_of_epochs(config, pairs, schedule="cosine" if config.decay_learning_rate else "constant", **best)


def evaluate(partnet: PartNet, data: PartData, supports: SupportSet) -> PartEvaluation:
    """Scores of PartNet and of the baselines copy and majority, on all validation pairs."""

    predict = partial(_guess, partnet, supports)
    return evaluate_parts(predict, judged_pairs(data, supports), supports, data.basis_train, data.novel)


@torch.no_grad()
def _guess(partnet: PartNet, supports: SupportSet, shapes: torch.Tensor, categories: list[str]) -> PartGuess:
    answer = predict_objects(partnet, shapes, categories, supports)
    return PartGuess(frame=answer.part_maps(), inside=answer.part_maps(shapes))


def scores_of(partnet: PartNet, pairs: Sequence[PartPair], supports: SupportSet) -> PartScores:
    """Scores of PartNet alone, without baselines; 32 objects at once."""
    shapes, true = (torch.stack([getattr(pair, name) for pair in pairs]) for name in ("shape", "part_map"))
    guess = _guesses(partnet, supports, pairs)
    return score_parts(guess.frame, true, shapes, [pair.category for pair in pairs], inside=guess.inside)


def _guesses(partnet: PartNet, supports: SupportSet, pairs: Sequence[PartPair]) -> PartGuess:
    """On the CPU; 32 objects at once."""
    pieces = []
    for some in (pairs[i : i + 32] for i in range(0, len(pairs), 32)):
        shapes = torch.stack([pair.shape for pair in some])[:, None].float()
        pieces.append(_guess(partnet, supports, shapes, [pair.category for pair in some]))
    return PartGuess(*map(torch.cat, zip(*pieces, strict=True)))


def judged_pairs(data: PartData, supports: SupportSet) -> list[PartPair]:
    """The validation pairs of categories with supports. Raises DataError if there are none."""
    judged = [pair for pair in data.val if pair.category in supports.categories]
    if not judged:
        found = ", ".join(sorted({pair.category for pair in data.val})) or "no object with parts"
        message, expected = "no validation object whose parts can be judged", ", ".join(supports.categories)
        mend = "Add validation scenes that show such objects, or supports of the category."
        raise DataError(message, found=found, expected=f"objects of {expected}", mend=mend)
    return judged


def seen_before(data: PartData, supports: SupportSet) -> str:
    """A sentence, if half of the validation objects or more are training objects or supports, too; else ""."""

    def keys(pairs: Sequence[PartPair]) -> list[tuple[str, bytes]]:
        return [(pair.category, pair.part_map.numpy().tobytes()) for pair in pairs]

    drawn = {(name, part_map.numpy().tobytes()) for name, maps in supports.part_maps.items() for part_map in maps}
    known, judged = drawn | {*keys(data.basis_train)}, keys(judged_pairs(data, supports))
    seen = sum(key in known for key in judged)
    if 2 * seen < len(judged):
        return ""
    return (
        f"{seen} of {len(judged)} validation objects are training objects or supports, too. So their scores, 99 % "
        "say, mean nothing: PartNet was told the answers. Put drawings into val/ that are nowhere else. A few "
        "drawings need no training: ipose supports add MODEL DIR."
    )


def inferred_parts(partnet: PartNet, pairs: Sequence[PartPair], supports: SupportSet) -> torch.Tensor:
    """Inferred part maps of objects, uint8 (n, s, s), on the CPU."""
    return _guesses(partnet, supports, pairs).inside


def _watched(partnet: PartNet, _: int, *, pairs: Sequence[PartPair], supports: SupportSet) -> dict[str, Any]:
    """AC pooled and as the mean of categories, and the share of right object pixels, pooled."""
    scores = scores_of(partnet, pairs, supports)
    inside = torch.stack([count.inside for count in scores.counts.values()]).sum(0)
    mean = scores.macro(scores.counts)
    values = {"ac_pooled": scores.pooled_ac(scores.counts), "ac": mean and mean.ac}
    return {"validation": {**values, "object_pixels": float(inside.trace() / inside.sum())}}


def _measured(partnet: PartNet, metric: str, *, pairs: Sequence[PartPair], supports: SupportSet) -> float:
    """A metric of the record over the basis categories: a choice by novel ones would use their part maps."""
    scores = scores_of(partnet, pairs, supports)
    if metric == "ac_pooled":
        return scores.pooled()["basis"]
    return float(getattr(scores.groups()["basis"], metric))


def _tell_what_is_held_out(data: PartData) -> None:
    """Print the novel categories that the training data have part maps of."""
    counts = Counter(pair.category for pair in data.train if pair.category in data.novel)
    if counts:
        held_out = ", ".join(f"{name} ({count} objects)" for name, count in sorted(counts.items()))
        print(f"Held out of training, judged as novel: {held_out}. --novel without a name trains on all.")


def _sheet(partnet: PartNet, title: str, *, pairs: Sequence[PartPair], supports: SupportSet) -> Image.Image:
    true, shapes = (torch.stack([getattr(pair, name) for pair in pairs]) for name in ("part_map", "shape"))
    names = [f"{pair.category} {pair.name}" for pair in pairs]
    return parts_sheet(shapes, inferred_parts(partnet, pairs, supports), true, names, title=title)


def _spread(pairs: Sequence[PartPair], count: int) -> list[PartPair]:
    return list(pairs[:: max(1, math.ceil(len(pairs) / count))])


def _supports(folder: Path | None, k: int, seed: int, data: PartData) -> SupportSet:
    if folder is None:
        return data.choose_supports(k, seed=seed)
    supports = load_supports(folder)
    if missing := sorted(set(data.part_names) - set(supports.categories)):
        message = "categories of the data without supports"
        found = ", ".join(supports.categories)
        mend = f"Add folders for {', '.join(missing)}, or build them with ipose supports build."
        raise SupportError(message, file=folder, found=found, expected=", ".join(data.part_names), mend=mend)
    return supports
