"""Eval cards of generated images, compared with real ones."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from ipose.data.parallel import progress_bar
from ipose.evaluation.diversity import by_scene, diversity, lpips_diversity
from ipose.evaluation.eval_card import EvalCard
from ipose.evaluation.feature_distances import (
    SUBSET_SIZE,
    SUBSETS,
    FewSamplesWarning,
    frechet_distance,
    kernel_distance_of_subsets,
)
from ipose.evaluation.feature_networks import FeatureNetwork
from ipose.evaluation.image_pairs import (
    Fingerprint,
    SceneMaps,
    image_features,
    image_pairs,
    needed,
    pair_features,
    size_of,
)
from ipose.evaluation.image_sets import Pictured, one_of_each
from ipose.evaluation.judges import Judges
from ipose.evaluation.protocols import EvaluationProtocol, beside_the_papers, resized, segmenter_resize
from ipose.evaluation.scene_counts import part_counts, stacked
from ipose.evaluation.segmenters import Segmenter
from ipose.evaluation.semantic_metrics import semantic_confusion, semantic_scores

SEGMENTATION = "segmentation"
"""Protocol of mIoU and pixel accuracy of generated images."""

ONE_SCENE = "No distances of images: they need two scenes or more, and here is one."

KERNEL_SEED = 0
"""Of the random subsets of the kernel distance."""


def image_cards(
    protocol: EvaluationProtocol,
    judges: Judges,
    images: Sequence[Pictured],
    real: Sequence[Pictured],
    maps: SceneMaps | None,
    *,
    facts: Mapping[str, Any],
    batch_size: int = 16,
) -> list[EvalCard]:
    """All cards of one protocol. Cards of diversity between seeds are made of whole images only. Of one scene there are
    no distances of images.

    Args:
        images: generated images, in order of scene and seed.
        real: one image for each scene, in the same order.
        maps: of the scenes. Objects and segmenters need them.
        facts: fields that all cards share (`ipose.evaluation.card_folder.card_facts`).
    Raises:
        DataError: scenes with different seeds, or an image or map that cannot be read.
        TooFewObjectsError: a protocol of objects, and the label maps have fewer than two.
        ConfigError: LPIPS between seeds, but one image for each scene.
    """
    scenes = by_scene(images, required=judges.perceptual is not None) if protocol.level == "images" else []
    cards, network = list[EvalCard](), judges.features
    if network is not None and (len(real) > 1 or protocol.level == "objects"):
        cards += _distances(protocol, network, images, real, maps, facts, batch_size)
    cards += _between_seeds(protocol, judges, scenes, facts) if scenes else []
    return cards + ([] if judges.segmenter is None else semantic_cards(judges.segmenter, needed(maps), images, facts))


def _distances(
    protocol: EvaluationProtocol,
    network: FeatureNetwork,
    images: Sequence[Pictured],
    real: Sequence[Pictured],
    maps: SceneMaps | None,
    facts: Mapping[str, Any],
    batch_size: int,
) -> list[EvalCard]:
    generated, seen = one_of_each(images), Fingerprint()
    both = progress_bar(list(zip(generated, real, strict=True)), f"{network.name} features, {protocol.name}")
    features = pair_features(network, image_pairs(protocol, maps, both, seen), batch_size)
    counts = {"images": len(generated), "real": len(real)}
    if protocol.level == "objects":
        counts["objects"] = len(features[0])
    common = {"counts": counts, "seeds": _seeds(generated), "data": seen.hex(), **facts}
    return _distance_cards(protocol, network, *features, common)


def unpaired_cards(
    protocol: EvaluationProtocol,
    network: FeatureNetwork,
    images: Sequence[Pictured],
    real: Sequence[Pictured],
    *,
    facts: Mapping[str, Any],
    batch_size: int = 16,
) -> list[EvalCard]:
    """Cards of the distances between two sets of images that are no pairs, and may differ in number.

    Raises:
        DataError: an image that cannot be read.
    """
    size, seen = protocol.size or size_of(images[0].pixels()), Fingerprint()

    def pixels_of(pictures: Sequence[Pictured], what: str, seen: Fingerprint | None = None) -> Iterator[Tensor]:
        for picture in progress_bar(pictures, f"{network.name} features of {what}"):
            pixels = picture.pixels()
            if seen is not None:
                seen.add(picture.scene, pixels)
            yield resized(pixels, size, protocol)

    fake_features = image_features(network, pixels_of(images, "generated images"), batch_size)
    real_features = image_features(network, pixels_of(real, "photographs", seen), batch_size)
    common = {
        "counts": {"images": len(images), "real": len(real)},
        "seeds": _seeds(images),
        "data": seen.hex(),
        **facts,
    }
    return _distance_cards(protocol, network, fake_features, real_features, common)


def _distance_cards(
    protocol: EvaluationProtocol, network: FeatureNetwork, fake: Tensor, real: Tensor, common: dict[str, Any]
) -> list[EvalCard]:
    """The cards of Frechet and kernel distance of two sets of features."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", FewSamplesWarning)
        frechet = frechet_distance(fake, real).item()
    few = tuple(str(item.message) for item in said if issubclass(item.category, FewSamplesWarning))
    kernel, deviation = kernel_distance_of_subsets(fake, real, seed=KERNEL_SEED)
    subsets = (
        f"mean of {SUBSETS} random subsets of {SUBSET_SIZE} drawn with seed {KERNEL_SEED}, "
        f"standard deviation {deviation.item():.3g}"
    )
    subsets = subsets if len(fake) > SUBSET_SIZE else "of the whole sets"
    whole, common = protocol.level == "images", {**_looked(protocol, network), **common}
    of_frechet = ("Frechet distance", "FID") if whole else ("Object Frechet distance", "object FID")
    of_kernel = ("Kernel distance", "KID") if whole else ("Object kernel distance", "object KID")
    return [
        EvalCard(metric=network.metric_name(*of_frechet), value=frechet, notes=few, **common),
        EvalCard(metric=network.metric_name(*of_kernel), value=kernel.item(), notes=(subsets,), **common),
    ]


