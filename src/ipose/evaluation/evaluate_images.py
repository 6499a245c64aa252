"""`ipose evaluate --images A --real B`: eval cards of two folders of images, whoever made them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ipose.data.specs import load_spec
from ipose.errors import ConfigError, DataError
from ipose.evaluation.card_folder import code_facts
from ipose.evaluation.eval_card import EvalCard, card_file_name, write_card
from ipose.evaluation.feature_networks import load_features
from ipose.evaluation.image_cards import Judges, image_cards
from ipose.evaluation.image_pairs import LabelMaps, needed
from ipose.evaluation.image_sets import find_images, matched, one_of_each
from ipose.evaluation.lpips import load_lpips
from ipose.evaluation.protocols import protocol_named
from ipose.evaluation.segmenters import load_segmenter


@dataclass(frozen=True, kw_only=True)
class ImageEvaluation:
    """What is judged, by what.

    Args:
        images: folder of generated images, of any origin.
        real: folder of the photographs, of the same names.
        protocol: its name (`ipose.evaluation.protocols`).
        features: "inception", "random", or a file (`ipose.evaluation.feature_networks`).
        labels: folder of label maps of the same names, for objects and segmenters.
        instances: folder of instance maps; None = the connected pieces of each thing class.
        spec: of the label maps: a name or a dataset.toml.
        segmenter: network file, or a run of `ipose train segmenter`; with it, mIoU and pixel accuracy of the
            generated images.
        lpips: file of LPIPS's AlexNet; with it, LPIPS between the seeds of each scene.
        class_map: JSON list: the class of each of the segmenter's channels; None = the spec's classes.
        device: to compute on.
        batch_size: images at once.
    """

    images: Path
    real: Path
    protocol: str = "images"
    features: str = "inception"
    labels: Path | None = None
    instances: Path | None = None
    spec: str | None = None
    segmenter: Path | None = None
    class_map: Path | None = None
    lpips: Path | None = None
    device: str = "cpu"
    batch_size: int = 16


def evaluate_images(job: ImageEvaluation) -> list[EvalCard]:
    """Frechet and kernel distance; diversity where scenes have several seeds; mIoU and accuracy with a segmenter.

    Raises:
        ConfigError: an unknown protocol, or label maps that it needs and that are not named.
        DataError: folders that do not pair by name, or a file that cannot be read.
        MissingWeightsError: no such network.
    """
    protocol = protocol_named(job.protocol)
    if job.batch_size < 1:
        raise ConfigError("nothing to compute at once", field="batch_size", found=job.batch_size, expected="1 or more")
    if job.class_map is not None and job.segmenter is None:
        raise ConfigError("a class map of no segmenter", field="class_map", expected="--segmenter FILE with it")
    maps = None
    if job.labels is not None and job.spec is not None:
        maps = LabelMaps(job.labels, load_spec(job.spec), job.instances)
    if protocol.level == "objects" or job.segmenter is not None or job.labels is not None:
        needed(maps)
    images = find_images(job.images)
    real = matched(one_of_each(images), find_images(job.real), job.real)
    judges = Judges(
        perceptual=None if job.lpips is None else load_lpips(job.lpips, device=job.device),
        features=load_features(job.features, antialias=protocol.inception_antialias, device=job.device),
        segmenter=None
        if job.segmenter is None
        else load_segmenter(job.segmenter, needed(maps).spec, job.class_map, job.device),
    )
    facts = {**code_facts(), "images": str(job.images), "real": str(job.real)}
    return image_cards(protocol, judges, images, real, maps, facts=facts, batch_size=job.batch_size)


def write_cards(cards: Sequence[EvalCard], out: Path) -> list[Path]:
    """One JSON file a card. Raises DataError where the folder holds something already."""
    check_out(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for card in cards:
        paths.append(out / card_file_name(card))
        write_card(card, paths[-1])
    return paths


def check_out(out: Path) -> None:
    """Raise DataError unless cards can be written there; asked before the work."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(
            "there is something already", file=out, expected="a new or empty folder", mend="Name another with --out."
        )
