"""Diversity: the distance between images of one label map with different seeds."""

from collections.abc import Callable, Sequence
from itertools import combinations
from statistics import fmean

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from ipose.data.parallel import progress_bar
from ipose.errors import ConfigError, DataError
from ipose.evaluation.feature_networks import FeatureNetwork
from ipose.evaluation.image_pairs import size_of
from ipose.evaluation.image_sets import Pictured
from ipose.evaluation.protocols import EvaluationProtocol, resized


def feature_diversity(features: Float[Tensor, "scenes seeds d"]) -> Float64[Tensor, ""]:
    """Mean over scenes, and over pairs of seeds, of 1 - cosine between the features of two images.

    It replaces LPIPS between seeds, and is not LPIPS. It does not need LPIPS's weights.

    Args:
        features: of every image; computed in float64.
    Returns:
        In [0, 2]; 0 if the seed changes nothing.
    Raises:
        ConfigError: fewer than two seeds, or no scene.
    """
    if features.shape[1] < 2 or not len(features):
        what, mend = "diversity is between images of one label map", "Generate with --count 2 or more."
        raise ConfigError(what, field="seeds", found=features.shape[1], expected="2 or more a map", mend=mend)
    unit = torch.nn.functional.normalize(features.double(), dim=2)
    cosine = unit @ unit.mT
    seeds = features.shape[1]
    first, second = torch.triu_indices(seeds, seeds, offset=1)
    return (1 - cosine[:, first, second]).clamp(min=0).mean()


Scenes = Sequence[Sequence[Pictured]]
"""Images of each scene, one for each seed, with the same seeds for all scenes."""


def by_scene(images: Sequence[Pictured], *, required: bool = False) -> list[list[Pictured]]:
    """The images of each scene. Empty if each scene has one image only.

    Args:
        images: in order of scene and seed.
        required: raise an error if each scene has one image only.
    Raises:
        ConfigError: `required`, and one image for each scene.
        DataError: the scenes have different seeds.
    """
    scenes: dict[str, list[Pictured]] = {}
    for image in images:
        scenes.setdefault(image.scene, []).append(image)
    seeds = {tuple(image.seed for image in files) for files in scenes.values()}
    if len(seeds) > 1:
        what, expected = "scenes have different seeds", f"the same seeds for each of {len(scenes)} scenes"
        raise DataError(what, found=f"{len(images)} images", expected=expected, mend="Generate the missing ones.")
    if len(images) > len(scenes):
        return list(scenes.values())
    if required:
        what, found = "LPIPS is between images of one label map", "one image a map"
        expected = "several, called <scene>_seed<number>"
        raise ConfigError(what, field="lpips", found=found, expected=expected, mend="Generate with --count 2 or more.")
    return []


def diversity(network: FeatureNetwork, protocol: EvaluationProtocol, scenes: Scenes) -> float:
    """`feature_diversity` of the images of each scene, resized as the protocol says."""
    features = [network(_images(files, protocol)).cpu() for files in progress_bar(scenes, "diversity")]
    return feature_diversity(torch.stack(features)).item()


def lpips_diversity(
    distance: Callable[[Tensor, Tensor], Tensor], protocol: EvaluationProtocol, scenes: Scenes
) -> float:
    """LPIPS, mean over scenes and pairs of seeds; images resized as the protocol says."""
    means = []
    for files in progress_bar(scenes, "LPIPS"):
        images = _images(files, protocol)
        pairs = combinations(range(len(images)), 2)
        means.append(fmean(distance(images[i : i + 1], images[j : j + 1]).item() for i, j in pairs))
    return fmean(means)


def _images(files: Sequence[Pictured], protocol: EvaluationProtocol) -> Tensor:
    pixels = [file.pixels() for file in files]
    size = protocol.size or size_of(pixels[0])
    return torch.stack([resized(image, size, protocol) for image in pixels])
