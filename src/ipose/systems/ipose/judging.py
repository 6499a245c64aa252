"""Cards of an iPOSE run: images of its validation scenes beside the photographs, and the parts of its PartNet."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ipose.data.data_config import DataConfig
from ipose.errors import DataError
from ipose.evaluation.card_folder import model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_cards import image_cards
from ipose.evaluation.judgement import RunJudgement, judges_of
from ipose.model_folder import ModelFolder, open_model
from ipose.partnet.pretrained import has_partnet, load_partnet
from ipose.pipeline import IPose
from ipose.systems.ipose.generated_set import GeneratedSet, generate_set
from ipose.systems.judging import Judged, data_of, facts_of
from ipose.systems.partnet.judging import judge_parts
from ipose.training.run import Run
from ipose.whole_files import replace_folder


def judge(run: Run, data: DataConfig | None, judgement: RunJudgement, name: str) -> Judged:
    """Cards of images and parts; what cannot be judged is left out, as long as anything is left.

    It generates the validation images into `generated/` of the run, and judges them as `ipose evaluate --images` does.

    Raises:
        DataError: no part maps, and no network to judge images by either.
    """
    data = data or data_of(run)
    saved = open_model(run.folder)
    owns_partnet = has_partnet(saved)
    facts = facts_of(run, data, model_facts(run, load_partnet(saved).supports if owns_partnet else None))
    images, left_out = _judge_images(run, saved, data, judgement, facts, name)
    try:
        if not owns_partnet:
            raise DataError("this model has no PartNet", file=run.folder, mend="Judge its images alone.")
        evaluation, cards = judge_parts(run, data, facts, name)
    except DataError as error:
        if not images and left_out:
            raise DataError("nothing to judge by", file=run.folder, found=f"{error} {' '.join(left_out)}") from error
        if not images:
            raise
        return Judged(images, (*left_out, f"No part cards: {error}"))
    return Judged([*cards, *images], left_out, evaluation.table())


def _judge_images(
    run: Run, saved: ModelFolder, data: DataConfig, judgement: RunJudgement, facts: dict[str, Any], name: str
) -> tuple[list[EvalCard], tuple[str, ...]]:
    """The cards of generated images, and what had to be left out."""
    model = IPose.from_pretrained(saved).to(judgement.device)
    judges, missing = judges_of(judgement, model.spec)
    left_out = () if missing is None else (missing,)
    if not judges:
        return [], left_out
    made = _generated(model, run.folder / "-".join(filter(None, ("generated", name))), data, judgement)
    cards: list[EvalCard] = []
    for protocol, judge in judges:
        size = judgement.batch_size
        cards += image_cards(protocol, judge, made.images, made.real, made.maps, facts=facts, batch_size=size)
    return cards, left_out


def _generated(model: IPose, folder: Path, data: DataConfig, judgement: RunJudgement) -> GeneratedSet:
    """The images of all validation scenes, in a folder that is replaced when it is whole."""
    made: list[GeneratedSet] = []
    seeds, limit = judgement.seeds, judgement.limit
    replace_folder(folder, lambda beside: made.append(generate_set(model, data, beside, seeds=seeds, limit=limit)))
    moved = [replace(image, path=folder / image.path.name) for image in made[0].images]
    return replace(made[0], images=moved)
