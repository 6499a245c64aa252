"""Image cards of any model that makes numbered images from noise: distances between two sets without pairs."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Tensor

from ipose.data.parallel import progress_bar
from ipose.data.png import write_photo
from ipose.errors import ConfigError, DataError
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.feature_networks import load_features
from ipose.evaluation.image_cards import unpaired_cards
from ipose.evaluation.image_sets import ImageFile, Pictured
from ipose.evaluation.judges import EvaluateOptions
from ipose.evaluation.protocols import protocol_named
from ipose.images import image_uint8
from ipose.reports.page import Section
from ipose.systems.made_images import MadeImages, facts_of, in_precision
from ipose.systems.reporting import images_section


@runtime_checkable
class NoiseModel(Protocol):
    """A trained model that makes images from noise."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of its images."""
        ...

    def numbered(self, seed: int, numbers: Sequence[int]) -> Float[Tensor, "b 3 h w"]:
        """Images in [-1, 1]. Each depends on (seed, its number) alone."""
        ...


def judge_numbered(
    model: NoiseModel,
    made_by: str,
    real: Sequence[Pictured],
    options: EvaluateOptions,
    folder: Path,
    facts: Mapping[str, Any],
    *,
    count: int,
) -> tuple[list[EvalCard], Section]:
    """Make numbered images in a folder, and compare the whole set with photographs. `real`: photographs at the size of
    the images. Gives the cards, and some of the images for a page.

    Args:
        options: give protocols (of whole images), features, precision, and the seed of the noise (the first one).
    Raises:
        ConfigError: a protocol of objects, which noise has none of.
        MissingWeightsError: no feature network.
        DataError: a single photograph, which has no distance.
    """
    if len(real) < 2:
        raise DataError("too few photographs to judge by", found=len(real), expected="2 or more")
    protocols = [protocol_named(name) for name in options.protocols or ("images",)]
    for protocol in protocols:
        if protocol.level == "objects":
            message = "images from noise have no objects that are known"
            raise ConfigError(message, field="protocol", found=protocol.name, expected="a protocol of whole images")
    source = options.features or "inception"
    networks = [load_features(source, antialias=p.inception_antialias, device=options.device) for p in protocols]
    images = make_numbered(model, made_by, folder, count, options)
    cards = [
        card
        for protocol, network in zip(protocols, networks, strict=True)
        for card in unpaired_cards(protocol, network, images, real, facts=facts, batch_size=options.batch_size)
    ]
    return in_precision(cards, options.precision), images_section(images)


def make_numbered(
    model: NoiseModel, made_by: str, folder: Path, count: int, options: EvaluateOptions
) -> list[ImageFile]:
    """Write `seed<n>_<number>.png` for the numbers 0, 1, ..., batch by batch. Images that stand are kept."""
    seed, size = options.seeds[0], options.batch_size
    made = MadeImages(folder, facts_of(model.size, made_by, options))
    files = [ImageFile(f"{i}", seed, made.place(f"seed{seed}_{i:06d}.png")) for i in range(count)]
    missing = [i for i, file in enumerate(files) if not file.path.is_file()]
    made.say_what_stands(count - len(missing), count)
    batches = [missing[first : first + size] for first in range(0, len(missing), size)]
    for numbers in progress_bar(batches, f"generating, batches of {size}"):
        with options.making:
            drawn = model.numbered(seed, numbers)
        for number, image in zip(numbers, image_uint8(drawn.float().cpu()), strict=True):
            made.write(files[number].path.name, partial(write_photo, image=image))
    return files
