"""Baselines: simple ways to predict an object's parts, to compare accuracies with.

*copy* takes the part map of the most similar support. *majority* takes the most frequent part at each pixel. Both then
give each object pixel without a part the nearest part, and erase what is outside of the object. *position* clusters the
positions of pixels. It uses neither photographs nor true parts; supports from a segmenter should do better.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from scipy.cluster.vq import kmeans2, vq
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from ipose.data.open_data import PartData
from ipose.errors import ConfigError, SupportError
from ipose.part_annotations import PART_CHANNELS, PartPair, SupportSet
from ipose.shapes.geometric_score import geometric_score_matrix

MOST_PIXELS = 20_000
"""Number of pixels, of all objects, that are clustered by position."""


def fill_object(part_map: UInt8[Tensor, "s1 s2"], shape: Bool[Tensor, "s1 s2"]) -> UInt8[Tensor, "s1 s2"]:
    """Fit a part map to an object: each object pixel gets the part of the nearest labelled pixel, all others 0.

    The distance is Euclidean, over all labelled pixels of the map, also those outside of the object. A labelled pixel
    keeps its part.

    Raises:
        SupportError: the map has no labelled pixel.
    """
    labelled = part_map.numpy() > 0
    if not labelled.any():
        what, expected = "a part map without any part cannot be fitted to an object", "a part id 1..8 somewhere"
        raise SupportError(what, found="all pixels 0", expected=expected, mend="Draw the support's parts, or drop it.")
    nearest = distance_transform_edt(~labelled, return_distances=False, return_indices=True)
    assert isinstance(nearest, np.ndarray)
    return part_map[nearest[0], nearest[1]].where(shape, 0)


def copy_baseline(shapes: Bool[Tensor, "n s s"], supports: UInt8[Tensor, "k s s"]) -> UInt8[Tensor, "n s s"]:
    """Copy the part map of the support with the most similar silhouette by geometric score (the first in a tie).

    Args:
        shapes: silhouettes of objects of one category.
        supports: part maps of this category. Their silhouettes are the pixels that are not 0.
    Returns:
        Part ids 1..8 on each object, 0 outside.
    Raises:
        SupportError: the nearest support has no labelled pixel.
    """
    if not len(shapes):
        return torch.zeros(shapes.shape, dtype=torch.uint8)
    distance = geometric_score_matrix(shapes.float(), (supports > 0).float())
    nearest = distance.numpy().argmin(axis=1)  # numpy's argmin promises the first of equals, torch's does not
    return torch.stack([fill_object(supports[i], shape) for i, shape in zip(nearest.tolist(), shapes, strict=True)])


def majority_baseline(shapes: Bool[Tensor, "n s s"], part_maps: UInt8[Tensor, "m s s"]) -> UInt8[Tensor, "n s s"]:
    """Give each pixel the part 1..8 that is most frequent there (the lower id in a tie). The shape is not used.

    Args:
        shapes: silhouettes of objects of one category.
        part_maps: training part maps of this category; for a novel category, its k supports.
    Returns:
        Part ids 1..8 on each object, 0 outside.
    Raises:
        SupportError: no map has a labelled pixel.
    """
    votes = torch.stack([(part_maps == part).sum(0) for part in range(1, PART_CHANNELS)])  # [8, s, s]
    winner = torch.from_numpy(votes.numpy().argmax(axis=0).astype(np.uint8) + 1).where(votes.sum(0) > 0, 0)
    if not len(shapes):
        return torch.zeros(shapes.shape, dtype=torch.uint8)
    # The map is the same for all objects: fill the full frame once, then cut out each object.
    everywhere = fill_object(winner, torch.ones_like(winner, dtype=torch.bool))
    return everywhere.expand_as(shapes).where(shapes, 0)


def position_supports(pairs: Sequence[PartPair], parts: int, *, k: int = 3, seed: int = 0) -> SupportSet:
    """Supports whose parts are clusters of positions, by k-means over the pixels of all objects.

    Args:
        pairs: objects of one category. Their part maps are not used.
        parts: number of clusters, 1 to 8.
        k: number of supports, chosen by `PartData.choose_supports`.
    Raises:
        ConfigError: another number of parts.
        TooFewObjectsError: fewer than k objects.
    """
    if not 1 <= parts < PART_CHANNELS:
        expected = f"1 to {PART_CHANNELS - 1}"
        raise ConfigError("no such number of parts", field="positions", found=parts, expected=expected)
    places = [places_in_box(pair.shape) for pair in pairs]
    pool = np.concatenate([place.numpy() for place in places]).astype(np.float64)
    pool = pool[np.linspace(0, len(pool) - 1, min(MOST_PIXELS, len(pool))).astype(int)]
    centres, _ = kmeans2(pool, parts, seed=seed, minit="++")
    centres = centres[np.argsort(centres[:, 0])]  # from top to bottom, whatever the seed
    painted = []
    for pair, place in zip(pairs, places, strict=True):
        part_map = torch.zeros_like(pair.shape, dtype=torch.uint8)
        part_map[pair.shape] = torch.from_numpy(vq(place.numpy().astype(np.float64), centres)[0] + 1).to(torch.uint8)
        painted.append(replace(pair, part_map=part_map))
    names = tuple(f"place {i + 1}" for i in range(parts))
    return PartData(painted, [], {pairs[0].category: names}, ()).choose_supports(k, seed)


def places_in_box(shape: Bool[Tensor, "s s"]) -> Float[Tensor, "n 2"]:
    """(row, column) of the object's pixels, relative to the middle of its box, in units of the box's longer side."""
    places = torch.nonzero(shape).float()
    low, high = places.amin(0), places.amax(0)
    return (places - (low + high) / 2) / (high - low).max().clamp_min(1)
