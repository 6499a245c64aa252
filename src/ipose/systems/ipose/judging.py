"""Cards of an iPOSE run: images of its validation scenes beside the photographs, and the parts of its PartNet."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ipose.data.data_config import DataConfig
from ipose.errors import DataError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_cards import image_cards
from ipose.evaluation.judges import EvaluateOptions, judges_of
from ipose.model_folder import model_folder, replace_folder
from ipose.partnet.pretrained import has_partnet, load_partnet, read_parts_config
from ipose.pipeline import IPose
from ipose.systems.ipose.generated_set import GeneratedSet, generate_set
from ipose.systems.judging import Judged, data_of
from ipose.systems.partnet.judging import judge_parts
from ipose.training.run import Run


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of images and parts; what cannot be judged is left out, as long as anything is left.

    It generates the validation images into `generated/` of the run, and judges them as `ipose evaluate --images` does.

    Raises:
        DataError: no part maps, and no network to judge images by either.
    """
    data = data or data_of(run)
    owns_partnet = has_partnet(read_parts_config(model_folder(run.folder)))
    supports = load_partnet(run.folder).supports if owns_partnet else None
    facts = card_facts(run.folder, data.data, model_facts(run, supports))
    images, left_out = _judge_images(run, data, options, facts, name)
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
    run: Run, data: DataConfig, options: EvaluateOptions, facts: dict[str, Any], name: str
) -> tuple[list[EvalCard], tuple[str, ...]]:
    """The cards of generated images, and what had to be left out."""
    model = IPose.from_pretrained(run.folder).to(options.device)
    judges, missing = judges_of(options, model.spec)
    left_out = () if missing is None else (missing,)
    if not judges:
        return [], left_out
    made = _generated(model, run.folder / "-".join(filter(None, ("generated", name))), data, options)
    cards: list[EvalCard] = []
    for protocol, judge in judges:
        size = options.batch_size
        cards += image_cards(protocol, judge, made.images, made.real, made.maps, facts=facts, batch_size=size)
    return cards, left_out


def _generated(model: IPose, folder: Path, data: DataConfig, options: EvaluateOptions) -> GeneratedSet:
    """The images of all validation scenes, in a folder that is replaced when it is whole."""
    made: list[GeneratedSet] = []
    seeds, limit = options.seeds, options.limit
    replace_folder(folder, lambda beside: made.append(generate_set(model, data, beside, seeds=seeds, limit=limit)))
    moved = [replace(image, path=folder / image.path.name) for image in made[0].images]
    return replace(made[0], images=moved)
