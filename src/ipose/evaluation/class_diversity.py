"""mCSD and mOCD: how much the noise of one class changes its own pixels and all others (GroupDNet eq. 7).

`class_cards` makes the eval cards of protocol "classes" of them.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.errors import ConfigError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import EvaluateOptions, Masking
from ipose.evaluation.lpips import load_lpips
from ipose.training.run import Run
from ipose.types import Scene


@runtime_checkable
class ClassSampler(Protocol):
    """A generator with noise for each class, whatever its architecture."""

    def __call__(self, scene: Scene, class_id: int | None, number: int) -> Float[Tensor, "3 h w"]:
        """Image `number` of a label map, in [-1, 1].

        Only the noise of class `class_id` depends on `number`; with None, all noise does. A model without noise for
        each class changes all of it.
        """
        ...


@dataclass(frozen=True, eq=False)
class ImageDistance:
    """How far apart images are.

    Args:
        whole: (a, b), each float (b, 3, h, w) in [-1, 1], to b values.
        at_pixels: likewise to (b, h, w), whose mean is `whole`; None = there is no such map.
        features: the network with its hash; None = no network.
    """

    name: str
    whole: Callable[[Tensor, Tensor], Tensor]
    at_pixels: Callable[[Tensor, Tensor], Tensor] | None = None
    features: str | None = None


def _absolute(a: Tensor, b: Tensor) -> Tensor:
    return (a - b).abs().mean(1) / 2


ABSOLUTE_DIFFERENCE = ImageDistance(
    "mean absolute difference", lambda a, b: _absolute(a, b).mean((-2, -1)), at_pixels=_absolute
)
"""0 = equal, 1 = black and white. It needs no weights. It replaces LPIPS, and is not LPIPS."""


@dataclass(frozen=True)
class ClassDiversity:
    """mCSD, mOCD and overall diversity. The first two are means over classes of the mean over a class's label maps.

    Args:
        own: mCSD, the change inside the class whose noise changes: large is good.
        others: mOCD, the change in all other classes: small is good.
        overall: the change of the whole image when all noise changes.
    """

    own: float
    others: float
    overall: float
    maps: int
    pairs: int


def class_diversity(
    sampler: ClassSampler,
    scenes: Sequence[Scene],
    distance: ImageDistance = ABSOLUTE_DIFFERENCE,
    *,
    images: int = 100,
    pairs: int = 19,
    masking: Masking = "multiply",
    absent: bool = False,
    num_classes: int | None = None,
    seed: int = 0,
) -> ClassDiversity:
    """mCSD, mOCD and the overall diversity of a generator. Source: GroupDNet eq. 7; 100 images, 19 pairs.

    Only the images of the drawn pairs are made.

    Args:
        scenes: with label maps; photographs are not used.
        images: number of images of a class, from which the pairs are drawn.
        pairs: number of pairs for each class of a map.
        masking: "multiply": distance of both images times the mask (the paper's numbers suggest this). "map": sum of
            the distance at the mask's pixels, over the whole area. "region": the same, over the mask's area.
        absent: count classes that are not in a map, too; their change inside is 0.
        num_classes: C; needed with `absent`.
    Raises:
        ConfigError: no scene, fewer than two images, no pair, or a masking that the distance has no map for.
    """
    _check(scenes, distance, images, pairs, masking)
    if absent and num_classes is None:
        raise ConfigError("absent classes count only where their number is known", field="num_classes", found=None)
    own, others = defaultdict[int, list[float]](list), defaultdict[int, list[float]](list)
    overall = []
    for scene in scenes:
        chosen = _pairs(images, pairs, seed)
        shown = scene.label.unique().tolist()
        for class_id in range(num_classes or 0) if absent else shown:
            first, second = _images(sampler, scene, class_id, chosen)
            inside = scene.label == class_id
            own[class_id].append(_masked(distance, first, second, inside, masking))
            others[class_id].append(_masked(distance, first, second, ~inside, masking))
        overall.append(distance.whole(*_images(sampler, scene, None, chosen)).mean().item())
    return ClassDiversity(_over_classes(own), _over_classes(others), fmean(overall), len(scenes), pairs)


def _over_classes(found: Mapping[int, Sequence[float]]) -> float:
    """Mean over classes of the mean over the maps of a class. A class that few maps show counts as much as any."""
    return fmean(fmean(values) for values in found.values())


def _images(
    sampler: ClassSampler, scene: Scene, class_id: int | None, chosen: Sequence[tuple[int, int]]
) -> tuple[Tensor, Tensor]:
    """The first and the second image of each pair. Each image is made once."""
    made = {number: sampler(scene, class_id, number) for number in sorted({i for pair in chosen for i in pair})}
    return torch.stack([made[i] for i, _ in chosen]), torch.stack([made[j] for _, j in chosen])


def _masked(distance: ImageDistance, a: Tensor, b: Tensor, region: Bool[Tensor, "h w"], masking: Masking) -> float:
    """Mean distance over the pairs inside a region; 0 for an empty region."""
    if not bool(region.any()):
        return 0.0
    mask = region.to(a.dtype)
    if masking == "multiply":
        return distance.whole(a * mask, b * mask).mean().item()
    assert distance.at_pixels is not None
    total = (distance.at_pixels(a, b) * mask).sum((-2, -1)).mean().item()
    return total / (mask.sum().item() if masking == "region" else mask.numel())


def _pairs(images: int, pairs: int, seed: int) -> list[tuple[int, int]]:
    """Pairs of two different numbers each."""
    generator = torch.Generator().manual_seed(seed)
    chosen = [torch.randperm(images, generator=generator)[:2].tolist() for _ in range(pairs)]
    return [(first, second) for first, second in chosen]


def _check(scenes: Sequence[Scene], distance: ImageDistance, images: int, pairs: int, masking: Masking) -> None:
    if not len(scenes):
        raise ConfigError("no label map to make images of", field="scenes", found=0, expected="1 or more")
    if images < 2 or pairs < 1:
        what = "diversity is between images of one label map"
        raise ConfigError(what, found=f"{images} images, {pairs} pairs", expected="2 images or more, 1 pair or more")
    if masking != "multiply" and distance.at_pixels is None:
        raise ConfigError(
            f"{distance.name} gives one number an image", field="masking", found=masking, expected="multiply"
        )


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
