"""Control of edits: how much an image changes inside and outside of the edited region."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn import functional as F

from ipose.errors import ShapeMismatchError
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.feature_networks import FeatureNetwork
from ipose.evaluation.lpips import PerceptualDistance
from ipose.images import image_uint8

PairDistance = Callable[[UInt8[Tensor, "b 3 h w"], UInt8[Tensor, "b 3 h w"]], Float[Tensor, " b"]]
"""How far apart each pair of images is; 0 for equal ones."""


@dataclass(frozen=True, eq=False)
class EditedPair:
    """An image before and after an edit of one region.

    Args:
        before: float32 (3, h, w) in [-1, 1].
        after: likewise.
        region: bool (h, w), the edited region.
    Raises:
        ShapeMismatchError: the three differ in size.
    """

    before: Tensor
    after: Tensor
    region: Tensor

    def __post_init__(self) -> None:
        sizes = [tuple(self.before.shape[1:]), tuple(self.after.shape[1:]), tuple(self.region.shape)]
        if len(set(sizes)) > 1:
            raise ShapeMismatchError("images and region of an edit differ in size", found=sizes, expected="one size")

    @property
    def sides(self) -> dict[str, Tensor]:
        """Masks of "inside" and "outside". A side without pixels is left out."""
        both = {"inside": self.region, "outside": ~self.region}
        return {name: mask for name, mask in both.items() if bool(mask.any())}


def region_l1(pair: EditedPair) -> dict[str, float]:
    """Mean absolute difference over the pixels inside and outside of the region; 1 = black to white."""
    change = (pair.after - pair.before).abs().mean(0) / 2
    return {side: float(change[mask].mean()) for side, mask in pair.sides.items()}


def region_distance(pair: EditedPair, distance: PairDistance) -> dict[str, float]:
    """How far the change of each side alone moves the image, by any distance of whole images.

    `before` is compared with a picture that has the pixels of `after` on one side and of `before` on the other. The
    distance is not divided by the side's area: a larger side may change the image more.
    """
    before, after = image_uint8(pair.before).cpu(), image_uint8(pair.after).cpu()
    return {
        side: float(distance(before[None], torch.where(mask, after, before)[None])) for side, mask in pair.sides.items()
    }


def feature_distance(network: FeatureNetwork) -> PairDistance:
    """1 - cosine between the features of two images. It replaces LPIPS, and is not LPIPS."""

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return (1 - F.cosine_similarity(network(a), network(b))).clamp(min=0).cpu()

    return distance


def control_cards(
    pairs: Sequence[EditedPair],
    *,
    kind: str = "",
    features: FeatureNetwork | None = None,
    perceptual: PerceptualDistance | None = None,
    facts: Mapping[str, Any],
) -> list[EvalCard]:
    """Cards of L1, feature distance and LPIPS, inside and outside: means over all pairs that have this side.

    Args:
        kind: name of the edits, in the cards' names.
        features: network of the feature distance; None = no such card.
        perceptual: LPIPS; None = no such card.
    """
    what = f" the edit, {kind}" if kind else " the edit"
    found: list[tuple[str, str, str, str | None, list[dict[str, float]]]]
    found = [("L1", "", _OF_PIXELS, None, [region_l1(pair) for pair in pairs])]
    if features is not None:
        values = [region_distance(pair, feature_distance(features)) for pair in pairs]
        found.append(("Feature distance", f" (features {features.label})", _OF_PICTURES, features.label, values))
    if perceptual is not None:
        values = [region_distance(pair, perceptual) for pair in pairs]
        found.append(("LPIPS", "", _OF_PICTURES, perceptual.label, values))
    return [
        EvalCard(
            metric=f"{metric} {side}{what}{network}",
            value=fmean(there),
            protocol="control",
            resize=resize,
            counts={"images": len(there), "pixels": sum(int(p.sides[side].sum()) for p in pairs if side in p.sides)},
            features=label,
            **facts,
        )
        for metric, network, resize, label, values in found
        for side in ("inside", "outside")
        if (there := [value[side] for value in values if side in value])
    ]


_OF_PIXELS = "none; mean of |after - before| over the side's pixels, 1 = black to white"
_OF_PICTURES = "none; before beside before with the side's pixels of after pasted in, not divided by the side's area"


@dataclass(frozen=True)
class Change:
    """Mean absolute difference that an edit made, 1 = black to white. `outside` is None if the region is everything."""

    scene: str
    edit: str
    inside: float
    outside: float | None


class Measured:
    """Collects the changes of edits, and the images for their eval cards."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.pairs: dict[str, list[EditedPair]] = {}

    def take(self, scene: str, kind: str, pair: EditedPair) -> None:
        """Measure one edit."""
        change = region_l1(pair)
        self.changes.append(Change(scene, kind, change["inside"], change.get("outside")))
        self.pairs.setdefault(kind, []).append(pair)

    def cards(self, **rest: Any) -> list[EvalCard]:
        """Cards of every kind of edit. `rest`: further arguments of `control_cards`."""
        return [card for kind, pairs in self.pairs.items() for card in control_cards(pairs, kind=kind, **rest)]