def _between_seeds(
    protocol: EvaluationProtocol, judges: Judges, scenes: Sequence[Sequence[Pictured]], facts: Mapping[str, Any]
) -> list[EvalCard]:
    everyone = [image for files in scenes for image in files]
    seen = {"counts": {"images": len(everyone), "scenes": len(scenes)}, "seeds": _seeds(everyone), **facts}
    cards = []
    if (network := judges.features) is not None:
        value, name = diversity(network, protocol, scenes), network.metric_name("Diversity between seeds")
        notes = ("1 - cosine, not LPIPS",)
        cards.append(EvalCard(metric=name, value=value, notes=notes, **_looked(protocol, network), **seen))
    if judges.perceptual is not None:
        value = lpips_diversity(judges.perceptual, protocol, scenes)
        looked: dict[str, Any] = {"protocol": protocol.name, "resize": protocol.resize(inception=False)}
        label = judges.perceptual.label
        cards.append(EvalCard(metric="LPIPS between seeds", value=value, features=label, **looked, **seen))
    return cards


def semantic_cards(
    segmenter: Segmenter,
    maps: SceneMaps,
    images: Sequence[Pictured],
    facts: Mapping[str, Any],
    *,
    protocol: str = SEGMENTATION,
) -> list[EvalCard]:
    """mIoU (with the IoU of each class) and pixel accuracy of one image a scene. Of a segmenter that tells parts apart,
    mIoU of the parts of objects, too (`ipose.evaluation.scene_counts.part_counts`), if there are part maps.

    Classes that the segmenter cannot say and the unknown class do not count (`Segmenter.ignored`).
    """
    generated, names = one_of_each(images), [item.name for item in maps.spec.classes]
    confusion, sizes, data, parts = _confusion(segmenter, maps, generated)
    ignored = segmenter.ignored(maps.spec)
    scores = semantic_scores(confusion, ignored)
    found = {name: float(iou) for name, iou in zip(names, scores.iou, strict=True)}
    common: dict[str, Any] = {
        "protocol": protocol,
        "resize": segmenter_resize(segmenter.input_size),
        "counts": {"images": len(generated), "pixels": scores.pixels, "classes": int((~scores.iou.isnan()).sum())},
        "features": segmenter.label,
        "ignored_ids": ignored,
        "ignored": {names[i]: int(confusion[i].sum()) for i in ignored},
        "seeds": _seeds(generated),
        "data": data,
        **facts,
    }
    notes = [segmenter.channels]
    if protocol == SEGMENTATION:
        counted = [name for i, name in enumerate(names) if i not in ignored]
        papers = beside_the_papers(maps.spec, segmenter.label.split("@")[0], counted, sizes, len(generated))
        notes += [] if papers is None else [papers]
    name, by_class = f"(segmenter {segmenter.label})", {key: iou for key, iou in found.items() if iou == iou}
    every = int(confusion.sum())  # some tables have the accuracy over all pixels
    wrong = scores.accuracy * scores.pixels / every if every != scores.pixels else None
    beside = [] if wrong is None else [f"{wrong:.6g} with ignored pixels as wrong"]
    cards = [
        EvalCard(metric=f"mIoU {name}", value=scores.miou, breakdown=by_class, notes=tuple(notes), **common),
        EvalCard(metric=f"Pixel accuracy {name}", value=scores.accuracy, notes=(*notes, *beside), **common),
    ]
    if parts:
        counts, said = stacked(parts), (*notes, "of the pixels that have a part; right = the class and the part are")
        of_parts = common | {"counts": {"images": len(parts), "pixels": int(counts.true.sum())}, "ignored_ids": ()}
        of_parts |= {"ignored": {}}
        cards.append(EvalCard(metric=f"Part mIoU {name}", value=counts.miou, notes=said, **of_parts))
    return cards


def _confusion(
    segmenter: Segmenter, maps: SceneMaps, images: Sequence[Pictured]
) -> tuple[Tensor, set[tuple[int, int]], str, list[Tensor]]:
    """Confusion matrix of all classes, sizes of the images, the hash of the label maps, and counts of parts."""
    sizes, seen, parts, classes = set[tuple[int, int]](), Fingerprint(), list[Tensor](), maps.spec.num_classes

    def predicted_and_true() -> Iterator[tuple[Tensor, Tensor]]:
        for image in progress_bar(images, "segmenting"):
            pixels = image.pixels()
            scene = maps.scene(image.scene, size_of(pixels))
            seen.add(image.scene, scene.label)
            sizes.add(size_of(pixels))
            found, part = segmenter.regions(pixels)
            if part is not None and (counts := part_counts(found, part, scene, classes)) is not None:
                parts.append(counts)
            yield found, scene.label

    confusion = semantic_confusion(predicted_and_true(), classes)
    return confusion, sizes, seen.hex(), parts


def _looked(protocol: EvaluationProtocol, network: FeatureNetwork) -> dict[str, Any]:
    resize = protocol.resize(inception=network.is_inception)
    return {"protocol": protocol.name, "resize": resize, "features": network.label}


def _seeds(images: Sequence[Pictured]) -> tuple[int, ...]:
    return tuple(sorted({image.seed for image in images if image.seed is not None}))
