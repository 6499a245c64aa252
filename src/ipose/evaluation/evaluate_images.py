"""`ipose evaluate --images A --real B`: eval cards of a folder of images of any model."""

from dataclasses import dataclass, replace
from pathlib import Path

from ipose.data.specs import load_spec
from ipose.errors import ConfigError, DataError
from ipose.evaluation.card_folder import card_facts
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.image_cards import ONE_SCENE, image_cards
from ipose.evaluation.image_pairs import LabelMaps, needed
from ipose.evaluation.image_sets import find_images, matched, one_of_each
from ipose.evaluation.judges import JudgeOptions
from ipose.evaluation.protocols import protocol_named


@dataclass(frozen=True, kw_only=True)
class ImageEvaluation(JudgeOptions):
    """Options of `ipose evaluate --images`, which says what each is.

    Raises:
        ConfigError: an unknown protocol, or options that do not go together.
    """

    images: Path
    real: Path
    protocol: str = "images"
    labels: Path | None = None
    instances: Path | None = None
    spec: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if protocol_named(self.protocol).level == "objects" and self.lpips is not None:
            raise ConfigError("LPIPS is between whole images", field="lpips", found=self.protocol, expected="images")


def evaluate_images(job: ImageEvaluation) -> list[EvalCard]:
    """Frechet and kernel distance, diversity if scenes have several seeds, and with a segmenter mIoU and accuracy.

    Raises:
        ConfigError: label maps are needed, and not named.
        DataError: the files of two folders have different names, or a file cannot be read; or nothing can be said of
            one image.
        MissingWeightsError: a network is not there.
    """
    protocol = protocol_named(job.protocol)
    maps = None
    if job.labels is not None and job.spec is not None:
        maps = LabelMaps(job.labels, load_spec(job.spec), job.instances)
    if protocol.level == "objects" or job.segmenter is not None or job.labels is not None:
        needed(maps)
    images = find_images(job.images)
    real = matched(one_of_each(images), find_images(job.real), job.real)
    judges = job.load(protocol, None if maps is None else maps.spec)
    facts = card_facts(job.images, job.real)
    cards = image_cards(protocol, judges, images, real, maps, facts=facts, batch_size=job.batch_size)
    if len(real) > 1 or protocol.level == "objects":
        return cards
    if not cards:
        raise DataError("nothing to judge by", file=job.images, mend=ONE_SCENE)
    return [replace(card, left_out=(ONE_SCENE,)) for card in cards]
