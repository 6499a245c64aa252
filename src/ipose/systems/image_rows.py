"""Rows of ablation tables of images, of any system. Their scores are the values of the cards of `ipose evaluate`."""

import tempfile
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import ipose
from ipose.ablations.rows import AblationJob
from ipose.ablations.run_folders import Scores, kept_scores
from ipose.ablations.table import Row
from ipose.configs import plain
from ipose.data.data_config import DataConfig
from ipose.data.open_data import checked_scenes, open_scenes, open_spec
from ipose.errors import TooFewObjectsError
from ipose.evaluation.feature_distances import ENOUGH_SAMPLES
from ipose.evaluation.feature_networks import load_features
from ipose.evaluation.image_cards import image_cards
from ipose.evaluation.image_sets import one_of_each
from ipose.evaluation.judges import PROTOCOLS_OF_RUNS, EvaluateOptions, Judges, check_class_map
from ipose.evaluation.protocols import protocol_named
from ipose.evaluation.scene_counts import SceneCounts, count_scenes, paired_bootstrap, read_counts, write_counts
from ipose.evaluation.segmenters import load_segmenter
from ipose.label_spec import LabelSpec
from ipose.model_folder import sha256_of
from ipose.reports.contact_sheet import Tile, TileRow, contact_sheet
from ipose.reports.figures import label_picture, photo
from ipose.systems.ablating import SystemRows
from ipose.systems.ablation_tables import IMAGE_METRICS
from ipose.systems.image_judging import GeneratedSet, generate_set
from ipose.systems.record import ImageAblateOptions
from ipose.systems.scene_models import SHOWN_SCENES, SceneModel, inception_or_random, spread
from ipose.types import Scene
from ipose.whole_files import save_whole

COUNTS = "counts.safetensors"
"""Pixels of each validation scene that the segmenter found, in the folder of a run's scores."""

IMAGE_SEEDS = (0, 1)
"""Seeds of the noise, the same in all rows. All numbers but the diversity are of the first."""

SHOWN_SIDE = 128

_KEYS = {metric.title: metric.key for metric in IMAGE_METRICS}
"""Key of a metric by the measure of its card."""

_INCEPTION = {"frechet": "FID", "kernel": "KID", "object_frechet": "object FID", "object_kernel": "object KID"}
"""Names of the distances with Inception's features."""


