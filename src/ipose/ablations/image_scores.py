"""Scores of a model's images: distances of images and of objects to the photographs, mIoU with a segmenter."""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from jaxtyping import UInt8
from torch import Tensor

from ipose.data.parallel import progress_bar
from ipose.errors import DataError, MissingDependencyError, MissingWeightsError
from ipose.evaluation.feature_networks import FeatureNetwork, load_features
from ipose.evaluation.frechet import ENOUGH_SAMPLES, FewSamplesWarning, frechet_distance
from ipose.evaluation.image_pairs import Pair, pair_features
from ipose.evaluation.kid import kernel_distance_of_subsets
from ipose.evaluation.protocols import object_crop, protocol_named, resized
from ipose.evaluation.segmenters import Segmenter, read_class_map
from ipose.evaluation.semantic_metrics import semantic_confusion, semantic_scores
from ipose.pipeline import IPose
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, photo
from ipose.systems.scene_models import spread
from ipose.types import LabelSpec, Scene

IMAGE_SEED = 0
"""Of the noise: one image a scene, the same seed for every row."""

SHOWN_SCENES, SHOWN_SIDE, BATCH = 8, 128, 16
IMAGES, OBJECTS = "images", "objects-128"
"""Protocols of `ipose evaluate`."""


class ImageScorer:
    """Scores models on scenes.

    Args:
        spec: of the scenes.
        features: "inception", "random" or a file; None = Inception where its weights are, else random.
        segmenter: network file, or None.
        class_map: of its channels.
        device: to compute on.
    Raises:
        MissingWeightsError: no such network.
    """

    def __init__(
        self, spec: LabelSpec, features: str | None, segmenter: Path | None, class_map: Path | None, device: str
    ) -> None:
        self.spec, self.device = spec, device
        self.network = _inception_or_random(device) if features is None else load_features(features, device=device)
        self.segmenter = None if segmenter is None else Segmenter(segmenter, read_class_map(class_map, spec), device)

    @property
    def label(self) -> str:
        """All that scores hang on beside the images."""
        names = [self.network.label, *([] if self.segmenter is None else [self.segmenter.label])]
        return f"{', '.join(names)}; protocols {IMAGES}, {OBJECTS}; seed {IMAGE_SEED}"

    @property
    def titles(self) -> dict[str, str]:
        """What the metrics must be called under these features."""
        name = self.network.metric_name
        return {
            "frechet": name("Frechet distance", "FID"),
            "kernel": name("kernel distance", "KID"),
            "object_frechet": name("object Frechet distance", "object FID"),
            "object_kernel": name("object kernel distance", "object KID"),
        }

    def note(self, scenes: int) -> str:
        """How the numbers came about, in a sentence or two."""
        said = f"One image (seed {IMAGE_SEED}) of each of {scenes} validation scenes; protocols {IMAGES}, {OBJECTS}."
        if not self.network.is_inception:
            said += f" Distances under the features {self.network.label} are no FID: they compare rows, not papers."
        if scenes < ENOUGH_SAMPLES:
            said += f" Fewer than {ENOUGH_SAMPLES} samples bias Frechet distances upwards, in all rows alike."
        return said

    def __call__(self, model: IPose, scenes: Sequence[Scene], pictures: tuple[Path, Path]) -> dict[str, float]:
        """By key of `grids.SYNTHESIS_METRICS`; shares in percent.

        Args:
            model: on the scorer's device.
            scenes: with photographs.
            pictures: files to draw label maps with photographs, and images, of some scenes into.
        Raises:
            DataError: a scene without a photograph.
        """
        images = {scene.name: model(scene, seed=IMAGE_SEED).image_uint8() for scene in progress_bar(scenes, "images")}
        self._draw(images, spread(scenes, SHOWN_SCENES), pictures)
        whole = [(images[scene.name], _photo(scene)) for scene in scenes]
        found = self._distances(whole, "")
        if objects := list(_object_pairs(images, scenes)):
            found |= self._distances(objects, "object_")
        return found | self._semantics(images, scenes)

    def _distances(self, pairs: Sequence[Pair], prefix: str) -> dict[str, float]:
        fake, real = pair_features(self.network, pairs, BATCH)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewSamplesWarning)  # the note below the table says it once
            frechet = frechet_distance(fake, real).item()
        kernel, _ = kernel_distance_of_subsets(fake, real)
        return {f"{prefix}frechet": frechet, f"{prefix}kernel": kernel.item()}

    def _semantics(self, images: dict[str, Tensor], scenes: Sequence[Scene]) -> dict[str, float]:
        if (segment := self.segmenter) is None:
            return {}
        ignored = () if self.spec.unknown is None else (self.spec.unknown,)
        pairs = ((segment(images[scene.name]), scene.label) for scene in progress_bar(scenes, "segmenting"))
        scores = semantic_scores(semantic_confusion(pairs, self.spec.num_classes, ignored), ignored)
        return {"miou": 100 * scores.miou, "accuracy": 100 * scores.accuracy}

    def _draw(self, images: dict[str, Tensor], scenes: Sequence[Scene], pictures: tuple[Path, Path]) -> None:
        labels = [Tile(label_picture(scene.label, self.spec), scene.name) for scene in scenes]
        photos = [Tile(photo(_photo(scene))) for scene in scenes]
        contact_sheet([TileRow(labels), TileRow(photos)], side=SHOWN_SIDE).save(pictures[0])
        painted = [Tile(photo(images[scene.name]), scene.name) for scene in scenes]
        contact_sheet([TileRow(painted)], side=SHOWN_SIDE).save(pictures[1])


def _object_pairs(images: dict[str, Tensor], scenes: Sequence[Scene]) -> Iterator[Pair]:
    """Each object in both, cropped by its box and resized, as the protocol says."""
    protocol = protocol_named(OBJECTS)
    assert protocol.size is not None
    for scene in scenes:
        for item in scene.objects:
            crops = (object_crop(images[scene.name], item.box), object_crop(_photo(scene), item.box))
            if min(crops[0].shape[1:]) >= protocol.min_side_px:
                yield resized(crops[0], protocol.size, protocol), resized(crops[1], protocol.size, protocol)


def _photo(scene: Scene) -> UInt8[Tensor, "3 h w"]:
    if scene.image is None:
        raise DataError("a validation scene without a photograph to compare with", file=scene.name)
    return scene.image


def _inception_or_random(device: str) -> FeatureNetwork:
    try:
        return load_features("inception", device=device)
    except (MissingWeightsError, MissingDependencyError):
        return load_features("random", device=device)
