"""What a GroupDNet makes of scenes, to look at: reconstructions, samples, and one class resampled."""

from collections.abc import Sequence

import torch
from PIL import Image
from torch import Tensor

from ipose.evaluation.sheets import SceneRow, scene_sheet
from ipose.groupdnet.codes import with_class_code
from ipose.groupdnet.model import GroupDNet
from ipose.types import Scene

SEEDS = (1, 2)


def sample_rows(model: GroupDNet, scenes: Sequence[Scene], seeds: Sequence[int] = SEEDS) -> list[SceneRow]:
    """Of each scene: the photograph from its own codes, one image a seed, and its largest thing of class resampled."""
    rows = []
    for scene in scenes:
        images: dict[str, Tensor] = {}
        base = model.draw([scene], seed=seeds[0])
        if scene.image is not None:
            base = model.encode([scene]).mean
            images["reconstruction"] = model.paint([scene], base)[0]
        for seed in seeds:
            images[f"seed {seed}"] = model(scene, seed=seed)
        if model.config.code != "vector":
            number = _second_largest(scene)
            other = with_class_code(base, number, model.draw([scene], seed=seeds[-1]), model.config.num_classes)
            images[f"{model.spec.classes[number].name} anew"] = model.paint([scene], other)[0]
        rows.append(SceneRow(scene, None, images))
    return rows


def sample_sheet(model: GroupDNet, scenes: Sequence[Scene], title: str = "") -> Image.Image:
    """The sheet of `sample_rows`."""
    return scene_sheet(sample_rows(model, scenes), model.spec, title=title)


def _second_largest(scene: Scene) -> int:
    """The class with most pixels but one: seldom the background; the only one where there is no other."""
    counts = torch.bincount(scene.label.flatten())
    return int(counts.argsort(descending=True)[min(1, int((counts > 0).sum()) - 1)])
