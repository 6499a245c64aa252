"""`ipose evaluate RUN`: the eval cards of a run on its validation data: parts, and of a synthesis run its images."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_part_pairs
from ipose.errors import ConfigError, DataError, RunError
from ipose.evaluation.card_folder import code_facts, model_facts, write_run_cards
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.generated_set import GeneratedSet, generate_set
from ipose.evaluation.image_cards import image_cards
from ipose.evaluation.judgement import RunJudgement, judges_of
from ipose.evaluation.part_cards import part_cards
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.partnet.pretrained import has_partnet, load_partnet, model_folder, read_config
from ipose.pipeline import IPose
from ipose.systems.part_segmenter.judging import own_data, part_segmenter_cards
from ipose.systems.partnet.training import evaluate
from ipose.systems.segmenter.training import judge_segmenter
from ipose.training.run import Run
from ipose.whole_files import replace_folder

KINDS = ("partnet", "synthesis", "segmenter", "part-segmenter")
INSTEAD = {
    "ganseg": "Its parts are judged through a segmenter: ipose train segmenter --pairs RUN; then evaluate that run."
}
"""What to do about runs of other kinds."""


@dataclass(frozen=True, eq=False)
class RunEvaluation:
    """What came out.

    Args:
        cards: all that were made now.
        files: of the cards, in the same order.
        parts: PartNet beside both baselines; None where the data have no part maps.
        left_out: what could not be judged, a sentence each that says why and what to do.
    """

    cards: list[EvalCard]
    files: list[Path]
    parts: PartEvaluation | None
    left_out: tuple[str, ...]


def run_cards(folder: Path, data: DataConfig | None = None, **judgement: Any) -> list[EvalCard]:
    """The cards of `evaluate_run`; `judgement`: the fields of a `RunJudgement`."""
    return evaluate_run(folder, data, RunJudgement(**judgement)).cards


def evaluate_run(folder: Path, data: DataConfig | None = None, judgement: RunJudgement | None = None) -> RunEvaluation:
    """Make and write the eval cards of a run.

    Of its PartNet: accuracies beside copy and majority (also `evaluation.json`, every category). Of a synthesis run: it
    generates the validation images into `generated/` of the run, and judges them as `ipose evaluate --images` does.

    Args:
        folder: a PartNet, synthesis, segmenter or part segmenter run.
        data: to judge on; None = the run's own validation data.
        judgement: by what; None = the defaults.
    Raises:
        RunError: no run here, or one of another kind.
        DataError: the data have no part maps, and there are no images to judge either.
        MissingWeightsError: a network that was named is not there. (Inception, which nobody named, is left out, and
            `left_out` says so.)
    """
    run, judgement = Run.open(folder), judgement or RunJudgement()
    if run.kind not in KINDS:
        raise RunError("not a run that cards are made of", file=folder, found=run.kind, expected=", ".join(KINDS),
                       mend=INSTEAD.get(run.kind))  # fmt: skip
    if run.kind == "part-segmenter":
        return _judge_parts_of_photographs(run, data, judgement)
    own = data_of(run) if data is None or "data" in run.config else None
    data = data or own
    assert data is not None  # `data_of` would have said so
    name = "" if data == own else f"on-{Path(data.data).name}"
    if run.kind == "segmenter":
        return _judge_segmenter(run, data, judgement, name)
    supports = load_partnet(folder).supports if _has_partnet(run) else None
    facts = {
        **code_facts(),
        "model": model_facts(run, supports),
        "images": str(folder),
        "real": data.data,
    }
    judge = _judge_images if run.kind == "synthesis" else _no_images
    images, left_out = judge(run, data, judgement, facts, name)
    try:
        parts, cards = _judge_parts(run, data, facts, name)
    except DataError as error:
        if not images and left_out:
            raise DataError("nothing to judge by", file=folder, found=f"{error} {' '.join(left_out)}") from error
        if not images:
            raise
        parts, cards, left_out = None, [], (*left_out, f"No part cards: {error}")
    cards += images
    return RunEvaluation(cards, write_run_cards(cards, judgement.out or run.folder / "cards" / name), parts, left_out)


def data_of(run: Run) -> DataConfig:
    """What a run was trained on. Raises RunError where it does not say."""
    try:
        return config_from_plain(DataConfig, run.config["data"])
    except KeyError as error:
        raise RunError(
            "the run does not say what data it was trained on",
            file=run.folder / "run.json",
            mend="Name the data with --data (and --spec).",
        ) from error


def _judge_parts(run: Run, data: DataConfig, facts: dict[str, Any], name: str) -> tuple[PartEvaluation, list[EvalCard]]:
    """PartNet's cards; every category also in evaluation.json (`evaluation-on-NAME.json`). Raises DataError where the
    data have no part maps."""
    if not _has_partnet(run):
        raise DataError("this model has no PartNet", file=run.folder, mend="Judge its images alone.")
    trained, pairs = load_partnet(run.folder), open_part_pairs(data)
    evaluation = evaluate(trained.partnet, pairs, trained.supports)
    written = {"partnet_sha256": trained.sha256, "parts": evaluation.to_dict()}
    path = run.folder / f"{'-'.join(filter(None, ('evaluation', name)))}.json"
    path.write_text(json.dumps(written, indent=2) + "\n")
    seeds = (run.train_config.seed,)
    return evaluation, part_cards(evaluation, trained.supports, pairs.val, seeds=seeds, **facts)


def _has_partnet(run: Run) -> bool:
    return has_partnet(read_config(model_folder(run.folder)))


def _judge_images(
    run: Run, data: DataConfig, judgement: RunJudgement, facts: dict[str, Any], name: str
) -> tuple[list[EvalCard], tuple[str, ...]]:
    """The cards of generated images, and what had to be left out."""
    model = IPose.from_pretrained(run.folder).to(judgement.device)
    judges, missing = judges_of(judgement, model.spec)
    left_out = () if missing is None else (missing,)
    if not judges:
        return [], left_out
    made = _generated(model, run.folder / "-".join(filter(None, ("generated", name))), data, judgement)
    cards = []
    for protocol, judge in judges:
        more = image_cards(
            protocol, judge, made.images, made.real, made.maps, facts=facts, batch_size=judgement.batch_size
        )
        cards += more
    return cards, left_out


def _generated(model: IPose, folder: Path, data: DataConfig, judgement: RunJudgement) -> GeneratedSet:
    """The images of all validation scenes, in a folder that is replaced when it is whole."""
    made: list[GeneratedSet] = []
    seeds, limit = judgement.seeds, judgement.limit
    replace_folder(folder, lambda beside: made.append(generate_set(model, data, beside, seeds=seeds, limit=limit)))
    moved = [replace(image, path=folder / image.path.name) for image in made[0].images]
    return replace(made[0], images=moved)


def _judge_segmenter(run: Run, data: DataConfig, judgement: RunJudgement, name: str) -> RunEvaluation:
    """What a segmenter says of real photographs: the most that generated ones can be expected to reach."""
    out = judgement.out or run.folder / "cards" / name
    cards, files = judge_segmenter(run.folder, data, limit=judgement.limit, device=judgement.device, out=out)
    return RunEvaluation(cards, files, None, ())


def _judge_parts_of_photographs(run: Run, data: DataConfig | None, judgement: RunJudgement) -> RunEvaluation:
    """What a part segmenter says of photographs whose landmarks, foregrounds or parts are known."""
    name = "" if data is None else f"on-{Path(data.data).name}"
    chosen: dict[str, Any] = {option: getattr(judgement, option) for option in ("limit", "device", "batch_size")}
    cards, left_out = part_segmenter_cards(run, data or own_data(run), **chosen)
    return RunEvaluation(cards, write_run_cards(cards, judgement.out or run.folder / "cards" / name), None, left_out)


def _no_images(
    run: Run, data: DataConfig, judgement: RunJudgement, facts: dict[str, Any], name: str
) -> tuple[list[EvalCard], tuple[str, ...]]:
    """PartNet makes no images; whoever names a network to judge them by is told so."""
    for field in ("segmenter", "lpips"):
        if getattr(judgement, field) is not None:
            raise ConfigError(
                "PartNet alone makes no images to judge", field=field, found=str(run.folder), expected="a synthesis run"
            )
    return [], ()
