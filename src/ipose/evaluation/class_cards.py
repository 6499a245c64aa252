"""Eval cards of protocol "classes": mCSD, mOCD and overall diversity of a model with noise for each class."""

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.class_diversity import ABSOLUTE_DIFFERENCE, ClassSampler, ImageDistance, class_diversity
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.lpips import load_lpips
from ipose.training.run import Run

IMAGES = 100
"""Number of images for each class of a map, from which the pairs are drawn."""

ClassNoise = Callable[[Run, str], tuple[ClassSampler, tuple[int, int]]]
"""(run, device) -> (sampler of the run's model, (height, width) that it was trained at)."""


def class_cards(
    run: Run, noise: ClassNoise, options: EvaluateOptions, data: DataConfig | None = None
) -> list[EvalCard]:
    """Cards of a run's model on label maps of a split. Their names have the distance.

    Args:
        run: of a generator with noise for each class.
        noise: `class_noise` of its system.
        options: reads split, limit, maps, pairs, masking, lpips (None = the mean absolute difference) and device.
        data: with the label maps; None = those of the run.
    Raises:
        RunError: no model in the run.
        MissingWeightsError: no weights of LPIPS.
    """
    sampler, size = noise(run, options.device)
    distance = image_distance(options.lpips, options.device)
    data = data or config_from_plain(DataConfig, run.config["data"])
    val = open_scenes(data, options.split, size, limit=options.limit)
    stride = max(1, len(val) // options.maps)
    scenes = [val[i] for i in range(0, len(val), stride)][: options.maps]
    found = class_diversity(sampler, scenes, distance, images=IMAGES, pairs=options.pairs, masking=options.masking)
    values = {
        f"mCSD ({distance.name})": found.own,
        f"mOCD ({distance.name})": found.others,
        f"Diversity {distance.name}": found.overall,
    }
    facts = card_facts(run.folder, model=model_facts(run))
    return [
        EvalCard(
            metric=metric,
            value=value,
            protocol=f"classes-{options.masking}",
            resize="none: as the model makes them",
            counts={"label maps": found.maps, "pairs a class": found.pairs},
            features=distance.features,
            seeds=(0,),
            notes=() if distance.features else ("a stand-in for LPIPS, which the paper uses",),
            **facts,
        )
        for metric, value in values.items()
    ]


def image_distance(weights: Path | None, device: str) -> ImageDistance:
    """LPIPS with AlexNet's local file; the mean absolute difference without one. Raises MissingWeightsError."""
    if weights is None:
        return ABSOLUTE_DIFFERENCE
    loaded = load_lpips(weights, device=device)

    def whole(a: Tensor, b: Tensor) -> Tensor:
        with torch.no_grad():
            return loaded.network(a.to(device), b.to(device)).reshape(len(a)).cpu()

    return ImageDistance("LPIPS", whole, features=loaded.label)
