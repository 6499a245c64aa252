"""`ipose evaluate`: the numbers of a run on its validation data."""

import json
from pathlib import Path

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_part_pairs
from ipose.errors import RunError
from ipose.evaluation.part_evaluation import PartEvaluation
from ipose.partnet.pretrained import load_partnet
from ipose.training.run import Run
from ipose.workflows.train_partnet import evaluate


def evaluate_run(folder: Path, data: DataConfig | None = None) -> tuple[PartEvaluation, Path]:
    """Part metrics of the run's PartNet against copy and majority; also written as evaluation.json into the run.

    Args:
        folder: a PartNet or synthesis run.
        data: where part maps to compare with come from; None = the run's own validation data.
    Raises:
        RunError: no run here.
        DataError: the data has no part maps.
    """
    run = Run.open(folder)
    if data is None:
        try:
            data = config_from_plain(DataConfig, run.config["data"])
        except KeyError as error:
            raise RunError(
                "the run does not say what data it was trained on",
                file=run.folder / "run.json",
                mend="Name the data with --data (and --spec).",
            ) from error
    trained = load_partnet(folder)
    evaluation = evaluate(trained.partnet, open_part_pairs(data), trained.supports)
    path = run.folder / "evaluation.json"
    path.write_text(json.dumps({"partnet_sha256": trained.sha256, "parts": evaluation.to_dict()}, indent=2) + "\n")
    return evaluation, path
