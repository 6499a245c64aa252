"""Eval cards of a segmenter on real photographs. Generated images are not expected to reach higher values."""

from collections.abc import Iterator

from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes, open_spec
from ipose.data.scene_folder import SceneFolder
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.image_cards import semantic_cards
from ipose.evaluation.image_pairs import DataMaps
from ipose.evaluation.image_sets import ScenePhoto
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.segmenters import load_segmenter
from ipose.model_folder import open_model
from ipose.systems.judging import Judged, data_of, evaluate_run
from ipose.systems.training import Trained
from ipose.training.run import Run


def judge(run: Run, data: DataConfig | None, options: EvaluateOptions, name: str) -> Judged:
    """Cards of mIoU and pixel accuracy on validation photographs."""
    data = data or data_of(run)
    spec, trained = open_spec(data).labels, open_model(run.folder).config["segmenter_config"]
    val = open_scenes(data, options.split, (trained["height"], trained["width"]))
    names = val.names if isinstance(val, SceneFolder) else [val[i].name for i in range(len(val))]
    photos = [ScenePhoto(val, i, name) for i, name in enumerate(names[: options.limit])]
    maps = DataMaps(val, {name: i for i, name in enumerate(names)}, spec)
    facts = card_facts(data.data, data.data, model_facts(run))
    segmenter = load_segmenter(run.folder, spec, device=options.device)
    return Judged(semantic_cards(segmenter, maps, photos, facts, protocol="photographs"))


def finish(trained: Trained) -> Iterator[str]:
    """The cards of a finished training, a line each."""
    result = evaluate_run(trained.run.folder)
    for card, path in zip(result.cards, result.files, strict=True):
        yield f"{path}: {card.line()}"
