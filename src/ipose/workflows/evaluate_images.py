"""`ipose evaluate --images A --real B`: eval cards of two folders of images, whoever made them."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from torch import Tensor

from ipose.data.progress_bar import progress_bar
from ipose.data.specs import load_spec
from ipose.errors import ConfigError, DataError
from ipose.evaluation.eval_card import EvalCard, write_card
from ipose.evaluation.feature_networks import FeatureNetwork, load_features
from ipose.evaluation.frechet import FewSamplesWarning, frechet_distance
from ipose.evaluation.image_sets import ImageFile, find_images, matched, one_of_each
from ipose.evaluation.kid import SUBSET_SIZE, SUBSETS, kernel_distance_of_subsets
from ipose.evaluation.lpips import load_lpips
from ipose.evaluation.protocols import EvaluationProtocol, protocol_named
from ipose.evaluation.segmenters import Segmenter, read_class_map
from ipose.evaluation.semantic_metrics import semantic_confusion, semantic_scores
from ipose.training.provenance import git_commit, versions
from ipose.workflows.image_pairs import LabelMaps, image_pairs, needed, pair_features, read_pixels, size_of
from ipose.workflows.seed_diversity import by_scene, diversity, lpips_diversity

KERNEL_SEED = 0
"""Of the random subsets of the kernel distance."""


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
        segmenter: network file; with it, mIoU and pixel accuracy of the generated images.
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
    generated = one_of_each(images)
    real = matched(generated, find_images(job.real), job.real)
    perceptual = None if job.lpips is None else load_lpips(job.lpips, device=job.device)
    scenes = by_scene(images, required=perceptual is not None) if protocol.level == "images" else []
    network = load_features(job.features, antialias=protocol.inception_antialias, device=job.device)
    segment = None if job.segmenter is None else _segmenter(job, needed(maps))
    pairs = image_pairs(protocol, maps, progress_bar(list(zip(generated, real, strict=True)), "features"))
    fake_features, real_features = pair_features(network, pairs, job.batch_size)
    counts = {"images": len(generated), "real": len(real)}
    if protocol.level == "objects":
        counts["objects"] = len(fake_features)
    common = {
        "protocol": protocol.name,
        "resize": protocol.resize(inception=network.is_inception),
        "features": network.label,
        **_provenance(job),
    }
    seen = {"counts": counts, "seeds": _seeds(generated), **common}
    cards = _distances(network, protocol, fake_features, real_features, seen)
    if scenes:
        seen = {**common, "counts": {"images": len(images), "scenes": len(scenes)}, "seeds": _seeds(images)}
        value, name = diversity(network, protocol, scenes), network.metric_name("Diversity between seeds")
        cards.append(EvalCard(metric=name, value=value, notes=("1 - cosine, not LPIPS",), **seen))
        if perceptual is not None:
            seen["features"] = perceptual.label
            value = lpips_diversity(perceptual, protocol, scenes)
            cards.append(EvalCard(metric="LPIPS between seeds", value=value, **seen))
    return cards + ([] if segment is None else _semantics(job, segment, needed(maps), generated))


def write_cards(cards: Sequence[EvalCard], out: Path) -> list[Path]:
    """One JSON file a card, named by its metric. Raises DataError where the folder holds something already."""
    check_out(out)
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for card in cards:
        paths.append(out / (re.sub(r"[^a-z0-9]+", "-", card.metric.split(" (")[0].lower()).strip("-") + ".json"))
        write_card(card, paths[-1])
    return paths


def check_out(out: Path) -> None:
    """Raise DataError unless cards can be written there; asked before the work."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(
            "there is something already", file=out, expected="a new or empty folder", mend="Name another with --out."
        )


def _distances(
    network: FeatureNetwork, protocol: EvaluationProtocol, fake: Tensor, real: Tensor, common: dict[str, Any]
) -> list[EvalCard]:
    objects = protocol.level == "objects"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", FewSamplesWarning)
        value = frechet_distance(fake, real).item()
    notes = tuple(str(item.message) for item in said if issubclass(item.category, FewSamplesWarning))
    names = ("Object Frechet distance", "object FID") if objects else ("Frechet distance", "FID")
    frechet = EvalCard(metric=network.metric_name(*names), value=value, notes=notes, **common)
    mean, deviation = kernel_distance_of_subsets(fake, real, seed=KERNEL_SEED)
    note = (
        f"mean of {SUBSETS} random subsets of {SUBSET_SIZE} drawn with seed {KERNEL_SEED}, "
        f"standard deviation {deviation.item():.3g}"
        if len(fake) > SUBSET_SIZE
        else "of the whole sets"
    )
    names = ("Object kernel distance", "object KID") if objects else ("Kernel distance", "KID")
    return [frechet, EvalCard(metric=network.metric_name(*names), value=mean.item(), notes=(note,), **common)]


def _segmenter(job: ImageEvaluation, maps: LabelMaps) -> Segmenter:
    assert job.segmenter is not None  # the caller looked
    return Segmenter(job.segmenter, read_class_map(job.class_map, maps.spec), job.device)


def _semantics(
    job: ImageEvaluation, segmenter: Segmenter, maps: LabelMaps, generated: list[ImageFile]
) -> list[EvalCard]:
    ignored = () if maps.spec.unknown is None else (maps.spec.unknown,)

    def predicted_and_true() -> Iterator[tuple[Tensor, Tensor]]:
        for image in progress_bar(generated, "segmenting"):
            pixels = read_pixels(image.path)
            yield segmenter(pixels), maps.scene(image.scene, size_of(pixels)).label

    scores = semantic_scores(semantic_confusion(predicted_and_true(), maps.spec.num_classes, ignored), ignored)
    common: dict[str, Any] = {
        "protocol": "segmentation",
        "resize": "label maps to the generated size, nearest; logits bilinear",
        "counts": {"images": len(generated), "pixels": scores.pixels, "classes": int((~scores.iou.isnan()).sum())},
        "features": segmenter.label,
        "ignored_ids": ignored,
        "seeds": _seeds(generated),
        **_provenance(job),
    }
    name = f"(segmenter {segmenter.label})"
    return [
        EvalCard(metric=f"mIoU {name}", value=scores.miou, **common),
        EvalCard(metric=f"Pixel accuracy {name}", value=scores.accuracy, **common),
    ]


def _seeds(images: Sequence[ImageFile]) -> tuple[int, ...]:
    return tuple(sorted({image.seed for image in images if image.seed is not None}))


def _provenance(job: ImageEvaluation) -> dict[str, Any]:
    """Code and files behind a card."""
    found = dict(versions())
    for name in ("torchmetrics", "torch-fidelity", "pillow"):
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return {"versions": found, "commit": git_commit(), "images": str(job.images), "real": str(job.real)}
