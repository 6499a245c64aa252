"""mCSD, mOCD and overall diversity of a model whose classes have noise of their own, as eval cards."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.evaluation.card_folder import code_facts, model_facts
from ipose.evaluation.class_diversity import (
    ABSOLUTE_DIFFERENCE,
    ClassDiversity,
    ClassSampler,
    ImageDistance,
    Masking,
    class_diversity,
)
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judgement import RunJudgement
from ipose.evaluation.lpips import load_lpips
from ipose.training.run import Run

IMAGES = 100
"""Of each class of each map, among which pairs are chosen."""


def lpips_distance(weights: Path, device: str = "cpu") -> ImageDistance:
    """LPIPS from AlexNet's local file. Raises MissingWeightsError without it."""
    loaded = load_lpips(weights, device=device)

    def whole(a: Tensor, b: Tensor) -> Tensor:
        with torch.no_grad():
            return loaded.network(a.to(device), b.to(device)).reshape(len(a)).cpu()

    return ImageDistance("LPIPS", whole, features=loaded.label)


ClassNoise = Callable[[Run, str], tuple[ClassSampler, tuple[int, int]]]
"""Of a run and a device: its model with the noise of a class, and the (height, width) it was trained at."""


def class_cards(run: Run, noise: ClassNoise, judgement: RunJudgement) -> list[EvalCard]:
    """Cards of a run's model on its validation label maps.

    Args:
        run: of a generator with noise for each class.
        noise: of its system.
        judgement: maps, pairs, masking, lpips (None = the mean absolute difference, which is called so), device.
    Raises:
        RunError: no model in the run; MissingWeightsError.
    """
    sampler, size = noise(run, judgement.device)
    lpips, masking = judgement.lpips, judgement.masking
    distance = ABSOLUTE_DIFFERENCE if lpips is None else lpips_distance(lpips, judgement.device)
    val = open_scenes(config_from_plain(DataConfig, run.config["data"]), "val", size)
    stride = max(1, len(val) // judgement.maps)
    scenes = [val[i] for i in range(0, len(val), stride)][: judgement.maps]
    found = class_diversity(sampler, scenes, distance, images=IMAGES, pairs=judgement.pairs, masking=masking)
    return diversity_cards(found, distance, masking, str(run.folder), model_facts(run))


def diversity_cards(
    found: ClassDiversity,
    distance: ImageDistance,
    masking: Masking,
    judged: str,
    model: Mapping[str, str] | None = None,
) -> list[EvalCard]:
    """mCSD, mOCD and overall diversity, with the distance in their names; `model`: hashes of what was judged."""
    values = {"mCSD": found.own, "mOCD": found.others, f"Diversity {distance.name}": found.overall}
    notes = () if distance.features else ("a stand-in for LPIPS, which the paper uses",)
    return [
        EvalCard(
            metric=name if distance.name in name else f"{name} ({distance.name})",
            value=value,
            protocol=f"classes-{masking}",
            resize="none: as the model makes them",
            counts={"label maps": found.maps, "pairs a class": found.pairs},
            features=distance.features,
            seeds=(0,),
            notes=notes,
            images=judged,
            model=model or {},
            **code_facts(),
        )
        for name, value in values.items()
    ]
