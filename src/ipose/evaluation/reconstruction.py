"""Eval cards of protocol "reconstruction": photographs from the codes that an encoder reads off them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from jaxtyping import Float
from torch import Tensor

from ipose.configs import config_from_plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import open_scenes
from ipose.data.parallel import progress_bar
from ipose.errors import ConfigError, DataError
from ipose.evaluation.card_folder import card_facts, model_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.judges import RECONSTRUCTION, EvaluateOptions
from ipose.evaluation.lpips import LPIPS_MEND, PerceptualDistance, load_lpips
from ipose.images import image_uint8
from ipose.training.run import Run
from ipose.types import Scene

NO_LPIPS = f"LPIPS is left out: no file was named (--lpips FILE). {LPIPS_MEND}"

AT_ONCE = 4
"""Photographs in a batch."""

Reconstruct = Callable[[Sequence[Scene]], Float[Tensor, "b 3 h w"]]
"""Scenes of one size, with photographs, to images in [-1, 1] from the codes that the encoder reads off them."""

Coder = Callable[[Run, str], tuple[Reconstruct, tuple[int, int]]]
"""(run, device) -> (reconstructions by the run's model, (height, width) that it was trained at)."""


@dataclass(frozen=True)
class Reconstruction:
    """How far reconstructions are from their photographs, on average.

    Args:
        l1: mean absolute difference of pixels, 0 = equal, 1 = black and white.
        lpips: LPIPS; None = not measured.
    """

    l1: float
    lpips: float | None
    photographs: int


def reconstruction(
    reconstruct: Reconstruct,
    scenes: Sequence[Scene],
    perceptual: PerceptualDistance | None = None,
    *,
    limit: int | None = None,
) -> Reconstruction:
    """Compare each photograph with its reconstruction, both in 256 steps, at the model's size.

    Args:
        scenes: with photographs, all of the model's size.
        perceptual: LPIPS. None = it is left out.
    Raises:
        ConfigError: no scene.
        DataError: a scene without a photograph.
    """
    if not len(scenes):
        raise ConfigError("no photograph to reconstruct", field="scenes", found=0, expected="1 or more")
    l1, lpips = list[float](), list[float]()
    count = len(scenes) if limit is None else min(len(scenes), limit)
    for first in progress_bar(range(0, count, AT_ONCE), "reconstructing"):
        batch = [scenes[i] for i in range(first, min(first + AT_ONCE, count))]
        photographs = [scene.image for scene in batch if scene.image is not None]
        if lonely := next((scene for scene in batch if scene.image is None), None):
            raise DataError("codes are read from photographs", file=lonely.name, found="a scene without one")
        for photograph, image in zip(photographs, image_uint8(reconstruct(batch)), strict=True):
            l1.append((image.double() - photograph.double()).abs().mean().item() / 255)
            if perceptual is not None:
                lpips.append(perceptual(image[None], photograph[None]).item())
    return Reconstruction(fmean(l1), fmean(lpips) if lpips else None, len(l1))


def reconstruction_cards(
    run: Run, coder: Coder, options: EvaluateOptions, data: DataConfig | None = None
) -> list[EvalCard]:
    """Cards of L1, and of LPIPS where its file is named.

    Args:
        coder: `reconstruction` of its system.
        options: reads split, limit, lpips (None = LPIPS is left out) and device.
        data: with the photographs; None = those of the run.
    Raises:
        RunError: no model in the run.
        MissingWeightsError: no weights of LPIPS. Says how to get them.
    """
    perceptual = None if options.lpips is None else load_lpips(options.lpips, device=options.device)
    reconstruct, size = coder(run, options.device)
    data = data or config_from_plain(DataConfig, run.config["data"])
    scenes = open_scenes(data, options.split, size)
    found = reconstruction(reconstruct, scenes, perceptual, limit=options.limit)
    facts = card_facts(run.folder, data.data, model_facts(run))
    notes = ("0 = equal, 1 = black and white", *(() if perceptual else (NO_LPIPS,)))
    cards = [_card("Reconstruction L1", found.l1, found.photographs, notes=notes, **facts)]
    if found.lpips is not None and perceptual is not None:
        cards.append(_card("Reconstruction LPIPS", found.lpips, found.photographs, features=perceptual.label, **facts))
    return cards


def _card(metric: str, value: float, photographs: int, **facts: Any) -> EvalCard:
    counts, resize = {"photographs": photographs}, "photographs to the model's size, bicubic"
    return EvalCard(metric=metric, value=value, protocol=RECONSTRUCTION, resize=resize, counts=counts, **facts)
