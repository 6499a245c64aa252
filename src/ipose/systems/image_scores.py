"""Scores of a model's images for an ablation table: the values of the eval cards of `ipose evaluate`."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ipose.data.data_config import DataConfig
from ipose.errors import MissingDependencyError, MissingWeightsError
from ipose.evaluation.feature_distances import ENOUGH_SAMPLES
from ipose.evaluation.feature_networks import FeatureNetwork, load_features
from ipose.evaluation.image_cards import image_cards
from ipose.evaluation.image_pairs import NoObjectError
from ipose.evaluation.judges import PROTOCOLS_OF_RUNS, Judges
from ipose.evaluation.protocols import protocol_named
from ipose.evaluation.segmenters import load_segmenter
from ipose.label_spec import LabelSpec
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, photo
from ipose.systems.image_judging import GeneratedSet, generate_set
from ipose.systems.image_metrics import IMAGE_METRICS
from ipose.systems.record import ImageAblateOptions
from ipose.systems.scene_models import SceneModel
from ipose.whole_files import save_whole

IMAGE_SEED = 0
"""Seed of the noise. Each scene has one image, with the same seed in all rows."""

SHOWN_SCENES, SHOWN_SIDE = 8, 128

_KEYS = {metric.title: metric.key for metric in IMAGE_METRICS}
"""Key of a metric by the measure of its card."""

_INCEPTION = {
    "frechet": "FID",
    "kernel": "KID",
    "object_frechet": "object FID",
    "object_kernel": "object KID",
}
"""Names of the distances with Inception's features."""


class ImageScorer:
    """Scores models on the validation scenes of data.

    Args:
        spec: of the scenes.
        options: feature network (None = Inception if its weights are here, else random), segmenter, class map.
        device: to compute on.
    Raises:
        MissingWeightsError: no such network.
    """

    def __init__(self, spec: LabelSpec, options: ImageAblateOptions, device: str) -> None:
        self.device = device
        features, segmenter = options.features, options.segmenter
        self.network = _inception_or_random(device) if features is None else load_features(features, device=device)
        self.segmenter = None if segmenter is None else load_segmenter(segmenter, spec, options.class_map, device)

    @property
    def label(self) -> str:
        """Everything that scores depend on, but for the images."""
        names = [self.network.label, *([] if self.segmenter is None else [self.segmenter.way])]
        protocols = [f"{name} ({protocol_named(name).resize()})" for name in PROTOCOLS_OF_RUNS]
        return "; ".join([*names, *protocols, f"seed {IMAGE_SEED}"])

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of the distances with these features, by key."""
        titles = {metric.key: metric.title for metric in IMAGE_METRICS}
        return {key: self.network.metric_name(titles[key], name) for key, name in _INCEPTION.items()}

    def note(self, scenes: int) -> str:
        """How the scores were made, in a few sentences."""
        protocols = ", ".join(PROTOCOLS_OF_RUNS)
        said = f"One image (seed {IMAGE_SEED}) of each of {scenes} validation scenes; protocols {protocols}."
        if not self.network.is_inception:
            said += f" Distances under the features {self.network.label} are no FID: they compare rows, not papers."
        if scenes < ENOUGH_SAMPLES:
            said += f" Fewer than {ENOUGH_SAMPLES} samples bias Frechet distances upwards, in all rows alike."
        return said

    def __call__(self, model: SceneModel, data: DataConfig, pictures: tuple[Path, Path]) -> dict[str, float]:
        """By key of `ipose.systems.image_metrics.IMAGE_METRICS`; shares in percent.

        Args:
            model: on the scorer's device.
            data: whose validation scenes.
            pictures: files to draw label maps with photographs, and images, of some scenes into.
        Raises:
            DataError: a scene without a photograph.
        """
        with tempfile.TemporaryDirectory() as folder:
            made = generate_set(model, data, Path(folder), seeds=(IMAGE_SEED,))
            _draw(made, pictures)
            return self._scores(made)

    def _scores(self, made: GeneratedSet) -> dict[str, float]:
        found: dict[str, float] = {}
        segmenter = self.segmenter
        for name in PROTOCOLS_OF_RUNS:
            judges = Judges(features=self.network, segmenter=segmenter)
            try:
                cards = image_cards(protocol_named(name), judges, made.images, made.real, made.maps, facts={})
            except NoObjectError:  # the table has no distances of objects then
                continue
            found |= {_KEYS[card.measure]: card.value for card in cards}
            segmenter = None  # what it says does not depend on the protocol
        return {key: 100 * value if key in ("miou", "accuracy") else value for key, value in found.items()}


def _draw(made: GeneratedSet, pictures: tuple[Path, Path]) -> None:
    """Draw some scenes: label maps and photographs in one picture, generated images in another."""
    images = made.images[:: max(1, len(made.images) // SHOWN_SCENES)][:SHOWN_SCENES]
    painted = {image.scene: image.pixels() for image in images}
    scenes = [made.maps.scene(name, (pixels.shape[1], pixels.shape[2])) for name, pixels in painted.items()]
    labels = [Tile(label_picture(scene.label, made.maps.spec), scene.name) for scene in scenes]
    photos = [Tile(None if scene.image is None else photo(scene.image)) for scene in scenes]
    save_whole(contact_sheet([TileRow(labels), TileRow(photos)], side=SHOWN_SIDE), pictures[0])
    tiles = [Tile(photo(pixels), name) for name, pixels in painted.items()]
    save_whole(contact_sheet([TileRow(tiles)], side=SHOWN_SIDE), pictures[1])


def _inception_or_random(device: str) -> FeatureNetwork:
    try:
        return load_features("inception", device=device)
    except (MissingWeightsError, MissingDependencyError):
        return load_features("random", device=device)
