"""A validation metric of models that make images, for `--keep-best`: how far their images are from photographs.

It is a Frechet distance. Its features are Inception's (FID) where the weights are here, else those of a small random
network. The latter compare steps of one training, and nothing else.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence

import torch
from torch import Tensor

from ipose.errors import ConfigError, MissingDependencyError, MissingWeightsError
from ipose.evaluation.feature_distances import FewSamplesWarning, frechet_distance
from ipose.evaluation.feature_networks import FeatureNetwork, load_features
from ipose.images import image_uint8
from ipose.types import Scene

AT_ONCE = 4
"""Images in a batch."""


def frechet_of_scenes(paint: Callable[[Sequence[Scene]], Tensor], scenes: Sequence[Scene]) -> float:
    """The distance of generated images, one of each scene, from the scenes' photographs.

    Args:
        paint: images in [-1, 1], float (b, 3, h, w), of some scenes.
        scenes: of one size, with photographs.
    Raises:
        ConfigError: a scene without a photograph.
    """

    def made() -> Iterator[Tensor]:
        for first in range(0, len(scenes), AT_ONCE):
            batch = [scenes[i] for i in range(first, min(first + AT_ONCE, len(scenes)))]
            yield image_uint8(paint(batch).float().cpu())

    return frechet_of_images(made(), (_photograph(scenes[i])[None] for i in range(len(scenes))))


@torch.no_grad()
def frechet_of_images(made: Iterable[Tensor], real: Iterable[Tensor]) -> float:
    """The distance of two sets of images, given in batches of uint8 (b, 3, h, w)."""
    network = _inception_or_random()
    features = [torch.cat([network(images) for images in batches]) for batches in (made, real)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FewSamplesWarning)  # steps of one training have the same counts
        return frechet_distance(*features).item()


def have_photographs(scenes: Sequence[Scene]) -> bool:
    """Whether the validation scenes have photographs, by the first one."""
    return len(scenes) > 1 and scenes[0].image is not None


def _photograph(scene: Scene) -> Tensor:
    if scene.image is None:
        mend = "Give every validation scene a photograph, or leave --keep-best out."
        raise ConfigError(
            "a validation scene without a photograph cannot be compared with", found=scene.name, mend=mend
        )
    return scene.image


def _inception_or_random() -> FeatureNetwork:
    try:
        return load_features("inception")
    except (MissingWeightsError, MissingDependencyError):
        return load_features("random")