class ImageScorer:
    """Scores models on the validation scenes of data.

    A segmenter adds mIoU and pixel accuracy of classes; one that tells parts apart, mIoU of parts.

    Args:
        options: feature network (None = Inception if its weights are here, else random), segmenter, class map.
    Raises:
        MissingWeightsError: no such network.
    """

    def __init__(self, spec: LabelSpec, options: ImageAblateOptions, device: str) -> None:
        self.device = device
        features, segmenter = options.features, options.segmenter
        self.network = inception_or_random(device) if features is None else load_features(features, device=device)
        self.segmenter = None if segmenter is None else load_segmenter(segmenter, spec, options.class_map, device)

    @property
    def label(self) -> str:
        """Everything that scores depend on, but for the images."""
        names = [self.network.label, *([] if self.segmenter is None else [self.segmenter.way])]
        protocols = [f"{name} ({protocol_named(name).resize()})" for name in PROTOCOLS_OF_RUNS]
        return "; ".join([*names, *protocols, f"seeds {IMAGE_SEEDS}"])

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of the distances with these features, by key."""
        titles = {metric.key: metric.title for metric in IMAGE_METRICS}
        return {key: self.network.metric_name(titles[key], name) for key, name in _INCEPTION.items()}

    def note(self, scenes: int) -> str:
        """How the scores were made, in a few sentences."""
        protocols = ", ".join(PROTOCOLS_OF_RUNS)
        said = (
            f"One image (seed {IMAGE_SEEDS[0]}) of each of {scenes} validation scenes, and for the diversity another "
        )
        said += f"one (seed {IMAGE_SEEDS[1]}); protocols {protocols}."
        if not self.network.is_inception:
            said += f" Distances under the features {self.network.label} are no FID: they compare rows, not papers."
        if scenes < ENOUGH_SAMPLES:
            said += f" Fewer than {ENOUGH_SAMPLES} samples bias Frechet distances upwards, in all rows alike."
        return said

    def __call__(self, model: SceneModel, data: DataConfig, pictures: tuple[Path, Path]) -> dict[str, float]:
        """By key of `IMAGE_METRICS`, shares in percent. Counts of each scene go into a file beside the pictures.

        Args:
            pictures: files to draw some scenes, and their images, into.
        Raises:
            DataError: a scene without a photograph.
        """
        with tempfile.TemporaryDirectory() as folder:
            made = generate_set(model, data, Path(folder), EvaluateOptions(seeds=IMAGE_SEEDS))
            _draw(made, pictures)
            counts = {} if self.segmenter is None else count_scenes(self.segmenter, one_of_each(made.images), made.maps)
            write_counts(counts, pictures[0].with_name(COUNTS))
            return self._distances(made) | _percent(counts)

    def _distances(self, made: GeneratedSet) -> dict[str, float]:
        found: dict[str, float] = {}
        for name in PROTOCOLS_OF_RUNS:
            judges = Judges(features=self.network)
            try:
                cards = image_cards(protocol_named(name), judges, made.images, made.real, made.maps, facts={})
            except TooFewObjectsError:  # the table has no distances of objects then
                continue
            found |= {_KEYS[card.measure]: card.value for card in cards}
        return found


def _percent(counts: Mapping[str, SceneCounts]) -> dict[str, float]:
    """mIoU of what was counted, and pixel accuracy of the classes, in percent."""
    found = {key: 100 * of_key.miou for key, of_key in counts.items()}
    return found | ({"accuracy": 100 * counts["miou"].accuracy} if counts else {})


def _draw(made: GeneratedSet, pictures: tuple[Path, Path]) -> None:
    """Draw some scenes: label maps and photographs in one picture, generated images in another."""
    painted = {image.scene: image.pixels() for image in spread(made.images, SHOWN_SCENES)}
    scenes = [made.maps.scene(name, (pixels.shape[1], pixels.shape[2])) for name, pixels in painted.items()]
    labels = [Tile(label_picture(scene.label, made.maps.spec), scene.name) for scene in scenes]
    photos = [Tile(None if scene.image is None else photo(scene.image)) for scene in scenes]
    save_whole(contact_sheet([TileRow(labels), TileRow(photos)], side=SHOWN_SIDE), pictures[0])
    tiles = [Tile(photo(pixels), name) for name, pixels in painted.items()]
    save_whole(contact_sheet([TileRow(tiles)], side=SHOWN_SIDE), pictures[1])


class ImageRows(SystemRows):
    """Rows of models that make images of label maps. Data and networks are opened once for all rows.

    Raises:
        ConfigError: a class map without a segmenter.
    """

    def __init__(self, job: AblationJob) -> None:
        super().__init__(job)
        check_class_map(self.options.class_map, self.options.segmenter)

    @abstractmethod
    def judged_by(self, row: Row) -> Mapping[str, Any]:
        """All that the row's scores depend on beside weights and data."""

    @abstractmethod
    def score(self, folder: Path, pictures: tuple[Path, Path]) -> dict[str, float]:
        """Scores of a run, by key of the table's metrics."""

    @cached_property
    def spec(self) -> LabelSpec:
        """Spec of the scenes."""
        return open_spec(self.job.data).labels

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.job.config.height, self.job.config.width

    @cached_property
    def scenes(self) -> Sequence[Scene]:
        """Training scenes."""
        return checked_scenes(self.job.data, getattr(self.job.config, "loaded", self.size))

    @cached_property
    def val(self) -> Sequence[Scene]:
        """Validation scenes."""
        return open_scenes(self.job.data, "val", self.size)

    @cached_property
    def scorer(self) -> ImageScorer:
        """Feature network and segmenter."""
        return ImageScorer(self.spec, self.options, self.device)

    @property
    def titles(self) -> Mapping[str, str]:
        """Titles of distances, with the name of their features."""
        return self.scorer.titles

    def interval(self, row: Row, reference: Row, key: str, seeds: Sequence[int]) -> tuple[float, float] | None:
        """Of mIoU and part mIoU: the paired bootstrap over the validation scenes, in points of a percent."""
        ours, others = (
            [read_counts(self.pictures(item, seed)[0].with_name(COUNTS)).get(key) for seed in seeds]
            for item in (row, reference)
        )
        pairs = [(a, b) for a, b in zip(ours, others, strict=True) if a is not None and b is not None]
        if not pairs or len(pairs) < len(seeds):
            return None
        low, high = paired_bootstrap([a for a, _ in pairs], [b for _, b in pairs])
        return 100 * low, 100 * high

    def scores(self, row: Row, seed: int) -> Scores:
        """Scores of one image of each validation scene, and what the system adds."""
        folder = self.folder(row, seed)
        weights = {path.name: sha256_of(path) for path in sorted((folder / "model").glob("*.safetensors"))}
        known = {"weights": weights, "data": plain(self.job.data), "ipose": ipose.__version__}
        file = folder / "scores" / "images.json"
        file.parent.mkdir(exist_ok=True)
        return kept_scores(
            file, {**known, **self.judged_by(row)}, lambda: {"model": self.score(folder, self.pictures(row, seed))}
        )
