"""Eval cards of protocol "reconstruction": photographs from the codes that an encoder reads off them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from jaxtyping import Float
from torch import Tensor

from ipose.data.parallel import progress_bar
from ipose.errors import ConfigError, DataError
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.lpips import LPIPS_MEND, PerceptualDistance
from ipose.images import image_uint8
from ipose.types import Scene

RECONSTRUCTION = "reconstruction"
"""Name of the protocol."""

NO_LPIPS = f"LPIPS is left out: no file was named (--lpips FILE). {LPIPS_MEND}"

AT_ONCE = 4
"""Photographs in a batch."""

Reconstruct = Callable[[Sequence[Scene]], Float[Tensor, "b 3 h w"]]
"""Scenes of one size, with photographs, to images in [-1, 1] from the codes that the encoder reads off them."""


@dataclass(frozen=True)
class Reconstruction:
    """How far reconstructions are from their photographs, on average.

    Args:
        l1: mean absolute difference of pixels, 0 = equal, 1 = black and white.
        lpips: LPIPS; None = not measured.
        photographs: their number.
    """

    l1: float
    lpips: float | None
    photographs: int


def reconstruction(
    reconstruct: Reconstruct, scenes: Sequence[Scene], perceptual: PerceptualDistance | None = None
) -> Reconstruction:
    """Compare each photograph with its reconstruction, both in 256 steps, at the model's size.

    Args:
        reconstruct: of the model.
        scenes: with photographs, all of the model's size.
        perceptual: LPIPS. None = it is left out.
    Raises:
        ConfigError: no scene.
        DataError: a scene without a photograph.
    """
    if not len(scenes):
        raise ConfigError("no photograph to reconstruct", field="scenes", found=0, expected="1 or more")
    l1, lpips = list[float](), list[float]()
    for first in progress_bar(range(0, len(scenes), AT_ONCE), "reconstructing"):
        batch = [scenes[i] for i in range(first, min(first + AT_ONCE, len(scenes)))]
        photographs = [_photograph(scene) for scene in batch]
        for photograph, image in zip(photographs, image_uint8(reconstruct(batch)), strict=True):
            l1.append((image.double() - photograph.double()).abs().mean().item() / 255)
            if perceptual is not None:
                lpips.append(perceptual(image[None], photograph[None]).item())
    return Reconstruction(fmean(l1), fmean(lpips) if lpips else None, len(l1))


def _photograph(scene: Scene) -> Tensor:
    if scene.image is None:
        raise DataError("codes are read from photographs", file=scene.name, found="a scene without one")
    return scene.image


def reconstruction_cards(
    reconstruct: Reconstruct, scenes: Sequence[Scene], perceptual: PerceptualDistance | None, facts: dict[str, Any]
) -> list[EvalCard]:
    """Cards of L1, and of LPIPS where its network is here. The arguments are those of `reconstruction`.

    Args:
        facts: fields that all cards share (`ipose.evaluation.card_folder.card_facts`).
    """
    found = reconstruction(reconstruct, scenes, perceptual)
    notes = ("0 = equal, 1 = black and white", *(() if perceptual else (NO_LPIPS,)))
    values = [("Reconstruction L1", found.l1, None, notes)]
    if found.lpips is not None and perceptual is not None:
        values.append(("Reconstruction LPIPS", found.lpips, perceptual.label, ()))
    return [
        EvalCard(
            metric=metric,
            value=value,
            protocol=RECONSTRUCTION,
            resize="photographs to the model's size, bicubic",
            counts={"photographs": found.photographs},
            features=features,
            notes=said,
            **facts,
        )
        for metric, value, features, said in values
    ]
