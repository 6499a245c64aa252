"""Eval cards of PartNet, compared with copy and majority. The PartNet of a generator's run is judged here, too."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_part_pairs
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.part_cards import part_cards
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.partnet.presets import PartNetConfig
from ipose.partnet.pretrained import load_partnet
from ipose.systems.judging import Judged, ModelAlone, data_of
from ipose.systems.partnet.training import evaluate, seen_before
from ipose.systems.training import Trained
from ipose.training.run import Run
from ipose.whole_files import write_text_whole


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of the validation objects. Raises DataError if the data have no part maps."""
    data = data or data_of(run)
    facts = card_facts(run.folder, data.data, model_facts(run, load_partnet(run.folder).supports))
    evaluation, cards = judge_parts(run, data, facts, name, options.out)
    return Judged(cards, table=evaluation.table())


def judge_parts(
    run: Run, data: DataConfig, facts: dict[str, Any], name: str, out: Path | None = None
) -> tuple[PartEvaluation, list[EvalCard]]:
    """Evaluate the run's PartNet and both baselines. Write all categories to evaluation.json (evaluation-on-NAME.json).
    `out`: folder for both, None = the run.
    """
    trained = load_partnet(run.folder)
    pairs = open_part_pairs(judged_as_trained(data, run, trained.partnet.config))
    evaluation = evaluate(trained.partnet, pairs, trained.supports)
    written = {"partnet_sha256": trained.sha256, "parts": evaluation.to_dict()}
    path = (out or run.folder) / f"{'-'.join(filter(None, ('evaluation', name)))}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text_whole(path, json.dumps(written, indent=2) + "\n")
    seeds = () if isinstance(run, ModelAlone) else (run.train_config.seed,)
    return evaluation, part_cards(evaluation, trained.supports, pairs.val, seeds=seeds, **facts)


def judged_as_trained(data: DataConfig, run: Run, config: PartNetConfig) -> DataConfig:
    """The data, whose novel categories are those that the PartNet was not trained on, unless the user names them. The
    run says which ones, or else the preset of `config`.
    """
    if data.novel is not None:
        return data
    recorded = run.config.get("data")
    novel = recorded.get("novel") if isinstance(recorded, dict) else None
    if novel is None:
        novel = config.held_out or None
    if novel is None:
        return data
    return replace(data, novel=tuple(dict.fromkeys((*data.novel_categories, *novel))) if novel else ())


def finish(trained: Trained) -> Iterator[str]:
    """The table of a finished training."""
    run = trained.run
    pairs = open_part_pairs(config_from_plain(DataConfig, run.config["data"]))
    yield evaluate(trained.model.partnet, pairs, trained.model.supports).table()
    if said := seen_before(pairs, trained.model.supports):
        yield said
